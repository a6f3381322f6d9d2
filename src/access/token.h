// Tokens: what a program shows to say who it is (docs/formats/access.md). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"

namespace stele::access {

inline constexpr std::size_t kTokenIdBytes = 10;

// A token just made: its text is shown once and kept nowhere.
struct NewToken {
  std::string id;
  std::string text;
  Hash digest;
};
NewToken make_token(Random& random);

// What a token's text says of itself. The digest is SHA-256 of the text: its secret has 256 random bits, so that no slow hash
// is needed to keep it from being guessed.
struct ShownToken {
  std::string id;
  Hash digest;
};
// Nothing when it has not the shape of a token.
std::optional<ShownToken> read_token(std::string_view text);
// Whether it is one that was made, here or elsewhere: its check fits. It need not be asked of one that is known.
bool is_whole_token(std::string_view text);

// In a time that says nothing of where they differ.
bool same_digest(const Hash& a, const Hash& b);

}  // namespace stele::access
