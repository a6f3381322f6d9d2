// One statement over a log: read-only SQL as SQLite has it, on the table `events` (docs/formats/sql.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "search/go_on.h"
#include "search/searched.h"

namespace stele::sql {

// What a statement may take.
inline constexpr std::size_t kStatementBytesMax = 64U << 10;
inline constexpr std::size_t kValueBytesMax = 1U << 20;     // of one text or blob
inline constexpr std::size_t kMemoryBytesMax = 256U << 20;  // for sorting above all
inline constexpr std::uint64_t kRowsDefault = 10'000;
inline constexpr std::uint64_t kRowsMax = 1'000'000;
inline constexpr std::size_t kAnswerBytesMax = 64U << 20;
inline constexpr std::size_t kRowBytesMax = 16U << 20;  // of its values; they may be longer in the answer

struct Value {
  enum class Kind : std::uint8_t { kNull, kInteger, kReal, kText, kBlob };
  Kind kind = Kind::kNull;
  std::int64_t integer = 0;
  double real = 0;
  std::string_view bytes;  // of a text, perhaps not UTF-8; or of a blob
};

// Takes what a statement answers. What it is handed holds until it returns.
class Answer {
 public:
  virtual ~Answer() = default;
  virtual void begin(std::span<const std::string> columns) = 0;
  virtual void row(std::span<const Value> values) = 0;
  [[nodiscard]] virtual std::size_t bytes() const = 0;
};

struct StatementRequest {
  std::string sql;
  std::uint64_t rows_max = kRowsDefault;
  UnixNanos now = 0;  // what times in `q` count from
};

// Whether there were more rows than the request or kAnswerBytesMax allow. kInvalid with SQLite's own sentence for what is no
// statement or is not allowed, kTooLarge when it takes too much, kBusy when others do, kUnavailable when `go_on`, which is asked
// all the time, says no. The log may grow meanwhile; what it had when it began is read. Any thread; it runs on the caller's.
Result<bool> run_statement(const search::Searched& searched, const StatementRequest& request, const search::GoOn& go_on,
                           Answer& answer);

}  // namespace stele::sql
