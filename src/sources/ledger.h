// What came of every source, entry by entry in log order, and what is missing. No I/O; one writer at a time.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sources/registry.h"
#include "sources/sequence.h"
#include "sources/sighting.h"
#include "sources/tally.h"

namespace stele::sources {

// One source, or one host of a source that speaks for many.
struct SourceState {
  std::string source;           // source.id, or the ledger's name where only Stele spoke of it
  std::set<std::string> kinds;  // doors through which it came; at most 8
  UnixNanos first_seen = 0;     // times of receipt
  UnixNanos last_seen = 0;
  std::uint64_t last_index = 0;
  std::map<Day, Tally> days;
  std::map<std::string, Sequence, std::less<>> sequences;  // by name; "" where the source has but one
  std::vector<std::string> sequence_order;                 // oldest first
  std::uint64_t sequences_forgotten = 0;
  std::uint64_t forgotten_received = 0;  // of those
  std::uint64_t forgotten_missing = 0;
  std::map<Day, std::uint64_t> conflicts;  // refusals for an id that stands for another event, of the two latest days of such
  Skew skew;
  bool silent = false;  // as the log says

  [[nodiscard]] Tally tally(Day from, Day to) const;  // both included
  // Numbers that are missing, of those sequences too that are no longer kept.
  [[nodiscard]] std::uint64_t missing() const;
};

struct Activity {
  std::uint64_t events = 0;
  UnixNanos first_seen = 0;  // times of receipt
  UnixNanos last_seen = 0;

  void add(UnixNanos received);
  void add(const Activity& other);
};

// An account under which a user acted. In different sources one name may be different people's.
struct AccountState {
  std::map<std::string, Activity, std::less<>> sources;  // by ledger_name() of source.id; those that came first
  Activity elsewhere;                                    // in all others

  static constexpr std::size_t kSourcesMax = 8;
};

// What is to be written into the log about a source.
struct Finding {
  enum class Kind : std::uint8_t { kGap, kGapFilled, kSilent, kResumed };
  Kind kind = Kind::kGap;
  std::string source;    // the ledger's name for it
  std::string sequence;  // of a gap
  NumberRange numbers;   // of a gap
  UnixNanos since = 0;   // of silence
};

class Ledger {
 public:
  // Past kSourcesMax sources the counts of further ones are kept together, as "(others)", and past kHostsMax hosts of one
  // source.id as "<id>/(others)". Places are kept for Stele itself, and for what it writes about sources that are expected.
  static constexpr std::size_t kSourcesMax = 20'000;
  static constexpr std::size_t kHostsMax = 10'000;
  static constexpr std::size_t kReservedMax = 2 * kRegisteredMax;
  static constexpr std::size_t kSequencesMax = 256;  // of one source
  static constexpr std::size_t kAccountsMax = 20'000;

  // Takes the entry of that index; its successor is the next. `entry` is looked at if it
  // is one of Stele's own. What a ledger knows depends on nothing but the entries.
  void observe(std::uint64_t index, const Sighting& sighting, std::string_view entry);
  // An entry that could not be read counts for nobody.
  void skip(std::uint64_t index);

  // How many entries were taken: the index of the next.
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] std::uint64_t unreadable() const { return unreadable_; }
  // By ledger_name() of source.id, with "/" and that of the host behind it where each host is a source of its own.
  [[nodiscard]] const std::map<std::string, SourceState, std::less<>>& sources() const { return sources_; }
  // Those that came first.
  [[nodiscard]] const std::map<std::string, AccountState, std::less<>>& accounts() const { return accounts_; }
  // The first entry that was received on that day or later; size() when there is none.
  [[nodiscard]] std::uint64_t first_index(Day day) const;
  // When the source, or any host of it, was heard last; 0: never.
  [[nodiscard]] UnixNanos last_seen(std::string_view name) const;
  // The digest of the registry that the log knows of.
  [[nodiscard]] const std::string& registry_digest() const { return registry_digest_; }

  // Whether the server's clock was synchronised when the log last said so; nothing when it never did.
  [[nodiscard]] std::optional<bool> clock_synchronised() const { return clock_synchronised_; }

  // What is due at `now`: gaps older than `gap_grace`, gaps that were filled, sources of `registry` that are silent, or no
  // longer. Nothing counts from before `since`, for nobody was there to receive. Each once, until it is observed in the log,
  // or ask_again().
  std::vector<Finding> due(const Registry& registry, UnixNanos now, UnixNanos since, UnixNanos gap_grace);
  void ask_again();

 private:
  friend class LedgerFile;
  using Sources = std::map<std::string, SourceState, std::less<>>;
  enum class Place : std::uint8_t { kWhereLeft, kReserved };
  static std::string_view name_of(const Sighting& sighting);
  // Those that are kept apart no more are others: the iterator's key says so.
  Sources::iterator state_of(const Sighting& sighting);
  Sources::iterator state_of(std::string_view name, std::string_view source, Place place);
  void count_host(std::string_view name, std::string_view source);
  static void count(const Sighting& sighting, SourceState& state);
  static void number(const Sighting& sighting, SourceState& state);
  void withdraw_refusal(const Sighting& sighting);
  void count_account(const Sighting& sighting);
  void observe_own(const Sighting& sighting, std::string_view entry);

  std::uint64_t size_ = 0;
  std::uint64_t unreadable_ = 0;
  Sources sources_;
  std::map<std::string, std::size_t, std::less<>> hosts_;  // of each source.id, those that are kept apart
  std::map<std::string, AccountState, std::less<>> accounts_;
  std::map<Day, std::uint64_t> day_starts_;
  std::string registry_digest_;
  std::optional<bool> clock_synchronised_;
  std::set<std::string> asked_;  // sources whose silence or return was returned
};

// Whether a source of that kind speaks for many hosts, so that each is a source of its own: "syslog/web-1".
bool has_hosts(std::string_view kind);
// Whether the protocol of that door tells its clients what is stored.
Delivery delivery_of(std::string_view kind);

}  // namespace stele::sources
