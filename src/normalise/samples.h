// What a normaliser says of itself: its samples, tried.
#pragma once

#include <string>
#include <vector>

#include "normalise/ruleset.h"

namespace stele::normalise {

// What became of a sample.
struct Tried {
  std::string event;                  // JSON
  std::string derived;                // JSON
  std::vector<std::string> failures;  // sentences; empty when all came out as it says
};

// Puts the sample through `rules`: whether its own rule concluded, what it gives came out, and the event is one by the schema.
Tried try_sample(const Sample& sample, const Ruleset& rules);

// The member of a JSON text at a path ("actor.id", "targets.0.id"), strings unescaped; nothing when there is none.
std::optional<std::string> member_at(std::string_view json, std::string_view path);

}  // namespace stele::normalise
