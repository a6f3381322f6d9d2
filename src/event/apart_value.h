// A value that is kept apart from its entry, which has only its commitment (docs/formats/entry.md).
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/bytes.h"

namespace stele::event {

enum class ApartKind : std::uint8_t { kSealed = 1, kAttachment = 2 };

struct ApartValue {
  ApartKind kind = ApartKind::kSealed;
  Hash commitment{};
  std::array<std::uint8_t, 32> salt{};
  std::string bytes;  // what was committed to
};

}  // namespace stele::event
