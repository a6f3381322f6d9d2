#include "sources/coverage.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/json_text.h"
#include "event/json_value.h"
#include "event/schema.h"

namespace stele::sources {
namespace {

constexpr std::size_t kGapsShown = 100;  // of one sequence

void truth_member(std::string& out, std::string_view name, bool value) {
  append_json_name(out, name);
  out += value ? "true" : "false";
}
void time_member(std::string& out, std::string_view name, UnixNanos time) {
  append_json_name(out, name);
  out += time == 0 ? "null" : "\"" + format_time(time) + "\"";
}

template <typename Texts>
void append_texts(std::string& out, const Texts& texts) {
  out += '[';
  for (const auto& text : texts) {
    begin_json_element(out);
    append_json_string(out, text);
  }
  out += ']';
}

// The members that a tally has in every answer.
void append_counts(std::string& out, const Tally& tally) {
  append_json_member(out, "received", tally.stored() + tally.refused + tally.quarantined);
  append_json_member(out, "stored", tally.stored());
  append_json_member(out, "quarantined", tally.quarantined);
  append_json_member(out, "refused", tally.refused);
  append_json_member(out, "refused_requests", tally.refused_requests);
  append_json_member(out, "unattributed", tally.unattributed);
  append_json_member(out, "without_origin", tally.without_origin);
  append_json_member(out, "redacted", tally.redacted);
}

void append_categories(std::string& out, const Tally& tally) {
  append_json_name(out, "categories");
  out += '{';
  const auto names = event::categories();
  for (std::size_t i = 0; i < tally.by_category.size(); ++i) {
    if (tally.by_category[i] != 0) append_json_member(out, i < names.size() ? names[i] : "none", tally.by_category[i]);
  }
  out += '}';
}

void append_sequence(std::string& out, std::string_view name, const Sequence& sequence) {
  const SequenceState& state = sequence.state();
  const Run& run = state.runs.back();
  out += '{';
  append_json_member(out, "name", name);
  append_json_member(out, "first", run.first);
  append_json_member(out, "last", run.last);
  append_json_member(out, "received", sequence.received());
  append_json_member(out, "missing", sequence.missing());
  append_json_member(out, "repeated", state.repeated);
  append_json_member(out, "late", state.late);
  append_json_member(out, "begun_anew", state.restarts);
  append_json_name(out, "gaps");
  out += '[';
  for (const NumberRange range : sequence.gaps(kGapsShown)) {
    begin_json_element(out);
    out += "{\"from\":" + std::to_string(range.from) + ",\"to\":" + std::to_string(range.to) + "}";
  }
  out += "]}";
}

void append_sequences(std::string& out, const SourceState& state) {
  append_json_name(out, "sequences");
  out += '[';
  for (const auto& [name, sequence] : state.sequences) {
    begin_json_element(out);
    append_sequence(out, name, sequence);
  }
  out += ']';
  if (state.sequences_forgotten == 0) return;
  append_json_name(out, "older_sequences");
  out += '{';
  append_json_member(out, "count", state.sequences_forgotten);
  append_json_member(out, "received", state.forgotten_received);
  append_json_member(out, "missing", state.forgotten_missing);
  out += '}';
}

Delivery delivery_of(const SourceState* state, const Registered* registered) {
  if (registered != nullptr && registered->delivery) return *registered->delivery;
  if (state == nullptr) return Delivery::kAcknowledged;
  const bool lossy = std::any_of(state->kinds.begin(), state->kinds.end(),
                                 [](const std::string& kind) { return sources::delivery_of(kind) == Delivery::kLossy; });
  return lossy ? Delivery::kLossy : Delivery::kAcknowledged;
}

void append_registered(std::string& out, const Registered* registered) {
  truth_member(out, "registered", registered != nullptr);
  if (registered == nullptr) return;
  append_json_member(out, "owner", registered->owner);
  if (registered->expect) append_json_member(out, "expect", span_text(*registered->expect));
  append_json_name(out, "expected_categories");
  append_texts(out, registered->categories);
  append_json_member(out, "attribution", registered->attribution == Attribution::kStrict ? "strict" : "lenient");
}

Health health_of(UnixNanos seen, const SourceState* state, const Registered* registered, UnixNanos now) {
  if (seen == 0) return Health::kNever;
  if (registered != nullptr && registered->expect && now - seen > *registered->expect) return Health::kSilent;
  return state != nullptr && state->missing() > 0 ? Health::kGaps : Health::kGood;
}

void append_skew(std::string& out, const Skew& skew) {
  constexpr UnixNanos kMillis = 1'000'000;
  append_json_name(out, "behind_ms");
  out += '{';
  append_json_member(out, "p50", static_cast<std::uint64_t>(skew.behind_at(0.5) / kMillis));
  append_json_member(out, "p99", static_cast<std::uint64_t>(skew.behind_at(0.99) / kMillis));
  append_json_member(out, "most", static_cast<std::uint64_t>(skew.behind_most() / kMillis));
  out += '}';
  append_json_member(out, "ahead_most_ms", static_cast<std::uint64_t>(skew.ahead_most() / kMillis));
}

// How much there is of each category, and who feeds it.
struct Fed {
  std::array<std::uint64_t, Tally::kCategories> stored{};
  std::array<std::vector<std::string_view>, Tally::kCategories> sources;  // views of the ledger's names

  void add(std::string_view name, const SourceState& state, const Tally& tally) {
    for (std::size_t i = 0; i < stored.size(); ++i) {
      stored[i] += tally.by_category[i];
      // What Stele says of itself covers nothing.
      if (tally.by_category[i] > 0 && !state.kinds.contains("internal")) sources[i].push_back(name);
    }
  }
};

// One that is counted, or registered, or both.
void append_source(std::string& out, const Ledger& ledger, std::string_view name, const SourceState* state,
                   const Registry& registry, Period period, UnixNanos now, Fed& fed) {
  const Registered* registered = registry.find(name);
  out += '{';
  append_json_member(out, "source", name);
  const UnixNanos seen = ledger.last_seen(name);
  append_json_member(out, "health", health_name(health_of(seen, state, registered, now)));
  append_registered(out, registered);
  append_json_member(out, "delivery", delivery_of(state, registered) == Delivery::kLossy ? "lossy" : "acknowledged");
  append_json_name(out, "kinds");
  append_texts(out, state != nullptr ? state->kinds : std::set<std::string>{});
  time_member(out, "first_seen", state != nullptr ? state->first_seen : 0);
  time_member(out, "last_seen", seen);
  const Tally tally = state != nullptr ? state->tally(period.from, period.to) : Tally{};
  if (state != nullptr) fed.add(name, *state, tally);
  append_counts(out, tally);
  append_categories(out, tally);
  append_json_member(out, "missing", state != nullptr ? state->missing() : 0);
  append_json_member(out, "clock_ahead", tally.ahead);
  append_json_member(out, "late", tally.behind);
  if (state != nullptr) {
    append_skew(out, state->skew);
    append_sequences(out, *state);
  }
  out += '}';
}

void append_category(std::string& out, const Fed& fed, std::size_t category) {
  out += '{';
  append_json_member(out, "category", event::categories()[category]);
  append_json_member(out, "stored", fed.stored[category]);
  append_json_name(out, "sources");
  append_texts(out, fed.sources[category]);
  out += '}';
}

}  // namespace

std::string_view health_name(Health health) {
  switch (health) {
    case Health::kGood: return "good";
    case Health::kGaps: return "gaps";
    case Health::kSilent: return "silent";
    case Health::kNever: return "never seen";
  }
  return "";
}

std::string coverage_json(const Ledger& ledger, const Registry& registry, Period period, UnixNanos now) {
  std::string out = "{";
  append_json_name(out, "period");
  out += "{\"from\":\"" + day_text(period.from) + "\",\"to\":\"" + day_text(period.to) + "\"}";
  append_json_member(out, "counted", ledger.size());
  append_json_member(out, "unreadable", ledger.unreadable());
  append_json_name(out, "sources");
  out += '[';
  Fed fed;
  const auto append = [&](std::string_view name, const SourceState* state) {
    begin_json_element(out);
    append_source(out, ledger, name, state, registry, period, now, fed);
  };
  auto registered = registry.sources().begin();
  const auto append_unseen_before = [&](const std::string* name) {
    for (; registered != registry.sources().end() && (name == nullptr || registered->first <= *name); ++registered) {
      if (name == nullptr || registered->first != *name) append(registered->first, nullptr);
    }
  };
  for (const auto& [name, state] : ledger.sources()) {
    append_unseen_before(&name);
    append(name, &state);
  }
  append_unseen_before(nullptr);
  out += ']';
  append_json_name(out, "categories");
  out += '[';
  std::vector<std::string_view> unfed;
  for (std::size_t i = 0; i < event::categories().size(); ++i) {
    begin_json_element(out);
    append_category(out, fed, i);
    if (fed.sources[i].empty()) unfed.push_back(event::categories()[i]);
  }
  out += ']';
  append_json_name(out, "unfed");
  append_texts(out, unfed);
  out += '}';
  return out;
}

std::string statement_text(const Ledger& ledger, const StatementHead& head) {
  const std::uint64_t first = ledger.first_index(head.period.from);
  const std::uint64_t end = ledger.first_index(head.period.to + 1);
  std::string out = "{";
  append_json_name(out, "period");
  out += "{\"from\":\"" + day_text(head.period.from) + "\",\"to\":\"" + day_text(head.period.to) + "\"}";
  append_json_member(out, "first", first);
  append_json_member(out, "end", end);
  append_json_member(out, "tree_size", head.tree_size);
  append_json_member(out, "root", base64_encode(as_byte_span(head.root)));
  append_json_member(out, "unreadable", ledger.unreadable());
  append_json_name(out, "sources");
  out += '[';
  Tally all;
  for (const auto& [name, state] : ledger.sources()) {
    const Tally tally = state.tally(head.period.from, head.period.to);
    if (tally == Tally{}) continue;
    all.add(tally);
    begin_json_element(out);
    out += '{';
    append_json_member(out, "source", name);
    append_counts(out, tally);
    append_categories(out, tally);
    append_sequences(out, state);
    out += '}';
  }
  out += ']';
  append_json_name(out, "total");
  out += '{';
  append_counts(out, all);
  out += "}}";
  return std::string(kStatementTitle) + head.origin + "\n" + out + "\n";
}

Result<StatementHead> parse_statement(std::string_view text) {
  const auto line = text.find('\n');
  if (!text.starts_with(kStatementTitle) || line == std::string_view::npos) return invalid("no statement of completeness");
  StatementHead out;
  out.origin = text.substr(kStatementTitle.size(), line - kStatementTitle.size());
  event::JsonTape tape;
  event::JsonError error;
  if (!tape.parse(text.substr(line + 1), {64U << 20, 16, 4'000'000}, error))
    return invalid("the statement is no JSON: " + error.message);
  const event::JsonValue root(tape);
  const auto period = parse_period(root["period"]["from"].text() + ".." + root["period"]["to"].text(), 0);
  if (!period) return period.error();
  out.period = *period;
  const auto size = root["tree_size"].number();
  const auto hash = base64_decode_hash(root["root"].text());
  if (!size || !hash) return invalid("the statement names no state of the log");
  out.tree_size = *size;
  out.root = *hash;
  return out;
}

}  // namespace stele::sources
