// The checkpoints that a log keeps of itself: every record of the file `checkpoints` (docs/formats/checkpoints.md).
#pragma once

#include <string>
#include <vector>

#include "merkle/note.h"
#include "verify/claims.h"
#include "verify/report.h"
#include "verify/sealed.h"

namespace stele::verify {

struct KeptCheckpoints {
  std::uint64_t records = 0;  // whole ones, good or not
  std::uint64_t good = 0;     // of them, undamaged
  std::uint64_t forged = 0;   // of those, not signed by the key
};

// Reads and judges every record; those signed by `key` become claims.
KeptCheckpoints read_kept(const LogPlace& place, const std::string& origin, const merkle::VerifierKey& key,
                          std::vector<Claim>& claims, Report& report);

}  // namespace stele::verify
