// The keys of a provider (RFC 7517), and whether one of them made a signature (RFC 7515, by libcjose). Pure.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace stele::oidc {

inline constexpr std::size_t kKeysBytesMax = 512U << 10;
inline constexpr std::size_t kTokenBytesMax = 64U << 10;

// What a token says, once it is known whose it is.
struct Signed {
  std::string algorithm;  // "RS256"
  std::string payload;
};

// Values, moved and not copied. Const functions are thread-safe.
class Keys {
 public:
  Keys();
  Keys(Keys&&) noexcept;
  Keys& operator=(Keys&&) noexcept;
  ~Keys();

  // kInvalid: it is no key set, or one of more than 64. Keys of other kinds and uses, and RSA keys of less than 2,048 bits, are
  // passed over.
  static Result<Keys> parse(std::string_view json);
  [[nodiscard]] std::size_t size() const { return keys_.size(); }

  // Of a token in the compact form, signed with RS, PS or ES, and 256, 384 or 512; nothing else is taken, whatever the token says
  // of itself. kNotFound: no key that is known here made it; one that is newer may have. kUnauthenticated: it is no such token,
  // or the signature is wrong.
  [[nodiscard]] Result<Signed> verify(std::string_view token) const;

 private:
  struct Key;
  std::vector<std::unique_ptr<Key>> keys_;
};

}  // namespace stele::oidc
