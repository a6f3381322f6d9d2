// What every door makes of what comes, as it is shipped.
#pragma once

#include <utility>

#include "collect/door_batch.h"
#include "collect/rules.h"
#include "support/fixed.h"

namespace stele::testing {

// Lives for ever. Salts are the same in each run.
inline const collect::Understanding& shipped_understanding() {
  static const normalise::Ruleset rules = std::move(collect::load_rules(io::posix(), "")).value();
  static SeededRandom random(1);
  static const apart::Keeper keeper({&apart::shipped_secrets(), 16U << 20}, random);
  static const collect::Understanding understanding{rules, keeper};
  return understanding;
}

}  // namespace stele::testing
