#include "sources/ledger_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_text.h"
#include "crypto/sha256.h"
#include "event/json_value.h"

namespace stele::sources {

using event::JsonType;
using event::JsonValue;

namespace {

constexpr event::JsonLimits kLimits{LedgerFile::kBytesMax, 16, 40'000'000};
// Rises whenever the same entries lead to another ledger: one that an earlier version kept is made anew.
constexpr std::uint64_t kVersion = 2;
constexpr std::string_view kDigest = R"(,"sha256":")";  // of all in front of it; with it the file ends
constexpr std::size_t kTailBytes = kDigest.size() + 64 + 3;

void begin(std::string& out, std::string_view name, char bracket) {
  append_json_name(out, name);
  out += bracket;
}

void append_numbers(std::string& out, std::span<const std::uint64_t> numbers) {
  out += '[';
  for (const std::uint64_t number : numbers) {
    begin_json_element(out);
    append_decimal(out, number);
  }
  out += ']';
}

bool read_numbers(JsonValue value, std::span<std::uint64_t> out) {
  std::size_t count = 0;
  value.for_each([&](JsonValue one) {
    if (count < out.size()) out[count] = one.number().value_or(0);
    ++count;
  });
  return count == out.size();
}

// --- Tallies: of the numbers in the order of the struct those that are not 0, each behind its place ---

constexpr std::size_t kTallyNumbers = Tally::kCategories + 1 + 8;
using TallyNumbers = std::array<std::uint64_t, kTallyNumbers>;

TallyNumbers numbers_of(const Tally& tally) {
  TallyNumbers out{};
  std::copy(tally.by_category.begin(), tally.by_category.end(), out.begin());
  const std::array<std::uint64_t, 8> rest{tally.quarantined,  tally.refused,        tally.refused_requests,
                                          tally.unattributed, tally.without_origin, tally.redacted,
                                          tally.ahead,        tally.behind};
  std::copy(rest.begin(), rest.end(), out.begin() + Tally::kCategories + 1);
  return out;
}

Tally tally_of(const TallyNumbers& numbers) {
  Tally out;
  std::copy_n(numbers.begin(), out.by_category.size(), out.by_category.begin());
  const std::array<std::uint64_t*, 8> rest{&out.quarantined,  &out.refused,        &out.refused_requests,
                                           &out.unattributed, &out.without_origin, &out.redacted,
                                           &out.ahead,        &out.behind};
  for (std::size_t i = 0; i < rest.size(); ++i) *rest[i] = numbers[out.by_category.size() + i];
  return out;
}

// "20783 0 20 13 2;20784 0 7": of each day its number, and pairs. One text, for there are many days: as values of JSON they take
// eight times the room and more.
void append_days(std::string& out, const std::map<Day, Tally>& days) {
  out += '"';
  for (const auto& [day, tally] : days) {
    if (out.back() != '"') out += ';';
    out += std::to_string(day);
    const TallyNumbers numbers = numbers_of(tally);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      if (numbers[i] == 0) continue;
      out += ' ';
      append_decimal(out, i);
      out += ' ';
      append_decimal(out, numbers[i]);
    }
  }
  out += '"';
}

// What stands in front of the first `end`, and `text` without both.
std::string_view take_until(std::string_view& text, char end) {
  const auto at = std::min(text.find(end), text.size());
  const std::string_view out = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return out;
}

std::map<Day, Tally> read_days(std::string_view text) {
  std::map<Day, Tally> out;
  while (!text.empty()) {
    std::string_view day = take_until(text, ';');
    const auto number = static_cast<Day>(parse_decimal(take_until(day, ' ')).value_or(0));
    TallyNumbers numbers{};
    while (!day.empty()) {
      const std::uint64_t place = parse_decimal(take_until(day, ' ')).value_or(kTallyNumbers);
      const std::uint64_t value = parse_decimal(take_until(day, ' ')).value_or(0);
      if (place < numbers.size()) numbers[place] = value;
    }
    out[number] = tally_of(numbers);
  }
  return out;
}

// --- Sequences ---

void append_run(std::string& out, const Run& run) {
  out += '{';
  append_json_member(out, "first", run.first);
  append_json_member(out, "last", run.last);
  append_json_member(out, "began", static_cast<std::uint64_t>(run.began));
  append_json_member(out, "received", run.received);
  append_json_member(out, "given_up", run.given_up);
  begin(out, "gaps", '[');
  for (const auto& [from, gap] : run.gaps) {
    begin_json_element(out);
    append_numbers(out,
                   std::array<std::uint64_t, 4>{from, gap.to, static_cast<std::uint64_t>(gap.noticed), gap.reported ? 1U : 0U});
  }
  out += ']';
  begin(out, "reports", '[');
  for (const auto& [from, report] : run.reports) {
    begin_json_element(out);
    append_numbers(out, std::array<std::uint64_t, 3>{from, report.to, report.missing});
  }
  out += "]}";
}

Run read_run(JsonValue value) {
  Run run;
  run.first = value["first"].number().value_or(0);
  run.last = value["last"].number().value_or(0);
  run.began = static_cast<UnixNanos>(value["began"].number().value_or(0));
  run.received = value["received"].number().value_or(0);
  run.given_up = value["given_up"].number().value_or(0);
  value["gaps"].for_each([&](JsonValue gap) {
    if (std::array<std::uint64_t, 4> four{}; read_numbers(gap, four))
      run.gaps[four[0]] = {four[1], static_cast<UnixNanos>(four[2]), four[3] != 0};
  });
  std::array<std::uint64_t, 3> three{};
  value["reports"].for_each([&](JsonValue report) {
    if (read_numbers(report, three)) run.reports[three[0]] = {three[1], three[2]};
  });
  return run;
}

void append_sequence(std::string& out, const std::string& name, const SequenceState& state) {
  out += '{';
  append_json_member(out, "name", name);
  begin(out, "runs", '[');
  for (const Run& run : state.runs) {
    begin_json_element(out);
    append_run(out, run);
  }
  out += ']';
  if (state.candidate) {
    begin(out, "candidate", '[');
    append_run(out, *state.candidate);
    out += ']';
    append_json_member(out, "candidate_since", static_cast<std::uint64_t>(state.candidate_since));
  }
  begin(out, "filled", '[');
  for (const NumberRange& range : state.filled) {
    begin_json_element(out);
    append_numbers(out, std::array<std::uint64_t, 2>{range.from, range.to});
  }
  out += ']';
  begin(out, "sums", '[');
  out.pop_back();
  append_numbers(out, std::array<std::uint64_t, 5>{state.repeated, state.late, state.restarts, state.forgotten_received,
                                                   state.forgotten_missing});
  out += '}';
}

SequenceState read_sequence(JsonValue value) {
  SequenceState out;
  value["runs"].for_each([&](JsonValue run) { out.runs.push_back(read_run(run)); });
  value["candidate"].for_each([&](JsonValue run) { out.candidate = read_run(run); });
  out.candidate_since = static_cast<UnixNanos>(value["candidate_since"].number().value_or(0));
  value["filled"].for_each([&](JsonValue range) {
    if (std::array<std::uint64_t, 2> two{}; read_numbers(range, two)) out.filled.push_back({two[0], two[1]});
  });
  std::array<std::uint64_t, 5> sums{};
  (void)read_numbers(value["sums"], sums);
  out.repeated = sums[0];
  out.late = sums[1];
  out.restarts = sums[2];
  out.forgotten_received = sums[3];
  out.forgotten_missing = sums[4];
  return out;
}

// --- Sources ---

void append_state(std::string& out, const std::string& name, const SourceState& state) {
  out += '{';
  append_json_member(out, "name", name);
  append_json_member(out, "source", state.source);
  begin(out, "kinds", '[');
  for (const std::string& kind : state.kinds) {
    begin_json_element(out);
    append_json_string(out, kind);
  }
  out += ']';
  append_json_member(out, "first_seen", static_cast<std::uint64_t>(state.first_seen));
  append_json_member(out, "last_seen", static_cast<std::uint64_t>(state.last_seen));
  append_json_member(out, "last_index", state.last_index);
  append_json_member(out, "silent", state.silent ? 1 : 0);
  append_json_member(out, "sequences_forgotten", state.sequences_forgotten);
  append_json_member(out, "forgotten_received", state.forgotten_received);
  append_json_member(out, "forgotten_missing", state.forgotten_missing);
  begin(out, "days", '"');
  out.pop_back();
  append_days(out, state.days);
  begin(out, "conflicts", '[');
  for (const auto& [day, count] : state.conflicts) {
    begin_json_element(out);
    append_numbers(out, std::array<std::uint64_t, 2>{static_cast<std::uint64_t>(day), count});
  }
  out += ']';
  begin(out, "sequences", '[');
  for (const std::string& sequence : state.sequence_order) {
    begin_json_element(out);
    append_sequence(out, sequence, state.sequences.at(sequence).state());
  }
  out += ']';
  begin(out, "skew", '[');
  out.pop_back();
  append_numbers(out, state.skew.behind());
  append_json_member(out, "ahead_most", static_cast<std::uint64_t>(state.skew.ahead_most()));
  append_json_member(out, "behind_most", static_cast<std::uint64_t>(state.skew.behind_most()));
  out += '}';
}

SourceState read_state(JsonValue value) {
  SourceState out;
  const auto time = [&](std::string_view name) { return static_cast<UnixNanos>(value[name].number().value_or(0)); };
  out.source = value["source"].text();
  value["kinds"].for_each([&](JsonValue kind) { out.kinds.insert(kind.text()); });
  out.first_seen = time("first_seen");
  out.last_seen = time("last_seen");
  out.last_index = value["last_index"].number().value_or(0);
  out.silent = value["silent"].number().value_or(0) != 0;
  out.sequences_forgotten = value["sequences_forgotten"].number().value_or(0);
  out.forgotten_received = value["forgotten_received"].number().value_or(0);
  out.forgotten_missing = value["forgotten_missing"].number().value_or(0);
  out.days = read_days(value["days"].text());
  value["conflicts"].for_each([&](JsonValue conflict) {
    if (std::array<std::uint64_t, 2> two{}; read_numbers(conflict, two)) out.conflicts[static_cast<Day>(two[0])] = two[1];
  });
  value["sequences"].for_each([&](JsonValue sequence) {
    const std::string name = sequence["name"].text();
    if (out.sequences.try_emplace(name, read_sequence(sequence)).second) out.sequence_order.push_back(name);
  });
  std::array<std::uint64_t, Skew::kBuckets> behind{};
  (void)read_numbers(value["skew"], behind);
  out.skew = Skew(behind, time("ahead_most"), time("behind_most"));
  return out;
}

void append_activity(std::string& out, const Activity& activity) {
  append_numbers(out, std::array<std::uint64_t, 3>{activity.events, static_cast<std::uint64_t>(activity.first_seen),
                                                   static_cast<std::uint64_t>(activity.last_seen)});
}

Activity read_activity(JsonValue value) {
  std::array<std::uint64_t, 3> three{};
  (void)read_numbers(value, three);
  return {three[0], static_cast<UnixNanos>(three[1]), static_cast<UnixNanos>(three[2])};
}

void append_account(std::string& out, const std::string& name, const AccountState& account) {
  out += '{';
  append_json_member(out, "name", name);
  begin(out, "elsewhere", '[');
  out.pop_back();
  append_activity(out, account.elsewhere);
  begin(out, "sources", '[');
  for (const auto& [source, activity] : account.sources) {
    begin_json_element(out);
    out += '{';
    append_json_member(out, "source", source);
    begin(out, "activity", '[');
    out.pop_back();
    append_activity(out, activity);
    out += '}';
  }
  out += "]}";
}

AccountState read_account(JsonValue value) {
  AccountState out;
  out.elsewhere = read_activity(value["elsewhere"]);
  value["sources"].for_each(
      [&](JsonValue source) { out.sources.try_emplace(source["source"].text(), read_activity(source["activity"])); });
  return out;
}

}  // namespace

std::string LedgerFile::write(const Ledger& ledger, const LedgerPlace& place) {
  std::string out = "{";
  append_json_member(out, "stele_ledger", kVersion);
  append_json_member(out, "log", place.log_id);
  append_json_member(out, "size", place.size);
  append_json_member(out, "last_leaf", base64_encode(as_byte_span(place.last_leaf)));
  append_json_member(out, "unreadable", ledger.unreadable_);
  append_json_member(out, "registry", ledger.registry_digest_);
  if (ledger.clock_synchronised_) append_json_member(out, "clock_synchronised", *ledger.clock_synchronised_ ? 1 : 0);
  begin(out, "days", '[');
  for (const auto& [day, index] : ledger.day_starts_) {
    begin_json_element(out);
    append_numbers(out, std::array<std::uint64_t, 2>{static_cast<std::uint64_t>(day), index});
  }
  out += ']';
  begin(out, "accounts", '[');
  for (const auto& [name, account] : ledger.accounts_) {
    begin_json_element(out);
    append_account(out, name, account);
  }
  out += ']';
  begin(out, "sources", '[');
  for (const auto& [name, state] : ledger.sources_) {
    begin_json_element(out);
    append_state(out, name, state);
  }
  out += ']';
  const std::string digest = hex_encode(as_byte_span(crypto::sha256(as_byte_span(out))));
  return out + std::string(kDigest) + digest + "\"}\n";
}

Result<LedgerFile::Read> LedgerFile::read(std::string_view content) {
  if (content.size() < kTailBytes) return corrupt("too short for a ledger");
  const std::string_view body = content.substr(0, content.size() - kTailBytes);
  const std::string_view digest = content.substr(body.size() + kDigest.size(), 64);
  if (digest != hex_encode(as_byte_span(crypto::sha256(as_byte_span(body))))) return corrupt("the ledger's digest is another");
  event::JsonTape tape;
  event::JsonError error;
  if (!tape.parse(content, kLimits, error)) return corrupt("the ledger is not JSON: " + error.message);
  const JsonValue root(tape);
  if (root["stele_ledger"].number() != kVersion) return corrupt("another version of the ledger");
  Read out;
  out.place.log_id = root["log"].text();
  out.place.size = root["size"].number().value_or(0);
  out.place.last_leaf = base64_decode_hash(root["last_leaf"].text()).value_or(Hash{});
  out.ledger.size_ = out.place.size;
  out.ledger.unreadable_ = root["unreadable"].number().value_or(0);
  out.ledger.registry_digest_ = root["registry"].text();
  if (const auto synchronised = root["clock_synchronised"].number()) out.ledger.clock_synchronised_ = *synchronised != 0;
  root["days"].for_each([&](JsonValue day) {
    if (std::array<std::uint64_t, 2> two{}; read_numbers(day, two)) out.ledger.day_starts_[static_cast<Day>(two[0])] = two[1];
  });
  root["accounts"].for_each(
      [&](JsonValue account) { out.ledger.accounts_.try_emplace(account["name"].text(), read_account(account)); });
  root["sources"].for_each([&](JsonValue source) {
    const auto [it, fresh] = out.ledger.sources_.try_emplace(source["name"].text(), read_state(source));
    if (fresh) out.ledger.count_host(it->first, it->second.source);
  });
  return out;
}

}  // namespace stele::sources
