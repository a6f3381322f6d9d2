#include "login/sessions.h"

#include <algorithm>

#include "crypto/hmac.h"
#include "login/secret_text.h"

namespace stele::login {

Sessions::Sessions(const Clock& clock, Random& random, SessionLimits limits) : clock_(clock), random_(random), limits_(limits) {
  random_.fill(secret_);
}

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
  NewSession out{make_secret_text(random_), {}};
  out.csrf = csrf(out.cookie);
  const std::int64_t now = clock_.monotonic();
  const std::lock_guard lock(mutex_);
  make_room(identity.text, now);
  Session& session = sessions_[hash_of_secret(out.cookie)];
  session = {identity, now, now};
  session.identity.session = hash_of_secret(out.cookie);
  return out;
}

std::optional<access::Identity> Sessions::use(std::string_view cookie) {
  const std::int64_t now = clock_.monotonic();
  const std::lock_guard lock(mutex_);
  const auto it = sessions_.find(hash_of_secret(cookie));
  if (it == sessions_.end()) return std::nullopt;
  if (is_over(it->second, now)) {
    sessions_.erase(it);
    return std::nullopt;
  }
  it->second.used = now;
  return it->second.identity;
}

bool Sessions::is_open(const Hash& session) const {
  const std::lock_guard lock(mutex_);
  const auto it = sessions_.find(session);
  return it != sessions_.end() && !is_over(it->second, clock_.monotonic());
}

std::string Sessions::csrf(std::string_view cookie) const {
  return hex_encode(as_byte_span(crypto::hmac_sha256(as_byte_span(secret_), as_byte_span(cookie))));
}

bool Sessions::is_csrf(std::string_view cookie, std::string_view text) const {
  return crypto::equal_in_constant_time(as_byte_span(csrf(cookie)), as_byte_span(text));
}

bool Sessions::end(std::string_view cookie) {
  const std::lock_guard lock(mutex_);
  return sessions_.erase(hash_of_secret(cookie)) > 0;
}

std::size_t Sessions::end_all(std::string_view identity) {
  const std::lock_guard lock(mutex_);
  return std::erase_if(sessions_, [&](const auto& one) { return one.second.identity.text == identity; });
}

std::vector<access::Identity> Sessions::open_of(std::string_view identity) const {
  std::vector<access::Identity> out;
  const std::lock_guard lock(mutex_);
  for (const auto& [hash, session] : sessions_) {
    if (session.identity.text == identity && !is_over(session, clock_.monotonic())) out.push_back(session.identity);
  }
  return out;
}

std::size_t Sessions::count() const {
  const std::lock_guard lock(mutex_);
  return sessions_.size();
}

}  // namespace stele::login
