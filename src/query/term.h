// A query as a tree, from either notation (docs/formats/query.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "query/condition.h"

namespace stele::query {

inline constexpr std::size_t kQueryBytesMax = 16'384;
inline constexpr std::size_t kTermsMax = 256;
inline constexpr std::size_t kTermDepthMax = 32;
inline constexpr std::size_t kTermValueBytesMax = 1024;

struct Term {
  enum class Kind : std::uint8_t {
    kAll,       // everything
    kAnd,       // all of `terms`
    kOr,        // one of `terms`
    kNot,       // not the one of `terms`
    kField,     // a scalar at one of `paths` passes `test`
    kAnywhere,  // a scalar of the event or source, but for `time`, `original`, what is derived and `paths`, passes `test`
    kTime,      // event.time in [from, before)
    kReceived,  // the time of receipt in [from, before)
    kIndex,     // the place in the log in [first, end)
    kEntryId,   // the entry's own id is `id`, small letters
  };
  Kind kind = Kind::kAll;
  std::vector<Term> terms;
  std::vector<std::string> paths;  // of kField; of kAnywhere those that are passed over, with all below them
  std::optional<Condition> test;   // of kField and kAnywhere
  std::optional<UnixNanos> from;
  std::optional<UnixNanos> before;
  std::uint64_t first = 0;
  std::uint64_t end = UINT64_MAX;
  std::string id;
};

// What is wrong with a query, and where: `at` counts characters (code points) of a text from 0, and is absent of a document.
struct QueryError {
  std::string message;
  std::optional<std::size_t> at;
  std::string suggestion;  // what may have been meant
};

}  // namespace stele::query
