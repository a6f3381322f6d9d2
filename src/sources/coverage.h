// The coverage page as JSON, and the signed statement of completeness (docs/formats/sources.md).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "merkle/note.h"
#include "sources/ledger.h"
#include "sources/period.h"
#include "sources/registry.h"

namespace stele::sources {

// How a source is, in a word: what is worst.
enum class Health : std::uint8_t { kGood, kGaps, kSilent, kNever };
std::string_view health_name(Health health);

// Everything about the sources of a period, as one JSON object: {"period":…,"sources":[…],"categories":[…],"unfed":[…]}.
std::string coverage_json(const Ledger& ledger, const Registry& registry, Period period, UnixNanos now);

// What a statement is about.
struct StatementHead {
  std::string origin;
  Period period;
  std::uint64_t tree_size = 0;  // a signed state of the log
  Hash root{};
};

// The text of a statement: its first line, which no checkpoint can have, and one JSON object. Entries from `tree_size` on, which
// the ledger must not count yet, are none of it.
std::string statement_text(const Ledger& ledger, const StatementHead& head);

// Reads the head back. kInvalid when it is no statement.
Result<StatementHead> parse_statement(std::string_view text);

inline constexpr std::string_view kStatementTitle = "stele-completeness/1 ";

}  // namespace stele::sources
