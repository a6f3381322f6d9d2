// One event in Stele's own shape, from a source that speaks it: checked against the published schema, kept as it came.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "event/json_tape.h"

namespace stele::event {

// Why an event is refused, or what looks odd about one that is not. `code` is stable: the JSON errors, and
// "missing", "wrong_type", "wrong_value", "misspelt".
using Finding = JsonError;

// An accepted event. Views are valid until the intake reads the next one.
struct Accepted {
  std::string text;               // the `event` member's bytes: minified, member order and lexemes as they came
  std::string id;                 // event.id, unescaped; empty when it has none
  std::string derived;            // the `derived` member's bytes; empty when nothing was concluded
  std::vector<Finding> warnings;  // unknown members that look like misspelt known ones; at most 8
  bool has_origin = false;
};

// Reads native events (docs/formats/event.schema.json). Keeps its buffers between calls; one for each thread.
class Intake {
 public:
  explicit Intake(JsonLimits limits) : limits_(limits) {}

  // False with `error` filled. Never partial: on failure `out` means nothing.
  [[nodiscard]] bool read(std::string_view json, Accepted& out, Finding& error);

 private:
  JsonLimits limits_;
  JsonTape tape_;
  std::string scratch_;
};

// Appends the text of node `at`, its reserved objects escaped: every object whose only member's name starts with '$' becomes
// {"$literal":<it>}.
void append_escaped(const JsonTape& tape, std::uint32_t at, std::string& out);

}  // namespace stele::event
