// A route, and a request that was let through to it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "access/identity.h"
#include "api/path_pattern.h"
#include "audit/look.h"
#include "net/http.h"

namespace stele::api {

// A request that was let through: what it is about, who asks, and for what.
struct Call {
  PathParts parts;
  access::Identity identity;
  access::Permission permission = access::Permission::kRead;
};

// It answers through the reply, now or later.
using RouteHandler = std::function<void(const net::Request&, const Call&, const net::Reply&)>;

// Who gets to the handler.
enum class Gate : std::uint8_t {
  kIdentity,  // whose role has the permission
  kOpen,      // anybody: it tells nothing of what is stored
  kOwnProof,  // anybody: the handler asks for the proof that its protocol has, a signature of the body
  kKnown,     // whoever is known, whatever his role
  kLogin,     // anybody, with a short body or none: he says who he is
};

// How much of the entries a route that reads them shows to whom.
enum class Shows : std::uint8_t {
  kWhole,   // all, as they are: who sees a part alone is refused
  kScope,   // those in the scope of whoever asks, as they are: who has fields masked is refused
  kMasked,  // those in his scope, with the fields masked that he does not see
};

// What of a log anybody may see, by its setting; each more than the one before.
enum class Published : std::uint8_t {
  kNone,
  kCheckpoint,  // its signed heads and keys
  kTiles,       // and the hashes of its entries, and proofs; never an entry
};
using PublishedLogs = std::map<std::string, Published, std::less<>>;

inline constexpr std::string_view kLogPattern = "/log/{log}/";  // before what is of one log by its path

struct Route {
  std::string method;
  // "/log/{log}/proof/{index}"; a last part "*" takes the rest of the path.
  std::string pattern;
  access::Permission permission;
  audit::OnRecord on_record;
  RouteHandler handler;
  Gate gate = Gate::kIdentity;
  bool streams = false;  // takes the body as it comes (net::Request::stream)
  Shows shows = Shows::kWhole;
  // From which on anybody is answered; nothing: never.
  std::optional<Published> published{};
  // Whether the request is an act that a policy may demand a second person for; null: it never is.
  std::function<bool(const net::Request&, const Call&)> is_guarded{};
};
// The same, where it is an act for which `is_guarded` says so.
inline Route guarded(std::function<bool(const net::Request&, const Call&)> is_guarded, Route route) {
  route.is_guarded = std::move(is_guarded);
  return route;
}
inline Route showing(Shows shows, Route route) {
  route.shows = shows;
  return route;
}

}  // namespace stele::api
