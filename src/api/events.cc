// /api/v1/events: taking in and reading back.
#include <algorithm>

#include "api/responses.h"
#include "api/search_request.h"
#include "api/sight.h"
#include "api/submit.h"
#include "api/use.h"
#include "base/json_text.h"
#include "event/entry.h"
#include "ocsf/ocsf_event.h"
#include "query/matcher.h"

namespace stele::api {
namespace {

constexpr std::size_t kPageBytesMax = 8U << 20;  // one entry more than fits is not begun

void read_one(const Service& service, const net::Request& request, const Call& call, const net::Reply& reply) {
  const std::string log = request.parameter("log").value_or("main");
  const auto sequencer = service.find(call, log);
  if (!sequencer) return reply.send(error_response(sequencer.error()));
  const auto ocsf = wants_ocsf(request.parameter("format").value_or(""));
  if (!ocsf) return reply.send(error_response(ocsf.error()));
  const auto index = parse_decimal(call.parts.at(0));
  if (!index) return reply.send(error_response(invalid("an index is a decimal number, not \"" + call.parts.at(0) + "\"")));
  const auto store = (*sequencer)->store();
  if (const std::uint64_t size = store->size(); *index >= size) {
    const std::string message = "there is no entry " + call.parts.at(0) + ": the log has " + std::to_string(size);
    return reply.send(error_response({Code::kNotFound, message}));
  }
  auto bundle = store->read(*index, 1);
  if (!bundle) return reply.send(error_response(bundle.error()));
  std::string entry = bundle->substr(2);
  const query::Term scope = scope_of(call.identity.sight);
  if (!query::Matcher(scope).matches(*index, entry))
    return reply.send(error_response({Code::kNotFound, "there is no entry " + call.parts.at(0) + " that you may see"}));
  if (const auto mask = mask_of(call.identity)) entry = mask->of(entry);
  if (!*ocsf) return reply.send(json_response(200, std::move(entry)));
  auto event = ocsf::ocsf_event(entry, *index, log);
  reply.send(event ? json_response(200, std::move(*event)) : error_response(event.error()));
}

Result<std::uint64_t> number(const net::Request& request, std::string_view name, std::uint64_t otherwise) {
  const auto text = request.parameter(name);
  if (!text) return otherwise;
  const auto value = parse_decimal(*text);
  if (!value) return invalid(std::string(name) + " is a decimal number, not \"" + *text + "\"");
  return *value;
}

Result<std::string> read_page(const Service& service, const net::Request& request, const Call& call) {
  const std::string log = request.parameter("log").value_or("main");
  STELE_ASSIGN(const auto* sequencer, service.find(call, log));
  STELE_ASSIGN(const std::uint64_t from, number(request, "from", 0));
  STELE_ASSIGN(const std::uint64_t asked, number(request, "limit", 100));
  const auto store = sequencer->store();
  const std::uint64_t size = store->size();
  std::uint64_t at = from;
  std::uint64_t left = std::min(asked, service.limits.read_entries_max);
  const query::Term scope = scope_of(call.identity.sight);
  query::Matcher in_scope(scope);
  const auto mask = mask_of(call.identity);
  std::string out = "{\"entries\":[";
  bool full = false;
  // A few at a time, so that what is read stays bounded however long the entries are.
  constexpr std::uint64_t kStep = 64;
  while (left > 0 && at < size && !full) {
    const std::uint64_t take = std::min({left, kStep, size - at});
    STELE_ASSIGN(const std::string bundle, store->read(at, take));
    STELE_TRY(event::for_each_entry(bundle, [&](std::string_view entry) {
      if (full) return;
      const bool is_seen = in_scope.matches(at, entry);
      const std::string shown = is_seen ? (mask ? mask->of(entry) : std::string(entry)) : std::string();
      full = out.size() + shown.size() > kPageBytesMax;
      if (full) return;
      const std::uint64_t index = at++;
      if (!is_seen) return;
      out += out.back() == '[' ? "{\"index\":" : ",{\"index\":";
      append_decimal(out, index);
      out += ",\"entry\":";
      out += shown;
      out += '}';
    }));
    left -= take;
  }
  service.recorder->begin_pages(doer_of(request, &call.identity), log, pages_from(std::to_string(at)),
                                pages_from(request.parameter("from").value_or("")));
  out += "],\"next\":";
  append_decimal(out, at);
  out += ",\"size\":";
  append_decimal(out, size);
  out += "}\n";
  return out;
}

}  // namespace

void add_event_routes(Router& router, Service& service) {
  router.add({"POST", "/api/v1/events", access::Permission::kWrite, audit::OnRecord::by_itself(),
              [&service](const net::Request& request, const Call& call, const net::Reply& reply) {
                submit_events(service, request, call, reply);
              }});
  constexpr auto on_record = audit::OnRecord::each("stele.log.read", "read entries of");
  router.add(showing(Shows::kMasked, {"GET", "/api/v1/events", access::Permission::kRead, on_record.in_pages(),
                                      [&service](const net::Request& request, const Call& call, const net::Reply& reply) {
                                        auto page = read_page(service, request, call);
                                        reply.send(page ? json_response(200, std::move(*page)) : error_response(page.error()));
                                      }}));
  router.add(showing(Shows::kMasked, {"GET", "/api/v1/events/{index}", access::Permission::kRead, on_record,
                                      [&service](const net::Request& request, const Call& call, const net::Reply& reply) {
                                        read_one(service, request, call, reply);
                                      }}));
}

}  // namespace stele::api
