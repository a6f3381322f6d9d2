// What entries keep apart, held against their commitments.
#pragma once

#include <set>

#include "verify/entry_run.h"
#include "verify/sealed.h"

namespace stele::verify {

using Commitments = std::set<Hash>;

// Which values are erased now. To be asked before entries are read: what is erased later may have no entry that was read.
Result<Commitments> erased_values(const LogPlace& place);

// Rereads every value. Findings: one that an entry commits to is not there, is changed, or is erased though no entry says so.
Status check_apart(const LogPlace& place, const ApartMentions& apart, const Commitments& erased_before, const Options& options,
                   Report& report);

}  // namespace stele::verify
