#include "oidc/attempts.h"

#include <algorithm>

#include "crypto/hmac.h"
#include "login/secret_text.h"

namespace stele::oidc {
namespace {}  // namespace

Attempts::Attempts(const Clock& clock, Random& random, AttemptLimits limits) : clock_(clock), random_(random), limits_(limits) {
  random_.fill(secret_);
}

std::string Attempts::derived(std::string_view what, std::string_view cookie) const {
  std::string text(what);
  text += ':';
  text += cookie;
  return hex_encode(as_byte_span(crypto::hmac_sha256(as_byte_span(secret_), as_byte_span(text))));
}

Attempt Attempts::of(std::string cookie) const {
  Attempt out;
  out.state = derived("state", cookie);
  out.nonce = derived("nonce", cookie);
  out.verifier = derived("verifier", cookie);
  out.cookie = std::move(cookie);
  return out;
}

Attempt Attempts::begin() { return of(login::make_secret_text(random_) + "." + std::to_string(clock_.monotonic() / kSecond)); }

Result<Attempt> Attempts::take(std::string_view cookie, std::string_view state) {
  constexpr std::size_t kCookieBytesMax = 128;
  if (cookie.empty() || cookie.size() > kCookieBytesMax)
    return Error{Code::kUnauthenticated,
                 "this browser has begun no login here, or did so more than ten minutes ago; begin again"};
  Attempt attempt = of(std::string(cookie));
  // What the cookie says is believed from here on: the state shows that it is ours.
  if (!crypto::equal_in_constant_time(as_byte_span(attempt.state), as_byte_span(state)))
    return unauthenticated("the login that comes back is not the one that this browser began last; begin again");
  const auto begun = parse_decimal(cookie.substr(std::min(cookie.find('.'), cookie.size() - 1) + 1));
  const std::int64_t now = clock_.monotonic();
  if (!begun || static_cast<std::int64_t>(*begun) * kSecond + limits_.lifetime <= now)
    return unauthenticated("the login was begun more than ten minutes ago; begin again");
  const std::lock_guard lock(mutex_);
  std::erase_if(taken_, [&](const auto& one) { return one.second + limits_.lifetime <= now; });
  if (taken_.size() >= limits_.taken_max)
    taken_.erase(std::ranges::min_element(taken_, {}, [](const auto& one) { return one.second; }));
  if (!taken_.emplace(login::hash_of_secret(attempt.state), now).second)
    return unauthenticated("this login came back before; each is good once");
  return attempt;
}

}  // namespace stele::oidc
