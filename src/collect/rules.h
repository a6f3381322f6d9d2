// The rules that a server works with: those of its folder, then the shipped ones.
#pragma once

#include <string>

#include "base/result.h"
#include "io/file.h"
#include "normalise/ruleset.h"

namespace stele::collect {

// Reads every *.yaml of `dir` (none when it is empty), in the order of their names, and tries their samples: kInvalid with the
// file, the line and what did not come out.
Result<normalise::Ruleset> load_rules(io::FileSystem& fs, const std::string& dir);

}  // namespace stele::collect
