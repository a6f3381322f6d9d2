#include "oidc/group_roles.h"

#include <algorithm>

#include "access/permission.h"
#include "base/json_text.h"
#include "base/yaml_reader.h"

namespace stele::oidc {
namespace {

using yaml::fail;

std::string text_of(const YAML::Node& node, const std::string& what) {
  if (!node.IsScalar() || node.Scalar().empty() || !is_utf8(node.Scalar())) fail(node, what + " is a text");
  return node.Scalar();
}

std::vector<std::string> logs_of(const YAML::Node& node) {
  if (!node.IsSequence() || node.size() == 0) fail(node, "logs is a list of logs; without it they are all");
  std::vector<std::string> out;
  for (const auto& one : node) out.push_back(text_of(one, "a log"));
  return out;
}

GroupRole entry_of(const YAML::Node& node) {
  if (!node.IsMap()) fail(node, "an entry has group, role and, if need be, logs");
  GroupRole out;
  for (const auto& pair : node) {
    const std::string name = text_of(pair.first, "a name");
    if (name == "group")
      out.group = text_of(pair.second, name);
    else if (name == "role")
      out.role = text_of(pair.second, name);
    else if (name == "logs")
      out.logs = logs_of(pair.second);
    else
      fail(pair.first, "an entry has no \"" + name + "\"; it has group, role and logs");
  }
  if (out.group.empty() || out.role.empty()) fail(node, "an entry has a group and a role");
  return out;
}

}  // namespace

Result<GroupRoles> GroupRoles::parse(const std::string& yaml, const std::string& file) {
  GroupRoles out;
  STELE_TRY(yaml::read(yaml, file, [&](const YAML::Node& root) {
    if (!root.IsMap() || root.size() != 1 || !root["roles"] || !root["roles"].IsSequence())
      fail(root, "the file has one member, roles, a list");
    for (const auto& one : root["roles"]) {
      GroupRole entry = entry_of(one);
      if (std::ranges::find(out.all_, entry.group, &GroupRole::group) != out.all_.end())
        fail(one, "the group \"" + entry.group + "\" stands twice");
      out.all_.push_back(std::move(entry));
    }
  }));
  if (out.all_.empty()) return invalid(file + ": no group has a role, so that nobody could log in");
  return out;
}

const GroupRole* GroupRoles::of(const std::vector<std::string>& groups) const {
  const auto found =
      std::ranges::find_if(all_, [&](const GroupRole& one) { return std::ranges::find(groups, one.group) != groups.end(); });
  return found == all_.end() ? nullptr : &*found;
}

}  // namespace stele::oidc
