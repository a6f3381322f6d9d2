// Identity and access: who proved who he is, and what became of accounts, groups and rights.
#include "ocsf/draft.h"
#include "ocsf/objects.h"

namespace stele::ocsf {
namespace {

const Target* account_of(const Facts& facts) { return facts.target({"account", "user", "service_account", "identity", "users"}); }
const Target* group_of(const Facts& facts) { return facts.target({"group", "team"}); }

Choice authentication(const Facts& facts) {
  const Action& action = facts.action();
  const std::int64_t activity = [&]() -> std::int64_t {
    switch (action.verb()) {
      case Verb::kLogin: return 1;
      case Verb::kLogout: return 2;
      case Verb::kOpen: return action.says("session") ? 1 : kOther;
      case Verb::kClose: return action.says("session") ? 2 : kOther;
      default: return action.area() == "http" ? kUnknown : kOther;
    }
  }();
  return {ClassId::kAuthentication, activity};
}

// Whether it says that somebody proved, or tried to prove, who he is: a program's own message or connection does not.
bool is_about_somebody(const Facts& facts) {
  const Verb verb = facts.action().verb();
  return facts.actor_type() != "process" || account_of(facts) != nullptr || verb == Verb::kLogin || verb == Verb::kLogout ||
         facts.action().says("session");
}

Choice account_change(const Action& action) {
  const bool factor = action.says("mfa") || action.says("2fa") || action.says("totp");
  const bool policy = action.says("policy");
  const std::int64_t activity = [&]() -> std::int64_t {
    if (action.says("password")) return action.says("reset") ? 4 : 3;
    switch (action.verb()) {
      case Verb::kCreate: return 1;
      case Verb::kEnable: return factor ? 10 : 2;
      case Verb::kDisable: return factor ? 11 : 5;
      case Verb::kDelete:
      case Verb::kRemove: return 6;
      case Verb::kAttach: return policy ? 7 : kOther;
      case Verb::kDetach: return policy ? 8 : kOther;
      case Verb::kLock: return 9;
      case Verb::kUnlock: return 12;
      default: return kOther;
    }
  }();
  return {ClassId::kAccountChange, activity};
}

Choice group_management(const Action& action) {
  const bool member = action.says("member") || action.says("user");
  const std::int64_t activity = [&]() -> std::int64_t {
    switch (action.verb()) {
      case Verb::kGrant: return 1;
      case Verb::kRevoke: return 2;
      case Verb::kAdd: return 3;
      case Verb::kRemove: return member ? 4 : 5;
      case Verb::kDelete: return member && action.area() != "group" ? 4 : 5;
      case Verb::kCreate: return 6;
      default: return kOther;
    }
  }();
  return {ClassId::kGroupManagement, activity};
}

Choice user_access(const Action& action) {
  const Verb verb = action.verb();
  if (verb == Verb::kGrant || verb == Verb::kAdd || verb == Verb::kAttach) return {ClassId::kUserAccess, 1};
  if (verb == Verb::kRevoke || verb == Verb::kRemove || verb == Verb::kDetach) return {ClassId::kUserAccess, 2};
  return {ClassId::kUserAccess, kOther};
}

bool is_about_account(const Facts& facts) {
  const Action& action = facts.action();
  if (facts.is_area({"account", "user", "users"})) return true;
  const bool named = action.says("user") || action.says("account") || action.says("password") || action.says("mfa");
  return named && account_of(facts) != nullptr;
}

bool is_about_group(const Facts& facts) {
  return facts.is_area({"group", "team"}) ||
         (group_of(facts) != nullptr && (facts.action().says("group") || facts.action().says("team")));
}

bool changes_account(const Action& action) {
  if (action.says("password")) return true;
  switch (action.verb()) {
    case Verb::kCreate:
    case Verb::kUpdate:
    case Verb::kDelete:
    case Verb::kRemove:
    case Verb::kAttach:
    case Verb::kDetach:
    case Verb::kEnable:
    case Verb::kDisable:
    case Verb::kLock:
    case Verb::kUnlock:
    case Verb::kRename: return true;
    default: return false;
  }
}

bool changes_rights(const Facts& facts) {
  const Action& action = facts.action();
  return action.verb() == Verb::kGrant || action.verb() == Verb::kRevoke || action.says("role") || action.says("permission") ||
         action.says("privilege") || action.says("privileges") || action.says("policy");
}

bool names_right(std::string_view text) {
  return text == "role" || text == "roles" || text == "permission" || text == "permissions" || text == "privilege" ||
         text == "privileges" || text == "access" || text == "policy";
}

// What was given or taken away, as far as the event names it.
std::string privilege_list(Facts& facts) {
  std::string list;
  facts.event()["changes"].for_each([&](const JsonValue& change) {
    if (!names_right(change["field"].text())) return;
    const std::string to = facts.take(change["to"]);
    const std::string what = to.empty() ? facts.take(change["from"]) : to;
    if (!what.empty()) append_element(list, quoted(what));
  });
  if (list.empty()) {
    const std::string said = facts.take(facts.attribute({"role", "permission", "privilege", "policy"}));
    if (!said.empty()) append_element(list, quoted(said));
  }
  if (list.empty()) {
    if (const Target* target = facts.target({"role", "permission", "privilege", "policy"}))
      append_element(list, quoted(target->id));
  }
  if (list.empty()) append_element(list, quoted(kUnknownText));
  return list;
}

void write_authentication(Draft& draft) {
  Facts& facts = draft.facts;
  const Target* account = account_of(facts);
  if (account != nullptr && account->id == facts.event()["actor"]["id"].text()) account = nullptr;
  const std::string self = account == nullptr ? actor_user(facts) : std::string();
  draft.event.raw("user", self.empty() ? user_object(facts, account) : self);
  draft.actor_is_subject = !self.empty();
  if (draft.actor_is_subject) {
    draft.event.raw("session", session_object(facts));
  } else {
    draft.event.raw("actor", actor_object(facts));
  }
  if (const Target* own = account_of(facts); own != nullptr && account == nullptr) facts.take(own);

  const Target* service = facts.target({"service", "application", "app"});
  std::string name = service != nullptr ? facts.take(service) : facts.take(facts.attribute({"service", "service.name"}));
  if (name.empty()) name = facts.take(facts.attribute("app"));
  const std::string host = host_name(facts);
  if (name.empty() && host.empty()) name = kUnknownText;
  draft.event.raw("service", JsonObject().text("name", name).json());
  draft.event.raw("dst_endpoint", JsonObject().text("hostname", host).json());
  if (draft.choice.activity == 7)
    draft.event.number("account_switch_type_id", std::int64_t{1}).text("account_switch_type", "Substitute User");
}

}  // namespace

std::optional<Choice> choose_iam(const Facts& facts) {
  const Action& action = facts.action();
  if (facts.is_category({"authentication"}) && is_about_somebody(facts)) return authentication(facts);
  const bool proves = action.verb() == Verb::kLogin || action.verb() == Verb::kLogout;
  if (proves && facts.is_category({"", "user_action"})) return authentication(facts);
  if (facts.is_area({"su"}) && action.says("switch")) return Choice{ClassId::kAuthentication, 7};
  if (facts.is_category({"authentication", "data_access", "data_export", "system_activity", "system_error"})) return std::nullopt;
  if (is_about_group(facts)) return group_management(action);
  const bool grants = action.verb() == Verb::kGrant || action.verb() == Verb::kRevoke;
  if (facts.is_area({"postgres"}) && action.says("role") && !grants) return account_change(action);
  if (is_about_account(facts)) {
    if (action.verb() == Verb::kAttach || action.verb() == Verb::kDetach || action.says("password"))
      return account_change(action);
    if (changes_rights(facts)) return user_access(action);
    if (changes_account(action) || facts.is_category({"permission_change"})) return account_change(action);
    return std::nullopt;
  }
  if (facts.is_category({"permission_change"})) {
    const bool files = facts.target({"file", "folder", "directory"}) != nullptr;
    if (!files && (grants || account_of(facts) != nullptr)) return user_access(action);
  }
  return std::nullopt;
}

void write_iam(Draft& draft) {
  Facts& facts = draft.facts;
  const bool ssh = facts.is_area({"ssh"});
  draft.event.raw("src_endpoint", source_endpoint(facts, ssh ? "port" : ""));
  draft.event.raw("http_request", http_request(facts)).raw("http_response", http_response(facts));
  if (draft.choice.id == ClassId::kAuthentication) return write_authentication(draft);
  draft.event.raw("actor", actor_object(facts));
  const Target* account = account_of(facts);
  if (draft.choice.id == ClassId::kGroupManagement) {
    draft.event.raw("group", named_object(facts, group_of(facts), false));
    if (account != nullptr) draft.event.raw("user", user_object(facts, account));
    return;
  }
  draft.event.raw("user", user_object(facts, account));
  if (draft.choice.id != ClassId::kUserAccess) return;
  draft.event.raw("privileges", privilege_list(facts));
  draft.event.raw("resources", resource_list(facts, account));
}

}  // namespace stele::ocsf
