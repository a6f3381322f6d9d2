// Signed states and what became of them: which the entries lead to, and what it means where they do not.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "verify/entry_run.h"
#include "verify/report.h"
#include "verify/tree_walk.h"

namespace stele::verify {

// Claims of the log's own checkpoints have this source; those of anchor n have n + 1.
inline constexpr std::uint32_t kOwnCheckpoint = 0;

// Opens the notes of the anchors: one finding for each that is not signed by `key`, a claim for each other.
void claim_anchors(const Options& options, const merkle::VerifierKey& key, std::vector<Claim>& claims, Report& report);

// What is looked for in the entries: the sizes of the claims and the leaves of the anchors.
Wanted wanted_by(const Options& options, const std::vector<Claim>& claims);

// Turns the verdicts into findings. `own` is where the log's own checkpoints stand; `holders` names the files in which
// entries [first, end) stand. Returns up to which entry a claim holds.
std::uint64_t judge_claims(const TreeWalk& walk, const Options& options, const std::string& own,
                           const std::function<std::string(std::uint64_t first, std::uint64_t end)>& holders, Report& report);

// How many entries the largest claim covers that more of them were signed than are here; 0 when there is none.
std::uint64_t signed_beyond(const TreeWalk& walk);

}  // namespace stele::verify
