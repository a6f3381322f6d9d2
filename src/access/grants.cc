#include "access/grants.h"

#include <algorithm>
#include <mutex>

#include "access/token.h"
#include "base/json_text.h"
#include "base/list_text.h"

namespace stele::access {
namespace {

constexpr std::size_t kNameBytesMax = 256;

bool is_name(std::string_view text) { return !text.empty() && text.size() <= kNameBytesMax && is_line(text); }

bool is_over(const Grant& grant, UnixNanos now) { return grant.revoked || (grant.expires && *grant.expires <= now); }

}  // namespace

bool is_user_id(std::string_view text) {
  constexpr std::size_t kBytesMax = 64;
  return !text.empty() && text.size() <= kBytesMax &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._@-") == std::string_view::npos;
}

std::string_view holder_name(Holder holder) { return holder == Holder::kUser ? "user" : "token"; }

std::string identity_text(const Grant& grant) { return std::string(holder_name(grant.holder)) + ":" + grant.id; }

Status check_grant(const Grant& grant, const Role& role) {
  if (grant.holder == Holder::kUser && !is_user_id(grant.id)) return invalid(std::string(kUserIdRule));
  if (!is_name(grant.name)) return invalid("name is 1 to 256 bytes of UTF-8 without control characters");
  if (!grant.source.empty() && !is_name(grant.source)) return invalid("source is the name of a source, of at most 256 bytes");
  if (!grant.source.empty() && !role.permissions.has(Permission::kWrite))
    return invalid("source is for roles that write; " + grant.role + " does not");
  if (grant.expires && *grant.expires <= grant.created) return invalid("expires lies in the past");
  if (join(grant.logs).size() > kListBytesMax) return invalid("logs: their names have at most 4,000 bytes together");
  if (grant.sight.is_whole()) return {};
  constexpr Permissions kOfTheWhole{Permission::kWrite, Permission::kGrant, Permission::kOpenSealed, Permission::kErase};
  if (!role.permissions.has(Permission::kRead) || role.permissions.has_any(kOfTheWhole))
    return invalid("categories, since and until are for roles that read and do not write, grant, open or erase; not for " +
                   grant.role);
  if (grant.sight.since && grant.sight.until && *grant.sight.since >= *grant.sight.until)
    return invalid("since lies behind until: nothing would be seen");
  return {};
}

void Grants::put_locked(const Grant& grant) {
  static const Role kNone{"none", "may nothing", {}, false, {}};
  const Role* const role = find_role_locked(grant.role);
  auto held = std::make_shared<Held>();
  held->grant = grant;
  held->identity = {identity_text(grant), grant.name, role == nullptr ? &kNone : role, grant.source, grant.logs, grant.sight, {}};
  auto& place = held_[held->identity.text];
  if (place) held->last_used = place->last_used.load();
  place = std::move(held);
}

void Grants::put(const Grant& grant) {
  const std::unique_lock lock(mutex_);
  put_locked(grant);
}

// Under the mutex: whoever has the role has what it is now.
void Grants::renew(std::string_view role) {
  std::vector<Grant> having;
  for (const auto& [identity, held] : held_) {
    if (held->grant.role == role) having.push_back(held->grant);
  }
  for (const Grant& grant : having) put_locked(grant);
}

void Grants::put_role(const Role& role) {
  const std::unique_lock lock(mutex_);
  roles_[role.name] = &all_roles_.emplace_back(role);
  renew(role.name);
}

void Grants::remove_role(std::string_view name) {
  const std::unique_lock lock(mutex_);
  const auto it = roles_.find(name);
  if (it == roles_.end()) return;
  roles_.erase(it);
  renew(name);
}

const Role* Grants::find_role_locked(std::string_view name) const {
  if (const Role* shipped = find_shipped_role(name)) return shipped;
  const auto it = roles_.find(name);
  return it == roles_.end() ? nullptr : it->second;
}

const Role* Grants::find_role(std::string_view name) const {
  const std::shared_lock lock(mutex_);
  return find_role_locked(name);
}

std::vector<const Role*> Grants::roles() const {
  std::vector<const Role*> out;
  for (const Role& role : shipped_roles()) out.push_back(&role);
  const std::shared_lock lock(mutex_);
  for (const auto& [name, role] : roles_) out.push_back(role);
  return out;
}

std::vector<std::string> Grants::holders_of(std::string_view role, UnixNanos now) const {
  std::vector<std::string> out;
  const std::shared_lock lock(mutex_);
  for (const auto& [identity, held] : held_) {
    if (held->grant.role == role && !is_over(held->grant, now)) out.push_back(identity);
  }
  std::ranges::sort(out);
  return out;
}

std::shared_ptr<const Grants::Held> Grants::held(std::string_view identity) const {
  const std::shared_lock lock(mutex_);
  const auto it = held_.find(identity);
  return it == held_.end() ? nullptr : it->second;
}

std::optional<Grant> Grants::find(Holder holder, std::string_view id) const {
  const auto found = held(std::string(holder_name(holder)) + ":" + std::string(id));
  return found ? std::optional(found->grant) : std::nullopt;
}

std::vector<Grants::Listed> Grants::list(Holder holder) const {
  std::vector<Listed> out;
  const std::shared_lock lock(mutex_);
  for (const auto& [identity, held] : held_) {
    if (held->grant.holder == holder) out.push_back({held->grant, held->last_used});
  }
  std::ranges::sort(out, {}, [](const Listed& one) -> const std::string& { return one.grant.id; });
  return out;
}

std::vector<std::string> Grants::lineage(const std::string& identity) const {
  std::vector<std::string> out;
  for (std::string one = identity; !one.starts_with("local:") && one != "setup" && std::ranges::find(out, one) == out.end();) {
    out.push_back(one);
    const auto found = held(one);
    if (!found) break;
    one = found->grant.created_by;
  }
  return out;
}

bool Grants::is_empty(UnixNanos now) const {
  const std::shared_lock lock(mutex_);
  return std::ranges::all_of(held_, [now](const auto& one) { return is_over(one.second->grant, now); });
}

bool Grants::holds(const Identity& identity, UnixNanos now) const {
  if (identity.is_of_provider()) return find_role(identity.role->name) == identity.role;
  if (!identity.is_token() && !identity.is_user()) return true;
  const auto found = held(identity.text);
  return found && !is_over(found->grant, now) && found->identity.role == identity.role && found->grant.sight == identity.sight;
}

Result<Identity> Grants::user(std::string_view id, UnixNanos now) const {
  const auto found = held("user:" + std::string(id));
  if (!found || is_over(found->grant, now)) return unauthenticated("this user has no access");
  return found->identity;
}

void Grants::note_use(const std::string& identity, UnixNanos now) const {
  if (const auto found = held(identity)) found->last_used.store(now, std::memory_order_relaxed);
}

std::map<std::string, UnixNanos> Grants::last_uses() const {
  std::map<std::string, UnixNanos> out;
  const std::shared_lock lock(mutex_);
  for (const auto& [identity, held] : held_) {
    if (const UnixNanos time = held->last_used; time != 0) out.emplace(identity, time);
  }
  return out;
}

Result<Identity> Grants::authenticate(std::string_view token, UnixNanos now) const {
  const auto shown = read_token(token);
  const auto found = shown ? held("token:" + shown->id) : nullptr;
  if (!found || !same_digest(found->grant.digest, shown->digest))
    return Error{Code::kUnauthenticated,
                 is_whole_token(token) ? "this token is not valid here" : "this is no token, or not all of one"};
  const Grant& grant = found->grant;
  if (grant.revoked) return unauthenticated("this token was revoked at " + format_time(*grant.revoked));
  if (grant.expires && now >= *grant.expires) return unauthenticated("this token expired at " + format_time(*grant.expires));
  found->last_used.store(now, std::memory_order_relaxed);
  return found->identity;
}

}  // namespace stele::access
