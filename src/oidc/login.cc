#include "oidc/login.h"

#include <algorithm>

namespace stele::oidc {

bool Login::gives(access::Permission permission) const {
  return std::ranges::any_of(roles_.all(), [&](const GroupRole& one) {
    const access::Role* const role = grants_.find_role(one.role);
    return role != nullptr && role->permissions.has(permission);
  });
}

Result<Login::Begun> Login::begin() {
  const Attempt attempt = attempts_.begin();
  STELE_ASSIGN(std::string url, provider_.authorization_url(attempt));
  return Begun{attempt.cookie, std::move(url)};
}

Login::Verdict Login::finish(std::string_view cookie, std::string_view state, const Return& returned) {
  const auto attempt = attempts_.take(cookie, state);
  if (!attempt) return {attempt.error(), {}, {}, {}};
  auto person = provider_.redeem(*attempt, returned);
  if (!person) return {person.error(), {}, {}, {}};
  return judge(std::move(*person));
}

Login::Verdict Login::judge(Person person) const {
  const ClaimNames& names = options_.provider.claims;
  if (person.user.empty()) {
    return {unauthenticated("the provider does not say his " + names.user + " (oidc_user_claim)"), {}, {}, {}};
  }
  Verdict out;
  out.identity.text = "oidc:" + person.user;
  out.identity.name = person.name.empty() ? person.user : person.name;
  const GroupRole* given = person.groups ? roles_.of(*person.groups) : nullptr;
  if (given != nullptr) {
    out.identity.role = grants_.find_role(given->role);
    out.identity.logs = given->logs;
    out.group = given->group;
    if (out.identity.role == nullptr)
      out.status =
          Error{Code::kDenied, "his group " + given->group + " has the role " + given->role + ", which there is not any more"};
  } else if (person.has_too_many_groups) {
    out.status =
        Error{Code::kDenied, "he is in more groups than the provider says; let it say those alone that have a role here"};
  } else if (!person.groups) {
    out.status = Error{Code::kDenied, "the provider does not say his groups: there is no claim " + names.groups};
  } else {
    out.status = Error{Code::kDenied, "none of his groups has a role here"};
  }
  out.person = std::move(person);
  return out;
}

bool Login::tells_in_full(const std::string& network) {
  const std::lock_guard lock(mutex_);
  const std::int64_t now = clock_.monotonic();
  const bool in_full = failures_.wait("", network, true, now) == 0;
  if (in_full) failures_.failed("", network, true, now);
  return in_full;
}

}  // namespace stele::oidc
