// The table `events`: its columns, and what each is of an entry (docs/formats/sql.md).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace stele::sql {

struct Column {
  enum class Kind : std::uint8_t {
    kIndex,     // the place in the log
    kId,        // the entry's own id
    kReceived,  // when it was received
    kTime,      // when the event was
    kText,      // the first scalar of the first of the paths that has one
    kNumber,    // the same, as a number where it is a whole one of 64 bits
    kAttributes,
    kEntry,
    kQuery,  // hidden: what the query language says
  };
  std::string_view name;
  Kind kind;
  std::array<std::string_view, 2> paths;  // empty ones are none
};

std::span<const Column> columns();
// The number of the column `q`.
int query_column();

// As SQLite wants it declared.
std::string table_declaration();

}  // namespace stele::sql
