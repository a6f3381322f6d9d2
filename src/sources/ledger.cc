#include "sources/ledger.h"

#include <algorithm>
#include <limits>

#include "event/entry.h"
#include "event/json_value.h"
#include "sources/name.h"

namespace stele::sources {
namespace {

constexpr std::size_t kKindsMax = 8;
constexpr std::size_t kAccountBytesMax = 1024;
constexpr std::string_view kOthers = "(others)";  // where there are more sources, or hosts of one, than are kept apart

// Counts are kept of those together, and no numbers: theirs have nothing to do with each other.
bool is_others(std::string_view name) { return name == kOthers || name.ends_with("/(others)"); }

// A source may claim any time there is; the difference of two need not be one.
UnixNanos between(UnixNanos from, UnixNanos to) {
  constexpr UnixNanos kMost = std::numeric_limits<UnixNanos>::max();
  UnixNanos out = 0;
  if (__builtin_sub_overflow(to, from, &out)) return to > from ? kMost : -kMost;
  return std::max(out, -kMost);
}

bool needs_origin(const Sighting& sighting) { return sighting.category != kNoCategory; }

}  // namespace

bool has_hosts(std::string_view kind) { return kind.starts_with("syslog") || kind == "journal-upload"; }

Delivery delivery_of(std::string_view kind) {
  const bool lossy = kind == "syslog-udp" || kind == "syslog-tcp" || kind == "syslog-tls";
  return lossy ? Delivery::kLossy : Delivery::kAcknowledged;
}

Tally SourceState::tally(Day from, Day to) const {
  Tally sum;
  for (auto it = days.lower_bound(from); it != days.end() && it->first <= to; ++it) sum.add(it->second);
  return sum;
}

std::uint64_t SourceState::missing() const {
  std::uint64_t sum = forgotten_missing;
  for (const auto& [name, sequence] : sequences) sum += sequence.missing();
  return sum;
}

// The name of whoever sent it. Valid until the next call.
std::string_view Ledger::name_of(const Sighting& sighting) {
  thread_local std::string name;
  thread_local std::string buffer;
  name = ledger_name(sighting.source, buffer);
  if (!sighting.host.empty() && has_hosts(sighting.kind)) {
    name += '/';
    name += ledger_name(sighting.host, buffer);
  }
  return name;
}

void Ledger::count_host(std::string_view name, std::string_view source) {
  std::string buffer;
  const std::string_view id = ledger_name(source, buffer);
  if (name.size() > id.size() && name[id.size()] == '/' && name.starts_with(id)) ++hosts_[std::string(id)];
}

Ledger::Sources::iterator Ledger::state_of(std::string_view name, std::string_view source, Place place) {
  const auto it = sources_.find(name);
  if (it != sources_.end()) return it;
  const std::size_t sources_max = kSourcesMax + (place == Place::kReserved ? kReservedMax : 0);
  if (sources_.size() >= sources_max) return sources_.try_emplace(std::string(kOthers), SourceState{std::string(kOthers)}).first;
  count_host(name, source);
  return sources_.try_emplace(std::string(name), SourceState{std::string(source)}).first;
}

Ledger::Sources::iterator Ledger::state_of(const Sighting& sighting) {
  const std::string_view name = name_of(sighting);
  const auto it = sources_.find(name);
  if (it != sources_.end()) return it;
  const bool is_host = !sighting.host.empty() && has_hosts(sighting.kind);
  std::string buffer;
  const std::string id(ledger_name(sighting.source, buffer));
  const auto hosts = hosts_.find(id);
  if (is_host && hosts != hosts_.end() && hosts->second >= kHostsMax)
    return state_of(id + "/" + std::string(kOthers), sighting.source, Place::kReserved);
  return state_of(name, sighting.source, sighting.is_own() ? Place::kReserved : Place::kWhereLeft);
}

void Ledger::count(const Sighting& sighting, SourceState& state) {
  Tally& tally = state.days[day_of(sighting.received)];
  if (sighting.is_quarantined()) {
    ++tally.quarantined;
  } else {
    ++tally.by_category[std::min<std::size_t>(sighting.category, Tally::kCategories)];
    if (!sighting.has_origin && needs_origin(sighting)) ++tally.without_origin;
    if (sighting.unattributed) ++tally.unattributed;
  }
  tally.redacted += sighting.redacted;
  if (!sighting.time) return;
  const UnixNanos behind = between(*sighting.time, sighting.received);
  state.skew.add(behind);
  if (behind < -kSkewMax) ++tally.ahead;
  if (behind > kBehindMax) ++tally.behind;
}

// The log had refused it for its id, perhaps before midnight, until the door kept it as it could.
void Ledger::withdraw_refusal(const Sighting& sighting) {
  std::string buffer;
  auto source = sources_.find(ledger_name(sighting.source, buffer));  // the log's entry about it names no host
  if (source == sources_.end()) source = sources_.find(kOthers);
  if (source == sources_.end() || source->second.conflicts.empty()) return;
  const auto latest = std::prev(source->second.conflicts.end());
  --source->second.days[latest->first].refused;
  if (--latest->second == 0) source->second.conflicts.erase(latest);
}

void Ledger::number(const Sighting& sighting, SourceState& state) {
  thread_local std::string buffer;
  const std::string_view name = ledger_name(sighting.sequence, buffer);
  auto it = state.sequences.find(name);
  if (it == state.sequences.end()) {
    if (state.sequences.size() >= kSequencesMax) {
      const auto oldest = state.sequences.find(state.sequence_order.front());
      state.forgotten_received += oldest->second.received();
      state.forgotten_missing += oldest->second.missing();
      state.sequences.erase(oldest);
      state.sequence_order.erase(state.sequence_order.begin());
      ++state.sequences_forgotten;
    }
    it = state.sequences.try_emplace(std::string(name)).first;
    state.sequence_order.emplace_back(name);
  }
  it->second.add(*sighting.seq, sighting.received);
}

void Ledger::observe(std::uint64_t index, const Sighting& sighting, std::string_view entry) {
  size_ = index + 1;
  day_starts_.try_emplace(day_of(sighting.received), index);
  auto& [name, state] = *state_of(sighting);
  if (state.first_seen == 0) state.first_seen = sighting.received;
  state.last_seen = sighting.received;
  state.last_index = index;
  if (state.kinds.size() < kKindsMax && !state.kinds.contains(std::string(sighting.kind))) state.kinds.emplace(sighting.kind);
  count(sighting, state);
  if (sighting.is_quarantined() && sighting.reason == "id_conflict") withdraw_refusal(sighting);
  if (sighting.actor_type == "user" && !sighting.is_own()) count_account(sighting);
  if (sighting.seq && !sighting.is_own() && !is_others(name)) number(sighting, state);
  if (sighting.is_own()) observe_own(sighting, entry);
}

void Activity::add(UnixNanos received) { add(Activity{1, received, received}); }

void Activity::add(const Activity& other) {
  if (other.events == 0) return;
  first_seen = events == 0 ? other.first_seen : std::min(first_seen, other.first_seen);
  last_seen = std::max(last_seen, other.last_seen);
  events += other.events;
}

void Ledger::count_account(const Sighting& sighting) {
  thread_local std::string buffer;
  const std::string_view name = ledger_name(sighting.actor, buffer, kAccountBytesMax);
  auto it = accounts_.find(name);
  if (it == accounts_.end()) {
    if (accounts_.size() >= kAccountsMax) return;
    it = accounts_.try_emplace(std::string(name)).first;
  }
  AccountState& account = it->second;
  const std::string_view source = ledger_name(sighting.source, buffer);
  auto where = account.sources.find(source);
  if (where == account.sources.end() && account.sources.size() < AccountState::kSourcesMax)
    where = account.sources.try_emplace(std::string(source)).first;
  (where == account.sources.end() ? account.elsewhere : where->second).add(sighting.received);
}

void Ledger::skip(std::uint64_t index) {
  size_ = index + 1;
  ++unreadable_;
}

// What Stele wrote about a source earlier is part of what is known of it.
void Ledger::observe_own(const Sighting& sighting, std::string_view entry) {
  const std::string_view action = sighting.action;
  if (action == "stele.clock.synchronised") clock_synchronised_ = true;
  if (action == "stele.clock.unsynchronised") clock_synchronised_ = false;
  if (action != "stele.refused" && action != "stele.id_conflict" && !action.starts_with("stele.source")) return;
  event::JsonTape tape;
  event::JsonError error;
  if (!tape.parse(entry, {event::kEntryBytesMax, 64, 65'535}, error)) return;
  const event::JsonValue attributes = event::JsonValue(tape)["event"]["attributes"];
  if (action == "stele.sources.registered") {
    registry_digest_ = attributes["sha256"].text();
    return;
  }
  std::string buffer;
  const std::string text = attributes["source"].text();
  if (text.empty()) return;
  const std::string source(ledger_name(text, buffer, kWholeNameBytesMax));
  // Of whom something is expected it must be known whether it is silent.
  const bool is_expected = action == "stele.source.silent" || action == "stele.source.resumed";
  auto& [name, state] = *state_of(source, source, is_expected ? Place::kReserved : Place::kWhereLeft);
  if (action == "stele.refused") {
    Tally& tally = state.days[day_of(sighting.received)];
    tally.refused += attributes["events"].number().value_or(0);
    tally.refused_requests += attributes["requests"].number().value_or(0);
  } else if (action == "stele.id_conflict") {
    ++state.days[day_of(sighting.received)].refused;
    ++state.conflicts[day_of(sighting.received)];
    if (state.conflicts.size() > 2) state.conflicts.erase(state.conflicts.begin());
  } else if (is_expected) {
    if (name != source) return;  // without a place of its own it is told once a start
    state.silent = action == "stele.source.silent";
    asked_.erase(source);
  } else if (const auto sequence = state.sequences.find(ledger_name(attributes["sequence"].text(), buffer));
             sequence != state.sequences.end()) {
    const NumberRange range{attributes["from"].number().value_or(0), attributes["to"].number().value_or(0)};
    if (action == "stele.source.gap") sequence->second.set_reported(range);
    if (action == "stele.source.gap_filled") sequence->second.set_filled(range);
  }
}

std::uint64_t Ledger::first_index(Day day) const {
  const auto it = day_starts_.lower_bound(day);
  return it == day_starts_.end() ? size_ : it->second;
}

std::vector<Finding> Ledger::due(const Registry& registry, UnixNanos now, UnixNanos since, UnixNanos gap_grace) {
  std::vector<Finding> out;
  for (auto& [name, state] : sources_) {
    for (auto& [sequence, numbers] : state.sequences) {
      for (const NumberRange range : numbers.overdue(now, gap_grace, since))
        out.push_back({Finding::Kind::kGap, name, sequence, range, 0});
      for (const NumberRange range : numbers.filled()) out.push_back({Finding::Kind::kGapFilled, name, sequence, range, 0});
    }
  }
  for (const auto& [name, registered] : registry.sources()) {
    if (!registered.expect || asked_.contains(name)) continue;
    const auto state = sources_.find(name);
    const bool was_silent = state != sources_.end() && state->second.silent;
    const UnixNanos seen = last_seen(name);
    const UnixNanos from = std::max(seen, since);
    const bool is_silent = was_silent ? now - seen > *registered.expect : now - from > *registered.expect;
    if (is_silent == was_silent) continue;
    out.push_back({is_silent ? Finding::Kind::kSilent : Finding::Kind::kResumed, name, "", {}, is_silent ? from : seen});
    asked_.insert(name);
  }
  return out;
}

UnixNanos Ledger::last_seen(std::string_view name) const {
  UnixNanos latest = 0;
  const auto own = sources_.find(name);
  if (own != sources_.end()) latest = own->second.last_seen;
  const std::string prefix = std::string(name) + "/";
  for (auto it = sources_.lower_bound(prefix); it != sources_.end() && it->first.starts_with(prefix); ++it)
    latest = std::max(latest, it->second.last_seen);
  return latest;
}

void Ledger::ask_again() {
  asked_.clear();
  for (auto& [name, state] : sources_) {
    for (auto& [sequence, numbers] : state.sequences) numbers.ask_again();
  }
}

}  // namespace stele::sources
