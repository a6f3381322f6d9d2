// What of the entries of a log may be seen, where that is not all. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace stele::access {

struct Sight {
  std::vector<std::string> categories;  // of events; none: every one
  std::optional<UnixNanos> since;       // what happened, or was received, in [since, until)
  std::optional<UnixNanos> until;

  [[nodiscard]] bool is_whole() const { return categories.empty() && !since && !until; }
  friend bool operator==(const Sight&, const Sight&) = default;
};

// " of the categories …, from … to …", to be put behind what is seen; empty where that is all.
std::string sight_text(const Sight& sight);

}  // namespace stele::access
