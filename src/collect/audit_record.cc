// Audit events as records: who, with which program, on what, from where, and how it ended; the rules say what that was.
#include <algorithm>

#include "base/json_text.h"
#include "collect/audit_event.h"
#include "collect/draft_text.h"
#include "collect/record_format.h"
#include "event/schema.h"

namespace stele::collect {

using normalise::Draft;
using normalise::Part;
using normalise::Record;

namespace {

void append_object(std::string& out, std::string_view type, std::string_view id) {
  out += out.empty() || out.back() == '[' ? "" : ",";
  out += R"({"type":)";
  append_text(out, type);
  out += R"(,"id":)";
  append_text(out, id);
  out.push_back('}');
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Records about an account that comes in, before or beside any login id.
bool is_login(std::string_view type) {
  return is_one_of(type, {"USER_LOGIN", "USER_LOGOUT", "USER_AUTH", "USER_ACCT", "USER_START", "USER_END", "USER_ERR", "CRED_ACQ",
                          "CRED_REFR", "CRED_DISP", "GRP_AUTH", "LOGIN"}) ||
         type.starts_with("ANOM_LOGIN");
}

// Records about a change of an account or a group.
bool is_account_change(std::string_view type) {
  return is_one_of(type,
                   {"ADD_USER", "DEL_USER", "USER_MGMT", "USER_CHAUTHTOK", "ADD_GROUP", "DEL_GROUP", "GRP_MGMT", "GRP_CHAUTHTOK",
                    "ACCT_LOCK", "ACCT_UNLOCK", "CHUSER_ID", "CHGRP_ID", "ROLE_ASSIGN", "ROLE_REMOVE", "USER_ROLE_CHANGE"});
}

std::string_view account_of(const AuditEvent& event) {
  const std::string_view acct = event.field("acct");
  return acct.empty() ? event.id_name("id", "ID") : acct;
}

// The last part of a path.
std::string_view file_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string process_id(const AuditEvent& event) {
  const std::string_view comm = event.field("comm");
  std::string out(comm.empty() ? file_name(event.field("exe")) : comm);
  if (!event.field("pid").empty()) out += "[" + std::string(event.field("pid")) + "]";
  if (out.empty()) return out;
  return event.node.empty() ? out : out + "@" + std::string(event.node);
}

// PAM's words and a login's; shadow-utils gives other ones the same types.
bool is_about_login(const AuditEvent& event) {
  const std::string_view op = event.field("op");
  return is_login(event.type) && (op.empty() || op == "login" || op == "logout" || op.starts_with("PAM:"));
}

// The login id, which stays with whoever logged in; where there is none the account that a login is about; else whoever the
// program of a message ran as, unless that is root, as which all kinds of programs run; else the process.
void conclude_actor(const AuditEvent& event, Draft& draft) {
  std::string_view user = event.id_name("auid", "AUID");
  if (user.empty() && is_about_login(event)) user = account_of(event);
  if (user == "?") user = {};
  const bool is_message = event.type.starts_with("USER_") || event.type.starts_with("GRP_");
  if (user.empty() && is_message && event.field("uid") != "0") user = event.id_name("uid", "UID");
  const std::string process = process_id(event);
  if (user.empty() && process.empty()) return;
  std::string& out = draft.conclude(Part::kActor);
  append_object(out, user.empty() ? "process" : "user", user.empty() ? process : user);
  draft.set_unattributed(false);
}

std::string_view outcome_of(const AuditEvent& event) {
  if (const auto decision = event.field("seresult"); !decision.empty())
    return decision == "denied" && event.field("permissive") != "1" ? "denied" : "success";
  if (const auto mode = event.field("apparmor"); !mode.empty()) return mode == "DENIED" ? "denied" : "success";
  for (const std::string_view name : {"res", "result", "success"}) {
    const std::string_view value = event.field(name);
    if (is_one_of(value, {"success", "1", "yes"})) return "success";
    if (!is_one_of(value, {"failed", "fail", "0", "no"})) continue;
    // EPERM and EACCES (errno(3)): it was not allowed, rather than impossible.
    const std::string_view exit = event.field("exit");
    return name == "success" && is_one_of(exit, {"-1", "-13"}) ? "denied" : "failure";
  }
  return "unknown";
}

void conclude_targets(const AuditEvent& event, std::string_view host, Draft& draft) {
  std::string list = "[";
  const auto add = [&](std::string_view type, std::string_view id) {
    if (!id.empty()) append_object(list, type, id);
  };
  if (is_account_change(event.type)) {
    add("account", account_of(event));
    add("group", event.field("grp"));
  } else if (is_login(event.type)) {
    // Who is logged in already authenticates as somebody else.
    if (!event.id_name("auid", "AUID").empty() && event.id_name("auid", "AUID") != account_of(event))
      add("account", account_of(event));
    add("host", event.node.empty() ? host : event.node);
  }
  add("service", event.field("unit"));
  const bool is_exec = event.type == "EXECVE";
  for (const AuditPath& path : event.paths) {
    if (path.kind == "PARENT" || path.kind == "UNKNOWN") continue;  // of what is named besides
    add("file", path.name);
    if (is_exec) break;  // the others are its loader
  }
  if (event.paths.empty() && event.types.find("AVC") != std::string::npos)
    add("file", event.field("path").empty() ? event.field("name") : event.field("path"));
  if (event.type.starts_with("APPARMOR")) add("file", event.field("name"));
  add("address", event.address);
  if (const auto object = event.field("ocomm"); !object.empty())
    add("process", std::string(object) + "[" + std::string(event.field("opid")) + "]");
  if (list.size() > 1) draft.conclude(Part::kTargets) = list + "]";
}

void conclude_origin(const AuditEvent& event, Draft& draft) {
  const std::string_view address = event.field("addr");
  const std::string_view name = event.field("hostname");
  const bool is_address = event::is_ip_address(address);
  const std::string_view host = is_address || address.empty() ? name : address;
  if (!is_address && host.empty()) return;
  std::string& out = draft.conclude(Part::kOrigin);
  out = "{";
  if (is_address) {
    out += R"("ip":)";
    append_text(out, address);
  }
  if (!host.empty() && host != address) {
    out += is_address ? R"(,"host":)" : R"("host":)";
    append_text(out, host);
  } else if (!is_address) {
    out += R"("host":)";
    append_text(out, host);
  }
  out += "}";
}

void add_attributes(const AuditEvent& event, Draft& draft) {
  const auto add = [&](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    if (std::string* out = draft.attribute(name)) append_json_bytes(*out, value);
  };
  add("record_types", event.types);
  add("executable", event.field("exe"));
  add("process", event.field("comm"));
  add("command", event.command);
  add("syscall", event.syscall);
  for (const std::string_view name :
       {"cwd", "key", "op", "pid", "ppid", "auid", "uid", "euid", "exit", "grantors", "reason", "sig"})
    add(name, event.field(name));
  add("user", event.id_name("uid", "UID"));
  add("effective_user", event.id_name("euid", "EUID"));
  add("terminal", event.field("terminal").empty() ? event.field("tty") : event.field("terminal"));
  for (const std::string_view name : {"seperms", "scontext", "tcontext", "tclass", "profile", "operation"})
    add(name, event.field(name));
}

// What is computed goes before a field of the same name.
void fill_record(const AuditEvent& event, Record& record) {
  record.set_text(event.field("op"));
  record.set("type", event.type);
  record.set("types", event.types);
  record.set("host", event.node);
  record.set("command", event.command);
  record.set("syscall", event.syscall);
  record.set("address", event.address);
  record.set("account", account_of(event));
  const std::string_view lost = event.field("audit_lost").empty() ? event.field("lost") : event.field("audit_lost");
  if (lost != "0") record.set("lost", lost);
  for (const auto& [name, value] : event.fields) {
    if (name != "lost") record.set(name, value);
  }
  for (const auto& [name, value] : event.enriched) record.set(name, value);
}

class AuditFormat final : public RecordFormat {
 public:
  [[nodiscard]] std::string_view name() const override { return "auditd"; }

  void add(std::string_view record, DoorBatch& batch) const override {
    const auto event = read_audit_event(record);
    if (!event) return batch.quarantine("no audit event", record);
    const BegunEvent begun = begin_event(batch, name(), "event");
    Draft& draft = begun.draft;
    const std::string_view host = event->node.empty() ? std::string_view(batch.sender().host) : event->node;
    std::string& id = draft.claim(Part::kId);
    append_text(id, (host.empty() ? std::string() : std::string(host) + ":") + std::string(event->stamp));
    draft.claim(Part::kTime) = "\"" + format_time(event->time) + "\"";
    conclude_actor(*event, draft);
    draft.conclude(Part::kOutcome) = "\"" + std::string(outcome_of(*event)) + "\"";
    conclude_targets(*event, host, draft);
    conclude_origin(*event, draft);
    if (const auto session = event->id_name("ses", ""); !session.empty()) {
      std::string& context = draft.claim(Part::kContext);
      context = R"({"session":)";
      append_text(context, session);
      context += "}";
    }
    if (!event->node.empty()) append_json_bytes(*draft.attribute("host"), event->node);
    fill_record(*event, begun.record);
    add_attributes(*event, draft);
    batch.add(record, true);
  }
};

}  // namespace

std::unique_ptr<RecordFormat> make_audit_format() { return std::make_unique<AuditFormat>(); }

}  // namespace stele::collect
