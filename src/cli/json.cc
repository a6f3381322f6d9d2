#include "cli/json.h"

namespace stele::cli {
namespace {

using event::JsonTape;
using event::JsonType;

void append_indented(const JsonTape& tape, std::uint32_t at, std::string& out, std::size_t depth) {
  const event::JsonNode& node = tape.nodes()[at];
  const bool object = node.type == JsonType::kObject;
  if ((!object && node.type != JsonType::kArray) || node.end == at + 1) {
    out += tape.raw(node);
    return;
  }
  out += object ? '{' : '[';
  bool first = true;
  tape.for_each_child(at, [&](std::uint32_t child) {
    out += first ? "\n" : ",\n";
    first = false;
    out.append(2 * (depth + 1), ' ');
    if (object) {
      out += '"';
      out += tape.key(tape.nodes()[child]);
      out += "\": ";
    }
    append_indented(tape, child, out, depth + 1);
  });
  out += '\n';
  out.append(2 * depth, ' ');
  out += object ? '}' : ']';
}

}  // namespace

Status parse_json(std::string_view text, JsonTape& tape) {
  event::JsonLimits limits;
  limits.bytes_max = 256U << 20;
  limits.depth_max = 128;
  limits.nodes_max = 20'000'000;
  event::JsonError error;
  if (tape.parse(text, limits, error)) return {};
  return invalid("no JSON: " + error.message);
}

std::string indented(const JsonTape& tape) {
  std::string out;
  append_indented(tape, 0, out, 0);
  return out;
}

}  // namespace stele::cli
