// Looking into a JSON text that a server sent or a file holds.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "event/json_tape.h"
#include "event/json_value.h"

namespace stele::cli {

// Reads an answer or an entry, with room for whole pages of entries. kInvalid when it is no JSON.
Status parse_json(std::string_view text, event::JsonTape& tape);

using event::JsonValue;

// The same value over several lines, two spaces a level; lexemes and order as they are.
std::string indented(const event::JsonTape& tape);

}  // namespace stele::cli
