#include "oidc/claims.h"

#include <algorithm>

#include "base/bytes.h"
#include "crypto/hmac.h"
#include "crypto/sha2.h"
#include "event/json_value.h"
#include "oidc/encoding.h"

namespace stele::oidc {
namespace {

using event::JsonType;
using event::JsonValue;

constexpr std::size_t kTextBytesMax = 256;
constexpr std::size_t kGroupsMax = 5'000;

Status parse(std::string_view json, event::JsonTape& tape) {
  event::JsonError error;
  event::JsonLimits limits;
  limits.bytes_max = kClaimsBytesMax;
  limits.depth_max = 16;
  if (!tape.parse(json, limits, error)) return unauthenticated("what the provider says is no JSON: " + error.message);
  if (!JsonValue(tape).is(JsonType::kObject)) return unauthenticated("what the provider says is no JSON object");
  return {};
}

bool is_text(std::string_view text) {
  return !text.empty() && text.size() <= kTextBytesMax &&
         std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// What is for people is left out where it cannot be shown.
std::string shown(JsonValue value) {
  std::string text = value.text();
  return is_text(text) ? text : std::string();
}

// "groups", or by an RFC 6901 pointer where it is in another: "/realm_access/roles".
JsonValue claim(JsonValue root, std::string_view name) {
  if (!name.starts_with('/')) return root[name];
  JsonValue value = root;
  while (!name.empty()) {
    name.remove_prefix(1);
    const std::string_view part = name.substr(0, name.find('/'));
    name.remove_prefix(part.size());
    std::string key(part);
    for (const auto& [escaped, plain] : {std::pair("~1", "/"), {"~0", "~"}})
      for (auto at = key.find(escaped); at != std::string::npos; at = key.find(escaped, at + 1)) key.replace(at, 2, plain);
    value = value[key];
  }
  return value;
}

// Within another claim too: it is the provider's word on that person's address.
bool is_email(std::string_view name) { return name == "email" || name.ends_with("/email"); }

// An e-mail address that the provider says it has not verified is anybody's (Core section 5.7).
bool is_unverified(JsonValue root) {
  const JsonValue verified = root["email_verified"];
  return verified && !verified.is(JsonType::kTrue) && verified.text() != "true";
}

Result<std::vector<std::string>> read_groups(JsonValue value, const std::string& name) {
  std::vector<std::string> out;
  bool sound = value.is(JsonType::kArray) || value.is(JsonType::kString);
  const auto take = [&](JsonValue one) {
    sound = sound && one.is(JsonType::kString) && out.size() < kGroupsMax;
    if (!sound) return;
    if (std::string text = one.text(); is_text(text)) out.push_back(std::move(text));
  };
  if (value.is(JsonType::kString)) take(value);
  value.for_each(take);
  if (!sound) return unauthenticated("the claim " + name + " is no list of at most 5,000 texts");
  return out;
}

// RFC 7519 section 2: seconds, which may have a fraction.
std::optional<std::int64_t> seconds_of(JsonValue value) {
  if (!value.is(JsonType::kNumber)) return std::nullopt;
  const std::string_view raw = value.raw();
  const auto whole = parse_decimal(raw.substr(0, raw.find('.')));
  constexpr std::uint64_t kMost = 1ULL << 40U;
  if (!whole || *whole > kMost || raw.find_first_of("eE") != std::string_view::npos) return std::nullopt;
  return static_cast<std::int64_t>(*whole);
}

Status check_audience(JsonValue root, const std::string& client_id) {
  std::vector<std::string> audiences;
  if (root["aud"].is(JsonType::kString)) audiences.push_back(root["aud"].text());
  root["aud"].for_each([&](JsonValue one) { audiences.push_back(one.text()); });
  if (std::ranges::find(audiences, client_id) == audiences.end())
    return unauthenticated("the ID token is for another client (aud)");
  if (root["azp"] ? root["azp"].text() != client_id : audiences.size() > 1)
    return unauthenticated("the ID token was given to another client (aud, azp)");
  return {};
}

Status check_times(JsonValue root, UnixNanos now) {
  constexpr std::int64_t kLeeway = 60;
  const std::int64_t seconds = now / kSecond;
  const auto expires = seconds_of(root["exp"]);
  const auto issued = seconds_of(root["iat"]);
  if (!expires || !issued) return unauthenticated("the ID token does not say from when and until when it holds (iat, exp)");
  if (*expires + kLeeway <= seconds) return unauthenticated("the ID token has expired; are the clocks right?");
  if (*issued - kLeeway > seconds) return unauthenticated("the ID token is of the future (iat); are the clocks right?");
  if (const auto from = seconds_of(root["nbf"]); root["nbf"] && (!from || *from - kLeeway > seconds))
    return unauthenticated("the ID token does not hold yet (nbf); are the clocks right?");
  return {};
}

// Core section 3.1.3.6: the left half of the hash that the signature's algorithm has.
std::string half_hash(std::string_view text, std::string_view algorithm) {
  const crypto::Sha2 kind = algorithm.ends_with("512")   ? crypto::Sha2::k512
                            : algorithm.ends_with("384") ? crypto::Sha2::k384
                                                         : crypto::Sha2::k256;
  const std::string whole = crypto::sha2(kind, as_byte_span(text));
  return base64url_encode(as_byte_span(std::string_view(whole).substr(0, whole.size() / 2)));
}

}  // namespace

void Person::add(Person other) {
  const auto take = [](std::string& mine, std::string& others) {
    if (mine.empty()) mine = std::move(others);
  };
  take(user, other.user);
  take(name, other.name);
  take(login, other.login);
  take(email, other.email);
  if (!groups) groups = std::move(other.groups);
  has_too_many_groups = has_too_many_groups || other.has_too_many_groups;
}

Status check_claim_name(std::string_view name) {
  if (!name.starts_with('/')) return {};
  for (auto at = name.find('~'); at != std::string_view::npos; at = name.find('~', at + 1))
    if (name.substr(at + 1, 1) != "0" && name.substr(at + 1, 1) != "1") return invalid("after ~ comes 0 or 1 (RFC 6901)");
  if (name.find('/', 1) == std::string_view::npos && !name.starts_with("/~1"))
    return invalid("a claim that is in no other is written without /");
  return {};
}

Result<Person> read_person(std::string_view json, const ClaimNames& names) {
  event::JsonTape tape;
  STELE_TRY(parse(json, tape));
  const JsonValue root(tape);
  Person out;
  out.subject = root["sub"].text();
  if (!is_text(out.subject)) return unauthenticated("the provider does not say who it is (sub)");
  const bool unverified = is_unverified(root);
  if (const JsonValue user = claim(root, names.user); user && !(unverified && is_email(names.user))) {
    out.user = user.text();
    if (!is_text(out.user)) return unauthenticated("the claim " + names.user + " is no name of at most 256 bytes");
  }
  out.name = shown(root["name"]);
  out.login = shown(root["preferred_username"]);
  out.email = shown(root["email"]);
  if (const JsonValue groups = claim(root, names.groups); groups && !(unverified && is_email(names.groups))) {
    STELE_ASSIGN(out.groups, read_groups(groups, names.groups));
  }
  out.has_too_many_groups = !out.groups && root["_claim_names"][names.groups];
  return out;
}

Status check_id_token(std::string_view json, const Expected& expected) {
  event::JsonTape tape;
  STELE_TRY(parse(json, tape));
  const JsonValue root(tape);
  if (root["iss"].text() != expected.issuer) return unauthenticated("the ID token is of another issuer (iss)");
  STELE_TRY(check_audience(root, expected.client_id));
  STELE_TRY(check_times(root, expected.now));
  if (expected.nonce.empty() || !crypto::equal_in_constant_time(as_byte_span(root["nonce"].text()), as_byte_span(expected.nonce)))
    return unauthenticated("the ID token is of another login (nonce)");
  if (root["at_hash"] && !expected.access_token.empty() &&
      root["at_hash"].text() != half_hash(expected.access_token, expected.algorithm))
    return unauthenticated("the ID token came with another access token (at_hash)");
  return {};
}

}  // namespace stele::oidc
