#include "access/authorise.h"

#include <algorithm>

namespace stele::access {
namespace {

// RFC 6750 section 2.1; nothing when it is another scheme.
std::optional<std::string_view> bearer(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  if (authorization.size() < kScheme.size() ||
      !std::ranges::equal(authorization.substr(0, kScheme.size()), kScheme, [&](char a, char b) { return lower(a) == b; }))
    return std::nullopt;
  authorization.remove_prefix(kScheme.size());
  while (authorization.starts_with(' ')) authorization.remove_prefix(1);
  return authorization;
}

Identity without_token(std::string text, std::string name, const Role* role) {
  return {std::move(text), std::move(name), role, "", {}, {}, {}};
}

constexpr std::string_view kCertificateLog = "main";  // that there always is; nothing gives a certificate another

}  // namespace

Result<Identity> Authority::again(const Identity& user) const {
  if (user.is_of_provider()) {
    Identity identity = user;
    identity.role = grants_->find_role(user.role->name);
    if (identity.role == nullptr) return unauthenticated("the role " + user.role->name + " is no more");
    return identity;
  }
  STELE_ASSIGN(Identity identity, grants_->user(std::string_view(user.text).substr(user.text.find(':') + 1), clock_->now()));
  grants_->note_use(identity.text, clock_->now());
  identity.session = user.session;
  return identity;
}

Result<Identity> Authority::identify(const Caller& caller) const {
  if (!caller.authorization.empty()) {
    const auto token = bearer(caller.authorization);
    if (!token) return unauthenticated("Authorization is \"Bearer \" and a token here");
    return grants_->authenticate(*token, clock_->now());
  }
  if (caller.uid) {
    const std::string uid = std::to_string(*caller.uid);
    return without_token("local:" + uid, "user " + uid + " of this machine", find_shipped_role("owner"));
  }
  if (!caller.certificate.empty()) {
    Identity identity = without_token("certificate:" + caller.certificate, "the certificate of " + caller.certificate,
                                      find_shipped_role("writer"));
    identity.source = caller.certificate;
    identity.logs = {std::string(kCertificateLog)};
    return identity;
  }
  if (caller.loopback && loopback_role_ != nullptr) return without_token("anonymous", caller.address, loopback_role_);
  return unauthenticated("this needs a token: Authorization: Bearer stele_…; `stele token create` makes one");
}

}  // namespace stele::access
