// /api/v1/stream: entries as they are committed, as server-sent events (WHATWG HTML, section 9.2).
#include <algorithm>
#include <memory>
#include <optional>

#include "api/parameters.h"
#include "api/responses.h"
#include "api/service.h"
#include "api/sight.h"
#include "api/use.h"
#include "base/clock.h"
#include "event/entry.h"
#include "query/matcher.h"
#include "query/term_maker.h"

namespace stele::api {
namespace {

class EntryStream final : public net::ChunkSource {
 public:
  // Entries from `from` on, of which only those are sent that `query` means.
  EntryStream(Service& service, std::shared_ptr<void> slot, access::Identity identity, const log::Sequencer& sequencer,
              std::uint64_t from, std::optional<query::Term> query)
      : service_(service),
        slot_(std::move(slot)),
        identity_(std::move(identity)),
        sequencer_(sequencer),
        at_(from),
        query_(std::move(query)),
        mask_(mask_of(identity_)) {
    if (query_) matcher_.emplace(*query_);
  }

  [[nodiscard]] Result<std::string> next() override {
    constexpr std::uint64_t kStep = 16;
    constexpr std::size_t kChunkBytes = 256U << 10;  // from there on the rest is left for the next
    constexpr std::int64_t kLooking = 5'000'000;     // ns, where entries may be others: so is what is behind them
    STELE_TRY(check_identity());
    const auto store = sequencer_.store();
    const std::uint64_t size = store->size();
    const std::uint64_t began = at_;
    const std::int64_t end = service_.clock.monotonic() + kLooking;
    const auto goes_on = [&] { return !matcher_ || service_.clock.monotonic() < end; };
    std::string out;
    while (at_ < size && out.size() < kChunkBytes && goes_on()) {
      const auto bundle = store->read(at_, std::min(kStep, size - at_));
      // What was read before it is sent; the next call meets the error again.
      if (!bundle && !out.empty()) return out;
      if (!bundle) return bundle.error();
      STELE_TRY(event::for_each_entry(*bundle, [&](std::string_view entry) {
        if (out.size() >= kChunkBytes || (at_ > began && !goes_on())) return;
        const std::uint64_t index = at_++;
        if (matcher_ && !matcher_->matches(index, entry)) return;
        out += "id: " + std::to_string(index) + "\ndata: ";
        out += mask_ ? mask_->of(entry) : entry;
        out += "\n\n";
      }));
    }
    // Nothing yet, but more to look at: a comment, so that the next call comes at once.
    if (out.empty() && at_ > began) out = ": looked at all before " + std::to_string(at_) + "\n\n";
    return out;
  }
  [[nodiscard]] std::string_view heartbeat() const override { return ": still here\n\n"; }

 private:
  // A stream ends with what its token gave, and with its session, within a second.
  Status check_identity() {
    const std::int64_t now = service_.clock.monotonic();
    if (now - checked_at_ < kSecond) return {};
    checked_at_ = now;
    if (service_.still_holds(identity_)) return {};
    return unauthenticated("what was shown is not valid any more");
  }

  Service& service_;
  std::shared_ptr<void> slot_;
  access::Identity identity_;
  std::int64_t checked_at_ = 0;
  const log::Sequencer& sequencer_;
  std::uint64_t at_;
  std::optional<query::Term> query_;
  std::optional<query::Matcher> matcher_;  // borrows it
  std::shared_ptr<const event::Mask> mask_;
};

// What is to be sent; nothing: all.
std::variant<std::optional<query::Term>, net::Response> query_of(const net::Request& request, UnixNanos now) {
  if (request.parameter("q").value_or("").empty()) return std::nullopt;
  const auto parameters = Parameters::read(request, {"q", "from", "log"});
  if (!parameters) return error_response(parameters.error());
  auto query = read_query(*parameters, now);
  if (auto* wrong = std::get_if<net::Response>(&query)) return std::move(*wrong);
  return std::optional(std::move(std::get<query::Query>(query).term));
}

Result<std::uint64_t> start_of(const net::Request& request, std::uint64_t size) {
  if (const auto last = request.header("last-event-id"); !last.empty()) {
    const auto index = parse_decimal(last);
    if (!index) return invalid("Last-Event-ID is the index of the last entry that was seen");
    return *index == UINT64_MAX ? *index : *index + 1;
  }
  const auto from = request.parameter("from");
  if (!from) return size;
  const auto index = parse_decimal(*from);
  if (!index) return invalid("from is a decimal number, not \"" + *from + "\"");
  return *index;
}

// Of what the identity sees.
Result<std::optional<query::Term>> keep_to_sight(std::optional<query::Term> term, const access::Identity& identity) {
  if (term) STELE_TRY(keep_to_mask(*term, mask_of(identity).get()));
  if (identity.sight.is_whole()) return term;
  std::vector<query::Term> both{scope_of(identity.sight)};
  if (term) both.push_back(std::move(*term));
  return std::optional(query::all_of(std::move(both)));
}

}  // namespace

void add_stream_routes(Router& router, Service& service) {
  const auto stream = [&service](const net::Request& request, const Call& call, const net::Reply& reply) {
    const auto sequencer = service.find(call, request.parameter("log").value_or("main"));
    if (!sequencer) return reply.send(error_response(sequencer.error()));
    const auto from = start_of(request, (*sequencer)->store()->size());
    if (!from) return reply.send(error_response(from.error()));
    auto slot = service.streams.take(call.identity.text, service.limits.streams_max);
    if (!slot) return reply.send(error_response({Code::kBusy, "too many streams are open"}));
    auto query = query_of(request, service.clock.now());
    if (auto* wrong = std::get_if<net::Response>(&query)) return reply.send(std::move(*wrong));
    const auto seen = keep_to_sight(std::move(std::get<std::optional<query::Term>>(query)), call.identity);
    if (!seen) return refuse(service, request, call, seen.error(), reply);
    net::Response response;
    response.headers = {{"Content-Type", "text/event-stream"}, {"Cache-Control", "no-store"}};
    response.stream = std::make_shared<EntryStream>(service, std::move(slot), call.identity, **sequencer, *from, *seen);
    reply.send(std::move(response));
  };
  router.add(showing(Shows::kMasked, {"GET", "/api/v1/stream", access::Permission::kRead,
                                      audit::OnRecord::each("stele.log.streamed", "opened a stream of"), stream}));
}

}  // namespace stele::api
