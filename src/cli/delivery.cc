#include "cli/delivery.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/json.h"
#include "cli/text.h"

namespace stele::cli {
namespace {

void place(Outcome& outcome, std::uint64_t first, std::uint64_t last) {
  outcome.first = std::min(outcome.first.value_or(UINT64_MAX), first);
  outcome.last = std::max(outcome.last.value_or(0), last);
}

Refusal refusal_of(const BatchLine& line, JsonValue error) {
  return {line.number, error["code"].text(), error["path"].text(), error["message"].text()};
}

// results=full: one result an event. False when it is not that.
bool read_full(JsonValue body, std::span<const BatchLine> lines, Outcome& outcome) {
  std::size_t at = 0;
  bool good = true;
  body["results"].for_each([&](JsonValue result) {
    const auto index = result["index"].number();
    good = good && at < lines.size() && (index || result["error"]);
    if (!good) return;
    const BatchLine& line = lines[at++];
    if (!index) {
      outcome.refused.push_back(refusal_of(line, result["error"]));
      return;
    }
    ++outcome.stored;
    outcome.repeated += result["repeated"].is(event::JsonType::kTrue) ? 1U : 0U;
    place(outcome, *index, *index);
  });
  return good && at == lines.size() && (outcome.stored == 0 || body["receipt"]);
}

// results=range: how many, and those refused. False when it is not that.
bool read_range(JsonValue body, std::span<const BatchLine> lines, Outcome& outcome) {
  bool good = true;
  body["refused"].for_each([&](JsonValue refused) {
    const auto at = refused["at"].number();
    good = good && at && *at < lines.size();
    if (good) outcome.refused.push_back(refusal_of(lines[*at], refused["error"]));
  });
  outcome.stored = body["count"].number().value_or(0);
  outcome.repeated = body["repeated"].number().value_or(0);
  // What was repeated stands apart from the rest; the proven ranges have all.
  body["receipt"]["ranges"].for_each([&](JsonValue range) {
    const auto first = range["first"].number();
    const auto count = range["count"].number();
    if (first && count && *count > 0) place(outcome, *first, *first + *count - 1);
  });
  return good;
}

}  // namespace

void Outcome::add(Outcome&& other) {
  stored += other.stored;
  repeated += other.repeated;
  if (other.first) first = first ? std::min(*first, *other.first) : *other.first;
  if (other.last) last = last ? std::max(*last, *other.last) : *other.last;
  std::move(other.refused.begin(), other.refused.end(), std::back_inserter(refused));
  std::move(other.receipts.begin(), other.receipts.end(), std::back_inserter(receipts));
}

Result<Outcome> read_outcome(const net::ClientAnswer& answer, std::span<const BatchLine> lines, const std::string& name) {
  event::JsonTape tape;
  const bool is_json = parse_json(answer.body, tape).ok();
  const JsonValue body = is_json ? JsonValue(tape) : JsonValue();
  if (!body["results"] && !body["count"]) return answer_error(answer, name);
  Outcome outcome;
  const bool good = body["results"] ? read_full(body, lines, outcome) : read_range(body, lines, outcome);
  if (good && outcome.stored + outcome.refused.size() == lines.size() && (outcome.stored == 0) == !outcome.first) {
    if (body["results"] && outcome.stored > 0) outcome.receipts.emplace_back(tape.text());
    return outcome;
  }
  return Error{Code::kInternal, name + " does not answer for every event; is it a Stele server?"};
}

Delivery::Delivery(Connection& connection, const Clock& clock, Options options)
    : connection_(connection), clock_(clock), options_(std::move(options)) {
  // A receipt is of use with the leaves that it proves.
  target_ = std::string("/api/v1/events?proof=range&results=") + (options_.keep_receipts ? "full" : "range") +
            "&log=" + url_encode(options_.log) + "&source=" + url_encode(options_.source);
}

Result<Outcome> Delivery::send(const LineBatch& batch) {
  Outcome outcome;
  if (!batch.lines.empty()) {
    STELE_ASSIGN(outcome, send_part(batch, 0, batch.lines.size()));
  }
  for (const LongLine& line : batch.too_long) {
    outcome.refused.push_back(
        {line.number, "too_large", "", fmt::format("the line has {} bytes; no event is that long", grouped(line.bytes))});
  }
  std::sort(outcome.refused.begin(), outcome.refused.end(), [](const Refusal& a, const Refusal& b) { return a.line < b.line; });
  return outcome;
}

Result<Outcome> Delivery::send_part(const LineBatch& batch, std::size_t from, std::size_t count) {
  STELE_ASSIGN(const auto answer,
               patient_post(connection_, clock_, options_.patience, target_, batch.part(from, count), "application/x-ndjson"));
  const auto lines = std::span(batch.lines).subspan(from, count);
  if (answer.status != 413) return read_outcome(answer, lines, connection_.name());
  // The server takes less at once: halves, in order, down to the one that is too large.
  if (count == 1) {
    Outcome refused;
    refused.refused.push_back({lines[0].number, "too_large", "", answer_error(answer, connection_.name()).message});
    return refused;
  }
  STELE_ASSIGN(Outcome outcome, send_part(batch, from, count / 2));
  STELE_ASSIGN(Outcome second, send_part(batch, from + count / 2, count - count / 2));
  outcome.add(std::move(second));
  return outcome;
}

}  // namespace stele::cli
