// /api/v1/accounts: under which accounts users acted, and whose these are.
#include "api/accounts.h"

#include "api/responses.h"
#include "api/service.h"
#include "base/json_text.h"

namespace stele::api {
namespace {

void append_owner(std::string& out, const people::Directory& directory, std::string_view source, std::string_view account) {
  const people::Person* owner = directory.owner(source, account);
  out += "\"person\":";
  if (owner == nullptr) {
    out += "null";
  } else {
    append_json_string(out, owner->id);
    if (!owner->name.empty()) {
      out += ",\"name\":";
      append_json_string(out, owner->name);
    }
  }
  out += ",\"shared\":";
  out += directory.is_shared(source, account) ? "true" : "false";
  out += ",\"generic\":";
  out += people::is_generic(account) ? "true" : "false";
}

// What one owner did under the account.
struct Row {
  sources::Activity activity;
  std::vector<std::string> sources;
  bool elsewhere = false;  // in others too
};

// An account is listed once for each owner that it has: in different sources one name may be different people's.
void append_account(std::string& out, const people::Directory& directory, const std::string& name,
                    const sources::AccountState& state) {
  std::map<std::string, Row> by_owner;
  const auto row_of = [&](std::string_view source) -> Row& {
    std::string owner;
    append_owner(owner, directory, source, name);
    return by_owner[owner];
  };
  for (const auto& [source, activity] : state.sources) {
    Row& row = row_of(source);
    row.activity.add(activity);
    row.sources.push_back(source);
  }
  if (state.elsewhere.events > 0) {
    Row& row = row_of("");  // whose the name is in all sources
    row.activity.add(state.elsewhere);
    row.elsewhere = true;
  }
  for (const auto& [owner, row] : by_owner) {
    if (out.back() != '[') out += ',';
    out += "{\"account\":";
    append_json_string(out, name);
    out += "," + owner + ",\"events\":" + std::to_string(row.activity.events) + ",\"first_seen\":\"" +
           format_time(row.activity.first_seen) + "\",\"last_seen\":\"" + format_time(row.activity.last_seen) +
           "\",\"sources\":[";
    for (const std::string& source : row.sources) {
      if (out.back() != '[') out += ',';
      append_json_string(out, source);
    }
    out += "]";
    if (row.elsewhere) out += ",\"elsewhere\":true";
    out += "}";
  }
}

}  // namespace

std::string accounts_json(const sources::Ledger& ledger, const people::Directory& directory) {
  std::string out = "{\"accounts\":[";
  for (const auto& [name, state] : ledger.accounts()) append_account(out, directory, name, state);
  return out + "]}\n";
}

void add_account_routes(Router& router, Service& service) {
  router.add({"GET", "/api/v1/accounts", access::Permission::kRead,
              audit::OnRecord::each("stele.accounts.listed", "listed the accounts of"),
              [&service](const net::Request& request, const Call& call, const net::Reply& reply) {
                const std::string name = request.parameter("log").value_or("main");
                const auto parts = service.parts_of(call, name);
                if (!parts) return reply.send(error_response(parts.error()));
                parts->watch->read_at(parts->log->store()->size(), sources::Watch::kCountingWait,
                                      [&service, reply](const Result<const sources::Ledger*>& ledger) {
                                        if (!ledger) return reply.send(error_response(ledger.error()));
                                        reply.send(json_response(200, accounts_json(**ledger, service.directory)));
                                      });
              }});
}

}  // namespace stele::api
