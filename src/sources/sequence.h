// A counter of a source, as its numbers arrive: in order, late, twice, begun anew, or not at all.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace stele::sources {

// Numbers that never came, both ends included.
struct NumberRange {
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  bool operator==(const NumberRange&) const = default;
};

// From a counter's beginning until it begins anew.
struct Run {
  struct Gap {
    std::uint64_t to = 0;
    UnixNanos noticed = 0;  // time of receipt of what came behind it
    bool reported = false;
  };
  struct Report {
    std::uint64_t to = 0;
    std::uint64_t missing = 0;  // of it, still
  };

  std::uint64_t first = 0;
  std::uint64_t last = 0;
  UnixNanos began = 0;                      // time of receipt of the number that came first
  std::uint64_t received = 0;               // different numbers
  std::map<std::uint64_t, Gap> gaps;        // by their first number; together all that did not come between first and last
  std::map<std::uint64_t, Report> reports;  // gaps as they were reported, while anything of them is missing
  std::uint64_t given_up = 0;               // missing numbers whose gap is no longer kept

  [[nodiscard]] std::uint64_t missing() const;
};

// All that a sequence knows: what is kept of it between starts.
struct SequenceState {
  std::vector<Run> runs;  // the last one goes on
  // Perhaps the counter began anew; else all of it are repeats.
  std::optional<Run> candidate;
  UnixNanos candidate_since = 0;
  std::vector<NumberRange> filled;  // reported gaps that are none any more, until that is in the log too
  std::uint64_t repeated = 0;
  std::uint64_t late = 0;  // filled a gap, or came before the first
  std::uint64_t restarts = 0;
  std::uint64_t forgotten_received = 0;  // of runs no longer kept
  std::uint64_t forgotten_missing = 0;
};

// Knows every number between a run's first and last: those in no gap came. Bounded: of a run the latest kGapsMax gaps are
// kept, of a sequence the latest kRunsMax runs; what older ones miss stays in the sums.
class Sequence {
 public:
  static constexpr std::size_t kGapsMax = 4096;
  static constexpr std::size_t kRunsMax = 64;
  // A number further below the first of a run, or later than this after its beginning, did not come late: it is another
  // counter's.
  static constexpr std::uint64_t kLateMax = 10'000;
  static constexpr UnixNanos kLateNanos = 60'000'000'000;

  Sequence() = default;
  explicit Sequence(SequenceState state) : state_(std::move(state)) {}

  // A counter that seems to begin anew does so once its old numbers did not go on for this long.
  static constexpr UnixNanos kSettleNanos = 8'000'000'000;

  // The number of an entry that was received at `received`. What is known depends on nothing but these calls.
  void add(std::uint64_t number, UnixNanos received);

  // The gaps that are to be reported at `now`: noticed, and looked for since `since`, at least `grace` ns ago. Each once, until
  // set_reported() or ask_again().
  std::vector<NumberRange> overdue(UnixNanos now, UnixNanos grace, UnixNanos since);
  // Reported gaps of which everything has come since. Each once, until set_filled() or ask_again().
  std::vector<NumberRange> filled();
  // What was returned did not get into the log.
  void ask_again();

  // For who finds in the log that a gap was reported, or that one was filled. A report does not say whose gap it was where the
  // counter began anew: it is the oldest one's that has it and was not reported yet.
  void set_reported(NumberRange range);
  void set_filled(NumberRange range);

  [[nodiscard]] const SequenceState& state() const { return state_; }
  // Both with what seems to begin anew, whether or not anything follows that settles it.
  [[nodiscard]] std::uint64_t received() const;
  [[nodiscard]] std::uint64_t missing() const;
  // Missing numbers, latest runs last; at most `ranges_max`.
  [[nodiscard]] std::vector<NumberRange> gaps(std::size_t ranges_max) const;

 private:
  void note_gap(Run& run, NumberRange range, UnixNanos received);
  void add_to(Run& run, std::uint64_t number, UnixNanos received);
  void fill(Run& run, std::map<std::uint64_t, Run::Gap>::iterator gap, std::uint64_t number);
  void begin(Run run);
  // Whether any is left that was not noticed long enough ago.
  bool ask(const Run& run, UnixNanos noticed_until, std::vector<NumberRange>& out);
  // Oldest first, the candidate last.
  std::vector<Run*> all_runs();

  SequenceState state_;
  bool looked_ = false;                           // nothing is to be reported, of what came so far
  std::map<std::uint64_t, std::uint64_t> asked_;  // gaps that were returned and are not known to be reported
  std::vector<NumberRange> asked_filled_;
};

}  // namespace stele::sources
