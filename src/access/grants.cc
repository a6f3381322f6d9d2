#include "access/grants.h"

#include <algorithm>
#include <mutex>

#include "access/token.h"
#include "base/json_text.h"

namespace stele::access {
namespace {

constexpr std::size_t kNameBytesMax = 256;

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kNameBytesMax && is_utf8(text) &&
         std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

Identity identity_of(const Grant& grant) {
  return {"token:" + grant.id, grant.name, find_role(grant.role), grant.source, grant.logs};
}

}  // namespace

Status check_grant(const Grant& grant) {
  if (!is_name(grant.name)) return invalid("name is 1 to 256 bytes of UTF-8 without control characters");
  const Role* role = find_role(grant.role);
  if (role == nullptr) {
    std::string all;
    for (const Role& one : roles()) all += (all.empty() ? "" : ", ") + std::string(one.name);
    return invalid("there is no role \"" + (is_utf8(grant.role) ? grant.role : "?") + "\"; there are " + all);
  }
  if (!grant.source.empty() && !is_name(grant.source)) return invalid("source is the name of a source, of at most 256 bytes");
  if (!grant.source.empty() && !role->permissions.has(Permission::kWrite))
    return invalid("source is for roles that write; " + grant.role + " does not");
  if (grant.expires && *grant.expires <= grant.created) return invalid("expires lies in the past");
  return {};
}

void Grants::put(const Grant& grant) {
  auto held = std::make_shared<Held>();
  held->grant = grant;
  held->identity = identity_of(grant);
  const std::unique_lock lock(mutex_);
  auto& place = held_[grant.id];
  if (place) held->last_used = place->last_used.load();
  place = std::move(held);
}

std::optional<Grant> Grants::find(std::string_view id) const {
  const std::shared_lock lock(mutex_);
  const auto it = held_.find(id);
  return it == held_.end() ? std::nullopt : std::optional(it->second->grant);
}

std::vector<Grants::Listed> Grants::list() const {
  std::vector<Listed> out;
  const std::shared_lock lock(mutex_);
  for (const auto& [id, held] : held_) out.push_back({held->grant, held->last_used});
  return out;
}

bool Grants::holds(const Identity& identity, UnixNanos now) const {
  if (!identity.is_token()) return true;
  const auto grant = find(std::string_view(identity.text).substr(std::string_view("token:").size()));
  return grant && !grant->revoked && (!grant->expires || *grant->expires > now);
}

Result<Identity> Grants::authenticate(std::string_view token, UnixNanos now) const {
  const auto shown = read_token(token);
  std::shared_ptr<const Held> held;
  if (shown) {
    const std::shared_lock lock(mutex_);
    const auto it = held_.find(shown->id);
    if (it != held_.end()) held = it->second;
  }
  if (!held || !same_digest(held->grant.digest, shown->digest))
    return Error{Code::kUnauthenticated, "this token is not valid here"};
  const Grant& grant = held->grant;
  if (grant.revoked) return Error{Code::kUnauthenticated, "this token was revoked at " + format_time(*grant.revoked)};
  if (grant.expires && now >= *grant.expires)
    return Error{Code::kUnauthenticated, "this token expired at " + format_time(*grant.expires)};
  held->last_used.store(now, std::memory_order_relaxed);
  return held->identity;
}

}  // namespace stele::access
