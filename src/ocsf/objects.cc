#include "ocsf/objects.h"

#include <algorithm>

#include "base/bytes.h"
#include "ocsf/json_object.h"

namespace stele::ocsf {
namespace {

constexpr std::int64_t kUser = 1;     // of user.type_id
constexpr std::int64_t kService = 4;  // the same

// As OCSF's email_t has it.
bool is_email(std::string_view text) {
  const std::size_t at = text.find('@');
  if (at == 0 || at == std::string_view::npos) return false;
  const std::string_view domain = text.substr(at + 1);
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); };
  const auto of_name = [&](char c) {
    return alphanumeric(c) || std::string_view("!#$%&'*+-/=?^_`{|}~.").find(c) != std::string_view::npos;
  };
  const auto of_domain = [&](char c) { return alphanumeric(c) || c == '-' || c == '.'; };
  const std::size_t stop = domain.find('.');
  return stop != 0 && stop != std::string_view::npos && stop + 1 < domain.size() &&
         std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), of_name) &&
         std::all_of(domain.begin(), domain.end(), of_domain);
}

// "sshd[812]@web-1": the program, and its number where it has one.
struct Process {
  std::string_view name;
  std::optional<std::uint64_t> pid;
};

Process read_process(std::string_view id) {
  Process out;
  out.name = id.substr(0, id.find_first_of("[@"));
  const std::size_t open = id.find('[');
  const std::size_t close = id.find(']');
  if (open != std::string_view::npos && close != std::string_view::npos && open < close)
    out.pid = parse_decimal(id.substr(open + 1, close - open - 1));
  return out;
}

std::string process_of_actor(Facts& facts) {
  const JsonValue actor = facts.event()["actor"];
  const std::string id = facts.take(actor["id"]);
  const std::string name = facts.take(actor["name"]);
  const Process process = read_process(id);
  JsonObject out;
  out.text("name", name.empty() ? process.name : std::string_view(name))
      .text("uid", id.empty() ? kUnknownText : std::string_view(id));
  if (process.pid && *process.pid <= INT64_MAX) {
    out.number("pid", static_cast<std::int64_t>(*process.pid));
    if (facts.attribute("pid").text() == std::to_string(*process.pid)) facts.take(facts.attribute("pid"));
  }
  return out.json();
}

}  // namespace

std::string actor_user(Facts& facts) {
  if (facts.actor_type() == "process") return {};
  const JsonValue actor = facts.event()["actor"];
  const std::string id = facts.take(actor["id"]);
  const std::string name = facts.take(actor["name"]);
  const bool service = facts.actor_type() == "service";
  JsonObject user;
  user.text("name", name.empty() ? id : name).text("uid", id);
  if (user.empty()) user.text("name", kUnknownText);
  user.number("type_id", service ? kService : kUser).text("type", service ? "Service" : "User");
  if (is_email(actor["email"].text())) user.text("email_addr", facts.take(actor["email"]));
  facts.take(actor["type"]);
  return user.json();
}

std::string actor_object(Facts& facts) {
  JsonObject actor;
  if (facts.actor_type() == "process") {
    actor.raw("process", process_of_actor(facts));
    facts.take(facts.event()["actor"]["type"]);
  } else {
    actor.raw("user", actor_user(facts));
  }
  actor.raw("session", session_object(facts));
  return actor.json();
}

std::string session_object(Facts& facts) {
  JsonObject session;
  session.text("uid", facts.take(facts.event()["context"]["session"]));
  return session.text("terminal", facts.take(facts.attribute({"tty", "terminal"}))).json();
}

std::string user_object(Facts& facts, const Target* target) {
  JsonObject user;
  const std::string id = facts.take(target);
  const std::string name = target == nullptr ? std::string() : facts.take(target->value["name"]);
  user.text("name", !name.empty() ? name : !id.empty() ? id : std::string(kUnknownText)).text("uid", id);
  return user.number("type_id", std::int64_t{0}).text("type", kUnknownText).json();
}

std::string host_name(const Facts& facts) {
  const std::string host = facts.attribute({"host", "host.name", "node"}).text();
  if (!host.empty()) return host;
  // The host of a request is whom it was for.
  if (const Target* target = facts.target({"host"}); target != nullptr && !facts.is_area({"http", "proxy"})) return target->id;
  const std::string actor = facts.actor_type() == "process" ? facts.event()["actor"]["id"].text() : std::string();
  const std::size_t at = actor.rfind('@');
  return at == std::string::npos ? std::string() : actor.substr(at + 1);
}

std::string device_object(Facts& facts) {
  const std::string host = host_name(facts);
  if (host.empty()) return {};
  facts.take(facts.attribute({"host", "host.name", "node"}));
  if (const Target* target = facts.target({"host"}); target != nullptr && target->id == host) facts.take(target);
  return JsonObject().text("hostname", host).number("type_id", std::int64_t{0}).text("type", kUnknownText).json();
}

std::string source_endpoint(Facts& facts, std::string_view port_name) {
  const JsonValue origin = facts.event()["origin"];
  JsonObject endpoint;
  const std::string ip = facts.take(origin["ip"]);
  endpoint.text(ip.size() <= kAddressMax ? "ip" : "name", ip).text("hostname", facts.take(origin["host"]));
  if (!endpoint.empty() && !port_name.empty()) {
    const JsonValue port = facts.attribute(port_name);
    const auto number = parse_decimal(port.text().empty() ? std::string(port.raw()) : port.text());
    if (number && *number <= 65'535) endpoint.number("port", facts.take_number(port));
  }
  return endpoint.json();
}

std::string named_object(Facts& facts, const Target* target, bool typed) {
  JsonObject out;
  const std::string id = facts.take(target);
  const std::string name = target == nullptr ? std::string() : facts.take(target->value["name"]);
  out.text("name", !name.empty() ? name : !id.empty() ? id : std::string(kUnknownText));
  if (!name.empty()) out.text("uid", id);
  if (typed) out.number("type_id", std::int64_t{0}).text("type", kUnknownText);
  return out.json();
}

std::string file_object(std::string_view path, std::string_view type) {
  std::string_view name = path;
  while (name.size() > 1 && name.ends_with('/')) name.remove_suffix(1);
  if (name.size() > 1) name.remove_prefix(name.rfind('/') + 1);  // none: npos + 1 is 0
  JsonObject file;
  file.text("name", name.empty() ? kUnknownText : name).text("path", path);
  if (type == "folder" || type == "directory") return file.number("type_id", std::int64_t{2}).text("type", "Folder").json();
  return file.number("type_id", std::int64_t{0}).text("type", kUnknownText).json();
}

std::string resource_list(Facts& facts, const Target* but) {
  std::string list;
  for (const Target& target : facts.targets()) {
    if (target.id.empty() || &target == but) continue;
    JsonObject resource;
    resource.text("uid", facts.take(&target)).text("name", facts.take(target.value["name"])).text("type", target.type);
    append_element(list, resource.number("role_id", std::int64_t{1}).text("role", "Target").json());
  }
  return list;
}

}  // namespace stele::ocsf
