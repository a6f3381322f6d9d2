// Reads a normaliser (docs/formats/normaliser.md).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "normalise/rule.h"

namespace stele::normalise {

inline constexpr std::size_t kNormaliserBytesMax = 1U << 20;

// A record, and what is to come of it.
struct Sample {
  std::string where;  // "sshd.yaml:12", for messages
  std::string rule;   // its rule's Rule::by
  std::string message;
  std::string document;  // JSON text, or empty
  std::vector<std::pair<std::string, std::string>> fields;
  std::vector<std::pair<std::string, std::string>> gives;  // path into the event → text
};

struct Normaliser {
  std::string name;
  unsigned version = 0;
  std::vector<Rule> rules;
  std::vector<Sample> samples;
};

// kInvalid with file, line and what is expected. `file` is for messages alone.
Result<Normaliser> read_normaliser(std::string_view yaml, const std::string& file);

}  // namespace stele::normalise
