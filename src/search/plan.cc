#include "search/plan.h"

#include <algorithm>

#include "base/bytes.h"
#include "event/entry.h"

namespace stele::search {
namespace {

using query::Term;

constexpr UnixNanos kMilli = 1'000'000;

// The first of `size` entries that came at `time` or later: times of receipt never go back.
Result<std::uint64_t> first_received(EntryReader& reader, std::uint64_t size, UnixNanos time) {
  std::uint64_t low = 0;
  std::uint64_t high = size;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    STELE_ASSIGN(const std::string_view entry, reader.read(middle));
    const auto received = event::read_received(entry);
    if (!received) return corrupt("entry " + std::to_string(middle) + " has no time of receipt");
    if (*received < time) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

// The millisecond in a UUIDv7's first 48 bits; nothing for what is none.
std::optional<UnixNanos> millisecond_of(const std::string& id) {
  if (id.size() != event::kIdWidth || id[8] != '-' || id[14] != '7') return std::nullopt;
  const auto bytes = hex_decode(id.substr(0, 8) + id.substr(9, 4));
  if (!bytes) return std::nullopt;
  UnixNanos out = 0;
  for (const char c : *bytes) out = out << 8 | static_cast<unsigned char>(c);
  constexpr UnixNanos kMillisMax = 9'000'000'000'000;
  return out < kMillisMax ? std::optional(out * kMilli) : std::nullopt;
}

int cost(const Term& term) {
  switch (term.kind) {
    case Term::Kind::kAll:
    case Term::Kind::kIndex: return 0;
    case Term::Kind::kTime: return 1;
    case Term::Kind::kField: return 2;
    case Term::Kind::kNot: return 2 + cost(term.terms[0]);
    case Term::Kind::kAnd:
    case Term::Kind::kOr: return 4;
    default: return 5;
  }
}

class Planner {
 public:
  Planner(EntryReader& reader, std::uint64_t size) : reader_(reader), size_(size) {}

  Status resolve(Term& term) {
    if (term.kind == Term::Kind::kReceived) {
      STELE_ASSIGN(term.first, term.from ? first_received(reader_, size_, *term.from) : Result<std::uint64_t>(0));
      STELE_ASSIGN(term.end, term.before ? first_received(reader_, size_, *term.before) : Result<std::uint64_t>(size_));
      term.kind = Term::Kind::kIndex;
    } else if (term.kind == Term::Kind::kEntryId) {
      return resolve_id(term);
    }
    for (Term& one : term.terms) STELE_TRY(resolve(one));
    if (term.kind == Term::Kind::kAnd)
      std::stable_sort(term.terms.begin(), term.terms.end(), [](const Term& a, const Term& b) { return cost(a) < cost(b); });
    return {};
  }

 private:
  // Its id says when it came: it is one of the few of that millisecond.
  Status resolve_id(Term& term) {
    Term place;
    place.kind = Term::Kind::kIndex;
    place.end = 0;
    if (const auto time = millisecond_of(term.id)) {
      STELE_ASSIGN(place.first, first_received(reader_, size_, *time));
      STELE_ASSIGN(place.end, first_received(reader_, size_, *time + kMilli));
    }
    Term both;
    both.kind = Term::Kind::kAnd;
    both.terms = {std::move(place), std::move(term)};
    term = std::move(both);
    return {};
  }

  EntryReader& reader_;
  std::uint64_t size_;
};

// What the term leaves of [first, end).
void narrow(const Term& term, std::uint64_t& first, std::uint64_t& end) {
  if (term.kind == Term::Kind::kIndex) {
    first = std::max(first, term.first);
    end = std::min(end, term.end);
  } else if (term.kind == Term::Kind::kAnd) {
    for (const Term& one : term.terms) narrow(one, first, end);
  } else if (term.kind == Term::Kind::kOr && !term.terms.empty()) {
    std::uint64_t least = end;
    std::uint64_t most = first;
    for (const Term& one : term.terms) {
      std::uint64_t one_first = first;
      std::uint64_t one_end = end;
      narrow(one, one_first, one_end);
      if (one_first >= one_end) continue;
      least = std::min(least, one_first);
      most = std::max(most, one_end);
    }
    first = least;
    end = std::max(most, least);
  }
}

}  // namespace

Result<Plan> make_plan(const Term& term, EntryReader& reader, std::uint64_t size) {
  Plan plan{term, 0, size};
  STELE_TRY(Planner(reader, size).resolve(plan.term));
  narrow(plan.term, plan.first, plan.end);
  plan.end = std::max(plan.end, plan.first);
  return plan;
}

}  // namespace stele::search
