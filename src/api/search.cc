// /api/v1/search: entries that a query means, a page at a time.
#include <algorithm>
#include <memory>

#include "api/parameters.h"
#include "api/responses.h"
#include "api/search_request.h"
#include "api/searching.h"
#include "api/sight.h"
#include "api/use.h"
#include "base/json_text.h"
#include "event/entry.h"
#include "ocsf/ocsf_event.h"
#include "search/searcher.h"

namespace stele::api {
namespace {

// A state that covers all hits: the published one, which others see too, if it does.
std::shared_ptr<const log::SignedState> state_for(const log::Store& store, const search::SearchResult& result) {
  auto published = store.published();
  const auto covered = [&](const search::Hit& hit) { return published && hit.index < published->size; };
  return std::all_of(result.hits.begin(), result.hits.end(), covered) && published ? published : store.latest();
}

// `sentences` is null where they are not asked for.
Status append_hits(const log::Store& store, const SearchQuestion& question, const search::SearchResult& result,
                   const sentence::Sentences* sentences, std::string& out) {
  const auto state = question.proof ? state_for(store, result) : nullptr;
  out += "{\"hits\":[";
  for (const search::Hit& hit : result.hits) {
    const std::string entry = question.mask ? question.mask->of(hit.entry) : hit.entry;
    out += out.back() == '[' ? "{\"index\":" : ",{\"index\":";
    append_decimal(out, hit.index);
    if (state) {
      STELE_ASSIGN(const merkle::Proof proof, store.prove(hit.index, *state));
      out += ",\"proof\":[";
      for (const Hash& node : proof) {
        if (out.back() != '[') out += ',';
        out += '"';
        base64_append(out, as_byte_span(node));
        out += '"';
      }
      out += ']';
    }
    if (sentences != nullptr) {
      out += ",\"sentence\":";
      append_json_string(out, sentences->of(entry));
    }
    if (question.ocsf) {
      STELE_ASSIGN(const std::string event, ocsf::ocsf_event(entry, hit.index, question.log));
      out += ",\"ocsf\":" + event + "}";
    } else {
      out += ",\"entry\":";
      out += entry;
      out += '}';
    }
  }
  out += ']';
  if (state) {
    out += ",\"checkpoint\":";
    append_json_string(out, state->note);
  }
  return {};
}

Result<net::Response> answer(const Service& service, const audit::Doer& doer, const SearchQuestion& question,
                             const Searched& searched, const GoOn& go_on) {
  STELE_ASSIGN(const search::SearchResult result, search::search(searched, question.query.term, question.request, go_on));
  std::string out;
  STELE_TRY(append_hits(*searched.log->store(), question, result, question.sentences ? &service.sentences : nullptr, out));
  out += ",\"total\":";
  append_decimal(out, result.total);
  out += ",\"size\":";
  append_decimal(out, result.size);
  out += ",\"next\":";
  if (result.more && !result.hits.empty()) {
    const std::string next = next_cursor(question, result);
    service.recorder->begin_pages(doer, question.log, pages_of_cursor(next));
    append_json_string(out, next);
  } else {
    out += "null";
  }
  if (!question.request.continued) STELE_TRY(append_warnings(question.query.warnings, searched, result.total > 0, go_on, out));
  out += "}\n";
  return json_response(200, std::move(out));
}

const Error kNotVerifiable{Code::kDenied,
                           "there is no proof of an entry with fields masked: what is shown is not what was hashed"};

void handle_search(const Service& service, const net::Request& request, const Call& call, const net::Reply& reply) {
  auto read = read_search(request, service.clock.now(), service.limits.read_entries_max);
  if (auto* wrong = std::get_if<net::Response>(&read)) return reply.send(std::move(*wrong));
  // Shared: std::function copies its captures.
  const auto question = std::make_shared<SearchQuestion>(std::move(std::get<SearchQuestion>(read)));
  const auto searched = find_searched(service, call, question->log);
  if (!searched) return reply.send(error_response(searched.error()));
  question->mask = mask_of(call.identity);
  if (const Status kept = keep_to_mask(question->query, question->mask.get()); !kept)
    return refuse(service, request, call, kept.error(), reply);
  // So few are never cut short by their bytes, by which one could measure what is masked.
  constexpr std::uint64_t kMaskedMax = search::kPageBytesMax / event::kEntryBytesMax;
  if (question->mask) question->request.limit = std::min(question->request.limit, kMaskedMax);
  if (question->proof && question->mask) return refuse(service, request, call, kNotVerifiable, reply);
  answer_search(service, reply,
                [&service, doer = doer_of(request, &call.identity), question, searched = *searched](const GoOn& go_on) {
                  return answer(service, doer, *question, searched, go_on);
                });
}

}  // namespace

void add_search_routes(Router& router, Service& service) {
  const auto search = [&service](const net::Request& request, const Call& call, const net::Reply& reply) {
    handle_search(service, request, call, reply);
  };
  constexpr auto on_record = audit::OnRecord::each("stele.log.searched", "searched").in_pages();
  router.add(showing(Shows::kMasked, {"GET", "/api/v1/search", access::Permission::kRead, on_record, search}));
  router.add(showing(Shows::kMasked, {"POST", "/api/v1/search", access::Permission::kRead, on_record.of_body(), search}));
}

}  // namespace stele::api
