// The entries that are not sealed yet: those of the journal's chain, held against the roots that its frames name.
#pragma once

#include <string>

#include "verify/entry_run.h"
#include "verify/journal_image.h"
#include "verify/report.h"
#include "verify/tree_walk.h"

namespace stele::verify {

// The entries of `chain` from walk.size() on, to where it ends or a frame is missing, and the index at which the whole
// chain ends: what stands behind a gap is read too, but has no place in the tree.
struct TailEntries {
  EntryRun run;
  std::uint64_t end = 0;
};

// What of the chain is sealed already is held against the segments.
TailEntries read_tail(const LogPlace& place, const JournalChain& chain, const TreeWalk& walk, const Wanted& wanted);

// Names every byte of the journal that holds no frame of the chain.
void leave_free_space(const LogPlace& place, const JournalImage& image, const JournalChain& chain, Report& report);

// What stands where the next frame would, once it is known that `entries` are here and `signed_end` were signed: entries
// that are lost, or a commit that was never finished.
void judge_cut(const LogPlace& place, const JournalChain& chain, std::uint64_t entries, std::uint64_t signed_end, Report& report);

}  // namespace stele::verify
