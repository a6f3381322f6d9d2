#include "sources/sequence.h"

#include <algorithm>
#include <utility>

namespace stele::sources {
namespace {

// The element whose range holds `number`: what it begins with is the key, `to` its end.
template <typename Map>
auto holding(Map& map, std::uint64_t number) {
  auto it = map.upper_bound(number);
  if (it == map.begin()) return map.end();
  --it;
  return number <= it->second.to ? it : map.end();
}

bool has(const Run& run, std::uint64_t number) {
  return number >= run.first && number <= run.last && holding(run.gaps, number) == run.gaps.end();
}

// Forgets the oldest gaps where there are too many.
void bound(Run& run) {
  while (run.gaps.size() > Sequence::kGapsMax) {
    run.given_up += run.gaps.begin()->second.to - run.gaps.begin()->first + 1;
    run.gaps.erase(run.gaps.begin());
  }
  while (run.reports.size() > Sequence::kGapsMax) run.reports.erase(run.reports.begin());
}

bool has_unreported(const Run& run, NumberRange range) {
  const auto gap = run.gaps.find(range.from);
  return gap != run.gaps.end() && gap->second.to == range.to && !gap->second.reported;
}

// Whether a gap in that range, and not beyond it, was not reported.
bool unreported_within(const Run& run, NumberRange range) {
  for (auto gap = run.gaps.lower_bound(range.from); gap != run.gaps.end() && gap->second.to <= range.to; ++gap) {
    if (!gap->second.reported) return true;
  }
  return false;
}

// Not so where it forgot a gap that the range may be of.
bool knows_all_of(const Run& run, NumberRange range) {
  if (range.from < run.first || range.to > run.last) return false;
  return run.given_up == 0 || (!run.gaps.empty() && run.gaps.begin()->first < range.from);
}

void take_report(Run& run, NumberRange range) {
  std::uint64_t missing = 0;
  for (auto gap = run.gaps.lower_bound(range.from); gap != run.gaps.end() && gap->second.to <= range.to; ++gap) {
    gap->second.reported = true;
    missing += gap->second.to - gap->first + 1;
  }
  run.reports[range.from] = {range.to, missing};
  bound(run);
}

// Up to where what was asked for from `number` or before goes; 0 when nothing was.
std::uint64_t end_of_asked(const std::map<std::uint64_t, std::uint64_t>& asked, std::uint64_t number) {
  const auto it = asked.upper_bound(number);
  return it == asked.begin() ? 0 : std::prev(it)->second;
}

}  // namespace

std::uint64_t Run::missing() const {
  std::uint64_t sum = given_up;
  for (const auto& [from, gap] : gaps) sum += gap.to - from + 1;
  return sum;
}

// A number of a gap came: what is left of it stays.
void Sequence::fill(Run& run, std::map<std::uint64_t, Run::Gap>::iterator gap, std::uint64_t number) {
  const std::uint64_t from = gap->first;
  const Run::Gap was = gap->second;
  run.gaps.erase(gap);
  if (from < number) run.gaps[from] = {number - 1, was.noticed, was.reported};
  if (number < was.to) run.gaps[number + 1] = {was.to, was.noticed, was.reported};
  ++run.received;
  ++state_.late;
  const auto report = holding(run.reports, number);
  if (report == run.reports.end() || --report->second.missing > 0) return;
  state_.filled.push_back({report->first, report->second.to});
  run.reports.erase(report);
}

void Sequence::note_gap(Run& run, NumberRange range, UnixNanos received) {
  run.gaps[range.from] = {range.to, received, false};
  looked_ = false;
}

void Sequence::add_to(Run& run, std::uint64_t number, UnixNanos received) {
  if (number > run.last) {
    if (number - run.last > 1) note_gap(run, {run.last + 1, number - 1}, received);
    run.last = number;
    ++run.received;
  } else if (number < run.first) {
    if (run.first - number > 1) note_gap(run, {number + 1, run.first - 1}, received);
    run.first = number;
    ++run.received;
    ++state_.late;
  } else if (const auto gap = holding(run.gaps, number); gap != run.gaps.end()) {
    fill(run, gap, number);
  } else {
    ++state_.repeated;
  }
  bound(run);
}

void Sequence::begin(Run run) {
  state_.runs.push_back(std::move(run));
  if (state_.runs.size() <= kRunsMax) return;
  state_.forgotten_received += state_.runs.front().received;
  state_.forgotten_missing += state_.runs.front().missing();
  state_.runs.erase(state_.runs.begin());
}

void Sequence::add(std::uint64_t number, UnixNanos received) {
  const Run run_of_one{number, number, received, 1, {}, {}, 0};
  if (state_.runs.empty()) return begin(run_of_one);
  if (state_.candidate && received - state_.candidate_since >= kSettleNanos) {
    ++state_.restarts;
    begin(std::move(*state_.candidate));
    state_.candidate.reset();
  }
  Run& run = state_.runs.back();
  if (state_.candidate) {
    Run& candidate = *state_.candidate;
    const bool old_goes_on = number == run.last + 1;
    if (!old_goes_on) return add_to(candidate, number, received);
    state_.repeated += candidate.received;  // what looked like a new count
    state_.candidate.reset();
  } else if (number <= 1 && run.last > 1 && has(run, number)) {
    state_.candidate = run_of_one;
    state_.candidate_since = received;
    return;
  } else if (number < run.first && (run.first - number > kLateMax || received - run.began > kLateNanos)) {
    ++state_.restarts;
    return begin(run_of_one);
  }
  add_to(run, number, received);
}

// Adds the gaps of `run` that were noticed until then and not asked for.
bool Sequence::ask(const Run& run, UnixNanos noticed_until, std::vector<NumberRange>& out) {
  bool waits = false;
  for (const auto& [from, gap] : run.gaps) {
    if (gap.reported) continue;
    waits = waits || gap.noticed > noticed_until;
    // One at a time of those that begin alike, in counts before and after: by its first number it is known what was asked.
    if (gap.noticed > noticed_until || asked_.contains(from) || end_of_asked(asked_, from) >= gap.to) continue;
    asked_[from] = gap.to;
    out.push_back({from, gap.to});
  }
  return waits;
}

std::vector<NumberRange> Sequence::overdue(UnixNanos now, UnixNanos grace, UnixNanos since) {
  std::vector<NumberRange> out;
  if (looked_ || now - since < grace) return out;
  bool waits = false;
  for (const Run& run : state_.runs) waits = ask(run, now - grace, out) || waits;
  if (state_.candidate) {
    const bool settled = now - state_.candidate_since >= grace;
    waits = !settled || ask(*state_.candidate, now - grace, out) || waits;
  }
  looked_ = !waits;
  return out;
}

std::vector<NumberRange> Sequence::filled() {
  std::vector<NumberRange> out;
  for (const NumberRange& range : state_.filled) {
    if (std::find(asked_filled_.begin(), asked_filled_.end(), range) != asked_filled_.end()) continue;
    asked_filled_.push_back(range);
    out.push_back(range);
  }
  return out;
}

void Sequence::ask_again() {
  looked_ = false;
  asked_.clear();
  asked_filled_.clear();
}

std::vector<Run*> Sequence::all_runs() {
  std::vector<Run*> out;
  for (Run& run : state_.runs) out.push_back(&run);
  if (state_.candidate) out.push_back(&*state_.candidate);
  return out;
}

void Sequence::set_reported(NumberRange range) {
  looked_ = false;
  asked_.erase(range.from);
  const std::vector<Run*> runs = all_runs();
  // The very gap before what may be left of one.
  auto owner = std::find_if(runs.begin(), runs.end(), [&](const Run* run) { return has_unreported(*run, range); });
  if (owner == runs.end())
    owner = std::find_if(runs.begin(), runs.end(), [&](const Run* run) { return unreported_within(*run, range); });
  if (owner != runs.end()) return take_report(**owner, range);
  // All of it came while the report was on its way, if it is a gap of no run.
  if (std::any_of(runs.begin(), runs.end(), [&](const Run* run) { return knows_all_of(*run, range); }))
    state_.filled.push_back(range);
}

void Sequence::set_filled(NumberRange range) {
  std::erase(state_.filled, range);
  std::erase(asked_filled_, range);
}

std::uint64_t Sequence::received() const {
  std::uint64_t sum = state_.forgotten_received + (state_.candidate ? state_.candidate->received : 0);
  for (const Run& run : state_.runs) sum += run.received;
  return sum;
}

std::uint64_t Sequence::missing() const {
  std::uint64_t sum = state_.forgotten_missing + (state_.candidate ? state_.candidate->missing() : 0);
  for (const Run& run : state_.runs) sum += run.missing();
  return sum;
}

std::vector<NumberRange> Sequence::gaps(std::size_t ranges_max) const {
  std::vector<NumberRange> out;
  const auto take = [&](const Run& run) {
    for (auto gap = run.gaps.begin(); gap != run.gaps.end() && out.size() < ranges_max; ++gap)
      out.push_back({gap->first, gap->second.to});
  };
  for (const Run& run : state_.runs) take(run);
  if (state_.candidate) take(*state_.candidate);
  return out;
}

}  // namespace stele::sources
