#include "people/directory.h"

#include <algorithm>
#include <array>

#include "base/json_text.h"
#include "base/yaml_reader.h"

namespace stele::people {
namespace {

using yaml::fail;

std::string text_of(const YAML::Node& node, std::string_view what) {
  if (!node.IsScalar() || node.Scalar().empty() || !is_utf8(node.Scalar())) fail(node, std::string(what) + " is a text");
  return node.Scalar();
}

// "ada", or {source: github, account: adapark}.
Account account_of(const YAML::Node& node) {
  if (!node.IsMap()) return {"", text_of(node, "an account")};
  Account out;
  for (const auto& pair : node) {
    const std::string name = text_of(pair.first, "a name");
    if (name == "source")
      out.source = text_of(pair.second, "source");
    else if (name == "account")
      out.name = text_of(pair.second, "account");
    else
      fail(pair.first, "an account has no \"" + name + "\"; it has source and account");
  }
  if (out.name.empty()) fail(node, "the account has no \"account\"");
  return out;
}

std::vector<Account> accounts_of(const YAML::Node& node) {
  if (!node.IsSequence()) fail(node, "accounts is a list");
  std::vector<Account> out;
  for (const auto& one : node) out.push_back(account_of(one));
  return out;
}

Person person_of(const std::string& id, const YAML::Node& node) {
  Person out{id, "", "", {{"", id}}};
  if (node.IsNull()) return out;
  if (!node.IsMap()) fail(node, "a person is a list of \"name: value\"");
  for (const auto& pair : node) {
    const std::string name = text_of(pair.first, "a name");
    if (name == "name") {
      out.name = text_of(pair.second, name);
    } else if (name == "email") {
      out.email = text_of(pair.second, name);
      out.accounts.push_back({"", out.email});
    } else if (name == "accounts") {
      for (Account& account : accounts_of(pair.second)) out.accounts.push_back(std::move(account));
    } else {
      fail(pair.first, "a person has no \"" + name + "\"; there are name, email, accounts");
    }
  }
  std::sort(out.accounts.begin(), out.accounts.end());
  out.accounts.erase(std::unique(out.accounts.begin(), out.accounts.end()), out.accounts.end());
  return out;
}

std::string text_of(const Account& account) {
  return "\"" + account.name + "\"" + (account.source.empty() ? "" : " of " + account.source);
}

}  // namespace

Result<Directory> Directory::parse(const std::string& yaml, const std::string& file) {
  Directory out;
  const auto own = [&](const YAML::Node& node, const Account& account, std::size_t owner) {
    const auto [it, fresh] = out.owners_.emplace(account, owner);
    if (!fresh && it->second != owner) fail(node, "the account " + text_of(account) + " has two owners");
    if (out.owners_.size() > kAccountsMax) fail(node, "there are more than " + std::to_string(kAccountsMax) + " accounts");
  };
  STELE_TRY(yaml::read(yaml, file, [&](const YAML::Node& root) {
    if (!root.IsMap() && !root.IsNull()) fail(root, "the file has the members people and shared");
    for (const auto& pair : root) {
      const std::string name = text_of(pair.first, "a name");
      if (name == "people") {
        if (!pair.second.IsMap()) fail(pair.second, "people is a list of \"id: {…}\"");
        for (const auto& one : pair.second) {
          out.people_.push_back(person_of(text_of(one.first, "a person's id"), one.second));
          for (const Account& account : out.people_.back().accounts) own(one.first, account, out.people_.size() - 1);
        }
      } else if (name == "shared") {
        for (const Account& account : accounts_of(pair.second)) own(pair.second, account, kShared);
      } else {
        fail(pair.first, "the file has no \"" + name + "\"; it has people and shared");
      }
    }
  }));
  return out;
}

std::optional<std::size_t> Directory::find(std::string_view source, std::string_view account) const {
  auto it = owners_.find(Account{std::string(source), std::string(account)});
  if (it == owners_.end()) it = owners_.find(Account{"", std::string(account)});
  if (it == owners_.end()) return std::nullopt;
  return it->second;
}

const Person* Directory::owner(std::string_view source, std::string_view account) const {
  const auto found = find(source, account);
  return found && *found != kShared ? &people_[*found] : nullptr;
}

bool Directory::is_shared(std::string_view source, std::string_view account) const { return find(source, account) == kShared; }

bool is_generic(std::string_view account) {
  static constexpr std::array<std::string_view, 22> kNames{
      "Administrator", "SYSTEM", "admin",     "administrator", "anonymous", "apache",   "app",  "backup", "daemon",
      "deploy",        "guest",  "mysql",     "nobody",        "oracle",    "postgres", "root", "sa",     "system",
      "test",          "user",   "webmaster", "www-data"};
  return std::find(kNames.begin(), kNames.end(), account) != kNames.end();
}

}  // namespace stele::people
