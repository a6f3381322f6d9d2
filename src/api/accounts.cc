// /api/v1/accounts: under which accounts users acted, and whose these are.
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

// An account is listed once for each owner that it has: in different sources one name may be different people's.
void append_account(std::string& out, const people::Directory& directory, const std::string& name,
                    const sources::AccountState& state) {
  std::map<std::string, std::vector<std::string>> by_owner;
  for (const std::string& source : state.sources) {
    std::string owner;
    append_owner(owner, directory, source, name);
    by_owner[owner].push_back(source);
  }
  for (const auto& [owner, sources] : by_owner) {
    if (out.back() != '[') out += ',';
    out += "{\"account\":";
    append_json_string(out, name);
    out += "," + owner + ",\"events\":" + std::to_string(state.events) + ",\"first_seen\":\"" + format_time(state.first_seen) +
           "\",\"last_seen\":\"" + format_time(state.last_seen) + "\",\"sources\":[";
    for (const std::string& source : sources) {
      if (out.back() != '[') out += ',';
      append_json_string(out, source);
    }
    out += "]}";
  }
}

}  // namespace

void add_account_routes(Router& router, Service& service) {
  router.add({"GET", "/api/v1/accounts", access::Permission::kRead,
              [&service](const net::Request& request, const PathParts&, const net::Reply& reply) {
                const std::string log = request.parameter("log").value_or("main");
                const auto watch = service.watches.find(log);
                if (watch == service.watches.end())
                  return reply.send(error_response({Code::kNotFound, "there is no log \"" + log + "\""}));
                std::string out = "{\"accounts\":[";
                watch->second->read([&](const sources::Ledger& ledger) {
                  for (const auto& [name, state] : ledger.accounts()) append_account(out, service.directory, name, state);
                });
                reply.send(json_response(200, out + "]}\n"));
              }});
}

}  // namespace stele::api
