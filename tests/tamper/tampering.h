// One random change to the files of a log: what a disk, a careless hand or a hurried forger would do.
#pragma once

#include <string>
#include <vector>

#include "support/prng.h"
#include "tamper/image.h"

namespace stele::testing {

// What there is to put in a file's place.
struct Materials {
  const Image& older;  // the same log, earlier
  const Image& other;  // another log, under the same paths
};

// Changes `image` somehow and says how: "flip bit 3 of byte 17 in x". Nothing may have changed in the end (two blocks
// swapped that are equal).
std::string tamper_with(Image& image, const Materials& materials, Prng& prng);

}  // namespace stele::testing
