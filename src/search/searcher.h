// Answers a query with pages of entries, and how many there are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "query/term.h"
#include "search/go_on.h"
#include "search/hits.h"
#include "search/searched.h"

namespace stele::search {

enum class Order : std::uint8_t { kNewestFirst, kOldestFirst };

struct SearchRequest {
  Order order = Order::kNewestFirst;
  std::uint64_t limit = 100;
  // Of an earlier page, so that this one follows it: the size of the log then, the last index of it, and the total.
  struct Continued {
    std::uint64_t size = 0;
    std::uint64_t last = 0;
    std::uint64_t total = 0;
  };
  std::optional<Continued> continued;
};

struct SearchResult {
  std::vector<Hit> hits;
  std::uint64_t total = 0;  // of the whole query, exact
  std::uint64_t size = 0;   // entries of the log that were searched
  bool more = false;        // behind these
  std::uint64_t read = 0;   // entries that were read to decide
};

inline constexpr std::size_t kPageBytesMax = 8U << 20;  // of the entries of a page: it ends early

// The log may grow meanwhile; what it had when the search began is searched. When `go_on` says no, the answer is
// kUnavailable. Any thread.
Result<SearchResult> search(const Searched& searched, const query::Term& term, const SearchRequest& request, const GoOn& go_on);

}  // namespace stele::search
