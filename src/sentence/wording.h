// Reads a file of templates (docs/formats/sentences.md).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sentence/facts.h"
#include "sentence/template.h"

namespace stele::sentence {

inline constexpr std::size_t kFileBytesMax = 1U << 20;

// Which entries are told how.
struct Wording {
  std::string where;                    // "sentences.yaml:12", for messages
  std::string action;                   // with `*`, which stands for any text
  std::vector<std::string> outcomes;    // of which it has one; empty: any
  std::vector<std::string> categories;  // the same
  Template text;

  [[nodiscard]] bool is_pattern() const { return action.find('*') != std::string::npos; }
  // Whether it is meant for the entry: its action, its outcome, its category.
  [[nodiscard]] bool fits(const Facts& facts) const;
};

// kInvalid with file, line and what is expected. `file` is for messages alone.
Result<std::vector<Wording>> read_wordings(std::string_view yaml, const std::string& file);

}  // namespace stele::sentence
