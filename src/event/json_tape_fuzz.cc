// The reader against simdjson's DOM parser and a plain stripper of white space: they take the same texts, apart from what
// I-JSON, the limits and the range of numbers forbid, and make the same of them.
#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/json_text.h"
#include "event/json_tape.h"

namespace {

namespace se = stele::event;
using simdjson::dom::element;
using simdjson::dom::element_type;

constexpr se::JsonLimits kLimits{1U << 20, 200, 1U << 20};

void require(bool holds) {
  if (!holds) std::abort();
}

// White space outside strings taken away, byte by byte.
std::string stripped(std::string_view json) {
  std::string out;
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string && c == '\\' && i + 1 < json.size()) {
      out += c;
      out += json[++i];
      continue;
    }
    if (c == '"') in_string = !in_string;
    if (in_string || (c != ' ' && c != '\t' && c != '\n' && c != '\r')) out += c;
  }
  return out;
}

se::JsonType type_of(element_type type, const element& value) {
  switch (type) {
    case element_type::OBJECT: return se::JsonType::kObject;
    case element_type::ARRAY: return se::JsonType::kArray;
    case element_type::STRING: return se::JsonType::kString;
    case element_type::BOOL: return bool(value) ? se::JsonType::kTrue : se::JsonType::kFalse;
    case element_type::NULL_VALUE: return se::JsonType::kNull;
    default: return se::JsonType::kNumber;
  }
}

// Walks both readings of one text.
void compare(const se::JsonTape& tape, std::uint32_t at, const element& value) {
  const se::JsonNode& node = tape.nodes()[at];
  std::string scratch;
  require(node.type == type_of(value.type(), value));
  require(!tape.raw(node).empty() && node.end > at && node.end <= tape.nodes().size());
  if (node.type == se::JsonType::kString) require(tape.string(node, scratch) == std::string_view(value));
  std::uint32_t child = at + 1;
  if (value.is_array()) {
    for (const element item : simdjson::dom::array(value)) {
      require(child < node.end);
      compare(tape, child, item);
      child = tape.nodes()[child].end;
    }
  } else if (value.is_object()) {
    for (const auto member : simdjson::dom::object(value)) {
      require(child < node.end && tape.name(tape.nodes()[child], scratch) == member.key);
      compare(tape, child, member.value);
      child = tape.nodes()[child].end;
    }
  }
  require(child == node.end);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  static se::JsonTape tape;  // kept from one text to the next, as in use
  static simdjson::dom::parser parser;
  se::JsonError error;
  const bool taken = tape.parse(json, kLimits, error);
  element root;
  const auto verdict = parser.parse(json.data(), json.size()).get(root);
  if (!taken) {
    require(tape.nodes().empty() && tape.text().empty());
    require(!error.message.empty() && stele::is_utf8(error.message) && stele::is_utf8(error.path));
    const bool ours_alone = error.code != "invalid_json" || error.message.find("surrogate") != std::string::npos;
    require(verdict != simdjson::SUCCESS || ours_alone);
    return 0;
  }
  require(tape.text() == stripped(json));
  const std::string text(tape.text());
  if (verdict == simdjson::SUCCESS) {
    compare(tape, 0, root);
  } else {
    require(verdict == simdjson::NUMBER_ERROR);  // out of the range that it can hold
  }
  for (std::uint32_t i = 0; i < tape.nodes().size() && i < 50; ++i) require(stele::is_utf8(tape.path(i)));
  require(tape.parse(text, kLimits, error) && tape.text() == text);
  return 0;
}
