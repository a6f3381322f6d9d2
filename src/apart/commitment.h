// Commitments: what an entry holds of a value that is kept apart (docs/formats/entry.md).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "event/apart_value.h"

namespace stele::apart {

inline constexpr std::size_t kSaltBytes = 32;

// SHA-256(domain ‖ salt ‖ bytes); the domain is the kind's.
Hash commitment_of(event::ApartKind kind, const std::array<std::uint8_t, kSaltBytes>& salt, std::string_view bytes);

// Commits to `bytes` with a fresh salt.
event::ApartValue commit(event::ApartKind kind, std::string bytes, Random& random);

// The object that stands for the value: {"$sealed":{…}} or {"$attachment":{…}}, an attachment with the readable start of it.
std::string reserved_object(const event::ApartValue& value);

// Where a text, which is JSON as this program writes it, holds the commitment of a value.
struct CommitmentAt {
  event::ApartKind kind = event::ApartKind::kSealed;
  Hash commitment{};
  std::uint64_t bytes = 0;
  std::size_t at = 0;  // of the 44 characters of base64
};

// The first at `from` or behind it.
std::optional<CommitmentAt> next_commitment(std::string_view text, std::size_t from);

// Calls f(CommitmentAt) for each in order. What input had under these names stands within {"$literal":…} and counts for nothing.
template <typename F>
void for_each_commitment(std::string_view text, F&& f) {
  for (std::size_t from = 0;;) {
    const auto found = next_commitment(text, from);
    if (!found) return;
    f(*found);
    from = found->at + 44;
  }
}

}  // namespace stele::apart
