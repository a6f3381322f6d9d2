// The names of fields, and what they stand for (docs/formats/query.md).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stele::query {

struct Field {
  enum class Kind : std::uint8_t {
    kScalar,
    kTime,      // event.time, also as a scalar
    kReceived,  // the rest but kId are no scalars
    kIndex,
    kId,  // event.id, or the entry's own
    kSince,
    kUntil,
  };
  Kind kind = Kind::kScalar;
  std::string name;
  std::vector<std::string> paths;
  bool known = false;  // one of known_fields()
};

// Every name is one: of the table, a path, or a path below `attributes.`.
Field find_field(std::string_view name);

// The table's names, and the paths of the event's schema and of the envelope. Lives for ever.
std::span<const std::string_view> known_fields();

// What `name`, which is not known, may have been meant to be: a known one that other tools call so, or that is spelt nearly so,
// or a path that begins with such a one. Or empty.
std::string similar_field(std::string_view name);

// The values that the schema allows at the field; none when it may have any.
std::span<const std::string_view> values_of(const Field& field);

// Whether addresses are to be compared as such: one of the paths ends in `ip`, as a word of its own.
bool holds_addresses(const Field& field);

}  // namespace stele::query
