// Applications: what was asked of them, their data, their start and end, their errors.
#include "ocsf/draft.h"
#include "ocsf/objects.h"

namespace stele::ocsf {
namespace {

const Target* database_of(const Facts& facts) { return facts.target({"database", "schema", "keyspace"}); }
const Target* bucket_of(const Facts& facts) { return facts.target({"bucket", "databucket"}); }
const Target* table_of(const Facts& facts) {
  return facts.target({"table", "view", "collection", "materialized view", "sequence"});
}

std::int64_t datastore_activity(const Facts& facts) {
  switch (facts.action().verb()) {
    case Verb::kRead: return 1;
    case Verb::kUpdate: return 2;
    case Verb::kQuery: return 4;
    case Verb::kWrite:
    case Verb::kAdd: return 5;
    case Verb::kCreate: return 6;
    case Verb::kDelete:
    case Verb::kRemove: return 7;
    case Verb::kList: return 8;
    case Verb::kEncrypt: return 9;
    case Verb::kDecrypt: return 10;
    default: return facts.action().says("connect") ? 3 : kOther;
  }
}

std::int64_t api_activity(const Facts& facts) {
  switch (facts.action().verb()) {
    case Verb::kNone: return kOther;
    case Verb::kCreate:
    case Verb::kAdd:
    case Verb::kWrite:
    case Verb::kInstall: return 1;
    case Verb::kRead:
    case Verb::kQuery:
    case Verb::kList:
    case Verb::kStat: return facts.is_category({"configuration_change", "permission_change"}) ? kOther : 2;
    case Verb::kDelete:
    case Verb::kRemove: return 4;
    case Verb::kUpdate:
    case Verb::kGrant:
    case Verb::kRevoke:
    case Verb::kAttach:
    case Verb::kDetach:
    case Verb::kEnable:
    case Verb::kDisable:
    case Verb::kLock:
    case Verb::kUnlock:
    case Verb::kRename:
    case Verb::kSetSecurity:
    case Verb::kEncrypt:
    case Verb::kDecrypt: return 3;
    default: return kOther;
  }
}

std::int64_t lifecycle_activity(const Action& action) {
  switch (action.verb()) {
    case Verb::kInstall: return 1;
    case Verb::kStart: return 3;
    case Verb::kStop: return 4;
    case Verb::kRestart: return 5;
    case Verb::kEnable: return 6;
    case Verb::kDisable: return 7;
    case Verb::kUpdate: return 8;
    default: return kOther;
  }
}

std::string app_name(Facts& facts) {
  const Target* const target = facts.target({"service", "application", "app", "package", "seat"});
  std::string name = target == nullptr ? facts.take(facts.attribute({"app", "service.name"})) : facts.take(target);
  return name.empty() ? std::string(kUnknownText) : name;
}

std::string query_info(Facts& facts) {
  const std::string statement = facts.take(facts.attribute({"statement", "db.query.text", "db.statement"}));
  if (statement.empty()) return {};
  return JsonObject().text("name", kUnknownText).text("query_string", statement).json();
}

void write_datastore(Draft& draft) {
  Facts& facts = draft.facts;
  const Target* const bucket = bucket_of(facts);
  const Target* const table = table_of(facts);
  const Target* const database = database_of(facts);
  if (bucket != nullptr) draft.event.raw("databucket", named_object(facts, bucket, true));
  if (table != nullptr) draft.event.raw("table", named_object(facts, table, false));
  if (database != nullptr || (bucket == nullptr && table == nullptr))
    draft.event.raw("database", named_object(facts, database, true));
  const std::int64_t type = table != nullptr ? 3 : bucket != nullptr ? 2 : 1;
  draft.event.number("type_id", type).text("type", type == 3 ? "Table" : type == 2 ? "Databucket" : "Database");
  draft.event.raw("query_info", query_info(facts));
}

void write_api(Draft& draft) {
  Facts& facts = draft.facts;
  JsonObject api;
  api.text("operation", facts.action().text());
  const Target* const service = facts.target({"service", "application", "app"});
  const std::string name = service != nullptr ? service->id : facts.attribute({"service.name", "app"}).text();
  api.raw("service", JsonObject().text("name", name).json());
  api.raw("request", JsonObject().text("uid", facts.take(facts.event()["context"]["request_id"])).json());
  draft.event.raw("api", api.json()).raw("resources", resource_list(facts));
  if (const std::string trace = facts.take(facts.event()["context"]["trace_id"]); !trace.empty()) {
    draft.event.raw("trace", JsonObject().text("uid", trace).json());
    draft.has_trace = true;
  }
}

}  // namespace

std::optional<Choice> choose_application(const Facts& facts) {
  const Action& action = facts.action();
  const bool service = facts.is_area({"service", "software"}) || facts.target({"service"}) != nullptr;
  if (service && facts.is_category({"system_activity", "system_error", "configuration_change"})) {
    const std::int64_t activity = lifecycle_activity(action);
    const bool told = facts.is_category({"system_activity"}) && facts.is_area({"service"});
    if (activity != kOther || told) return Choice{ClassId::kApplicationLifecycle, activity};
  }
  if (facts.is_category({"system_error"})) return Choice{ClassId::kApplicationError, 1};
  if (facts.is_category({"authentication", "system_activity", "security_event"})) return std::nullopt;
  const bool sql = facts.is_area({"postgres"});
  if (facts.is_category({"policy_violation"}) && !sql && !facts.is_area({"aws", "k8s", "github"})) return std::nullopt;
  const bool stored = table_of(facts) != nullptr || database_of(facts) != nullptr || bucket_of(facts) != nullptr;
  if (sql || (stored && !facts.is_area({"k8s", "github"}))) return Choice{ClassId::kDatastoreActivity, datastore_activity(facts)};
  if (facts.is_category({"configuration_change"}) &&
      facts.is_area({"host", "selinux", "apparmor", "firewall", "kernel", "network"}))
    return Choice{ClassId::kDeviceConfigStateChange, 1};
  if (facts.category().empty() && facts.actor_type() == "process") return std::nullopt;
  return Choice{ClassId::kApiActivity, api_activity(facts)};
}

void write_application(Draft& draft) {
  Facts& facts = draft.facts;
  if (draft.choice.id == ClassId::kApplicationLifecycle) {
    draft.event.raw("app", JsonObject().text("name", app_name(facts)).json());
  } else if (draft.choice.id == ClassId::kDatastoreActivity || draft.choice.id == ClassId::kApiActivity) {
    const std::string request = http_request(facts);
    const std::string response = http_response(facts);
    draft.event.raw("http_request", request).raw("http_response", response);
    const std::string from = source_endpoint(facts);
    draft.event.raw("src_endpoint", from.empty() ? JsonObject().text("name", kUnknownText).json() : from);
    draft.choice.id == ClassId::kApiActivity ? write_api(draft) : write_datastore(draft);
  }
  draft.event.raw("actor", actor_object(facts));
}

}  // namespace stele::ocsf
