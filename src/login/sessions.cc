#include "login/sessions.h"

#include <algorithm>
#include <array>

#include "crypto/hmac.h"
#include "crypto/sha256.h"

namespace stele::login {
namespace {

std::string random_text(Random& random) {
  std::array<std::uint8_t, 32> bytes{};
  random.fill(bytes);
  return hex_encode(std::as_bytes(std::span(bytes)));
}

Hash hash_of(std::string_view text) { return crypto::sha256(as_byte_span(text)); }

}  // namespace

bool Sessions::is_over(const Session& session, std::int64_t now) const {
  return session.used + limits_.idle <= now || session.begun + limits_.absolute <= now;
}

void Sessions::make_room(std::string_view identity, std::int64_t now) {
  std::erase_if(sessions_, [&](const auto& one) { return is_over(one.second, now); });
  const auto end_oldest = [&](std::size_t most, const auto& counts) {
    auto oldest = sessions_.end();
    std::size_t count = 0;
    for (auto it = sessions_.begin(); it != sessions_.end(); ++it) {
      if (!counts(it->second)) continue;
      ++count;
      if (oldest == sessions_.end() || it->second.used < oldest->second.used) oldest = it;
    }
    if (count >= most) sessions_.erase(oldest);
  };
  end_oldest(limits_.of_one_max, [&](const Session& one) { return one.identity.text == identity; });
  end_oldest(limits_.sessions_max, [](const Session& /*any*/) { return true; });
}

NewSession Sessions::begin(const access::Identity& identity) {
  NewSession out{random_text(random_), random_text(random_)};
  const std::int64_t now = clock_.monotonic();
  const std::lock_guard lock(mutex_);
  make_room(identity.text, now);
  sessions_[hash_of(out.cookie)] = {identity, hash_of(out.csrf), now, now};
  return out;
}

std::optional<Sessions::Found> Sessions::use(std::string_view cookie) {
  const std::int64_t now = clock_.monotonic();
  const std::lock_guard lock(mutex_);
  const auto it = sessions_.find(hash_of(cookie));
  if (it == sessions_.end()) return std::nullopt;
  if (is_over(it->second, now)) {
    sessions_.erase(it);
    return std::nullopt;
  }
  it->second.used = now;
  return Found{it->second.identity, it->second.csrf};
}

bool Sessions::is_csrf(const Found& session, std::string_view text) {
  return crypto::equal_in_constant_time(as_byte_span(session.csrf), as_byte_span(hash_of(text)));
}

bool Sessions::end(std::string_view cookie) {
  const std::lock_guard lock(mutex_);
  return sessions_.erase(hash_of(cookie)) > 0;
}

void Sessions::end_all(std::string_view identity) {
  const std::lock_guard lock(mutex_);
  std::erase_if(sessions_, [&](const auto& one) { return one.second.identity.text == identity; });
}

std::size_t Sessions::count() const {
  const std::lock_guard lock(mutex_);
  return sessions_.size();
}

}  // namespace stele::login
