// What a provider says of somebody: in an ID token (OpenID Connect Core 1.0 section 2), or asked at its UserInfo endpoint. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace stele::oidc {

inline constexpr std::size_t kClaimsBytesMax = 256U << 10;

// A name with "/" before it is a pointer (RFC 6901) to a claim within another: "/realm_access/roles".
struct ClaimNames {
  std::string user = "sub";  // which names him
  std::string groups = "groups";
};

// kInvalid says what is wrong with such a name.
Status check_claim_name(std::string_view name);

struct Person {
  std::string subject;
  std::string user;   // as ClaimNames says; empty: it is not said
  std::string name;   // for people; empty: it is not said
  std::string login;  // preferred_username; empty: it is not said
  std::string email;  // the same; of one that was not verified too
  std::optional<std::vector<std::string>> groups;
  bool has_too_many_groups = false;  // there are, and they are not said

  // Takes over what it does not say itself.
  void add(Person other);
};

// Of a JSON object. kUnauthenticated: it is none, has no subject, or a claim that is asked for cannot be one: a text has at most
// 256 bytes and no control characters; of groups there are at most 5,000. One group may be a text alone.
Result<Person> read_person(std::string_view json, const ClaimNames& names);

// What an ID token must say to be for us, now.
struct Expected {
  std::string issuer;
  std::string client_id;
  std::string nonce;
  std::string access_token;  // that came with it; empty: none
  std::string algorithm;     // that it is signed with
  UnixNanos now = 0;
};

// As Core section 3.1.3.7 demands of a payload whose signature is good: iss, aud, azp, exp, iat, nbf, nonce, at_hash; clocks may
// be 60 s apart. kUnauthenticated says which does not hold.
Status check_id_token(std::string_view json, const Expected& expected);

}  // namespace stele::oidc
