// Decides on entries what a query says, by reading them: for what no index covers, and for what one leaves open.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "event/scalars.h"
#include "query/term.h"

namespace stele::query {

// Keeps what it learns about paths from one entry to the next. The term outlives it. Not thread-safe.
class Matcher {
 public:
  explicit Matcher(const Term& term);

  // Whether the entry at place `index` of the log is one that the query means. One whose bytes are no entry has no scalars.
  [[nodiscard]] bool matches(std::uint64_t index, std::string_view entry);

 private:
  // A term that is decided scalar by scalar.
  struct Leaf {
    const Term* term;
    std::vector<std::int8_t> wanted;  // by path: 1 yes, 0 no, -1 not known yet
    bool holds = false;
  };
  void find_leaves(const Term& term);
  void look(std::string_view entry);
  [[nodiscard]] bool wants(Leaf& leaf, event::PathNumber path) const;
  [[nodiscard]] bool holds(const Term& term, std::uint64_t index, std::string_view entry, std::size_t& leaf) const;

  const Term& term_;
  std::vector<Leaf> leaves_;  // in the order of the tree
  event::Scalars scalars_;
  std::uint64_t generation_ = 0;
  std::optional<UnixNanos> time_;
  bool wants_time_ = false;
};

// Whether `path` is of a scalar that the term, a kAnywhere, means.
bool is_anywhere(const Term& term, std::string_view path);

}  // namespace stele::query
