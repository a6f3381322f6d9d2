// /api/v1/index: how far the index is, holding it against the log, making it anew.
#include "api/responses.h"
#include "api/searching.h"
#include "base/json_text.h"
#include "search/index_check.h"

namespace stele::api {
namespace {

void append_number(std::string& out, std::string_view name, std::uint64_t value) {
  out += out.empty() ? "{\"" : ",\"";
  out += name;
  out += "\":";
  append_decimal(out, value);
}

std::string status_json(const Searched& searched) {
  const search::IndexerStatus status = searched.indexer->status();
  std::string out;
  append_number(out, "entries", status.covered);
  append_number(out, "size", searched.log->store()->size());
  append_number(out, "files", status.files);
  append_number(out, "bytes", status.file_bytes);
  append_number(out, "damaged", status.damaged);
  return out + "}\n";
}

std::string check_json(const search::IndexCheck& check) {
  std::string out;
  append_number(out, "files", check.files);
  append_number(out, "entries", check.entries);
  append_number(out, "waiting", check.uncovered);
  out += ",\"different\":[";
  for (const std::string& name : check.different) {
    if (out.back() != '[') out += ',';
    append_json_string(out, name);
  }
  return out + "]}\n";
}

}  // namespace

void add_index_routes(Router& router, Service& service) {
  const auto find = [&service](const net::Request& request, const Call& call) {
    return find_searched(service, call, request.parameter("log").value_or("main"));
  };
  router.add({"GET", "/api/v1/index", access::Permission::kObserve, audit::OnRecord::never(),
              [find](const net::Request& request, const Call& call, const net::Reply& reply) {
                const auto searched = find(request, call);
                reply.send(searched ? json_response(200, status_json(*searched)) : error_response(searched.error()));
              }});
  router.add({"POST", "/api/v1/index/rebuild", access::Permission::kOperate,
              audit::OnRecord::each("stele.index.rebuilt", "had the index made again of"),
              [find](const net::Request& request, const Call& call, const net::Reply& reply) {
                const auto searched = find(request, call);
                if (!searched) return reply.send(error_response(searched.error()));
                searched->indexer->rebuild();
                reply.send(json_response(200, status_json(*searched)));
              }});
  router.add({"POST", "/api/v1/index/check", access::Permission::kOperate,
              audit::OnRecord::each("stele.index.checked", "had the index checked of"),
              [find, &service](const net::Request& request, const Call& call, const net::Reply& reply) {
                const auto searched = find(request, call);
                if (!searched) return reply.send(error_response(searched.error()));
                // As long as it takes: whoever asks knows how many entries there are.
                const bool taken = service.searches->submit([&service, searched = *searched, reply] {
                  const auto check = search::check_index(*searched.log, *searched.indexer,
                                                         [&service] { return service.searches->take_turns(); });
                  reply.send(check ? json_response(200, check_json(*check)) : error_response(check.error()));
                });
                if (!taken) reply.send(error_response({Code::kBusy, "too many searches wait"}));
              }});
}

}  // namespace stele::api
