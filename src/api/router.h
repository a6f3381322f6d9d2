// Which handler answers which request, and the one gate before all of them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/approvals.h"
#include "access/authorise.h"
#include "api/answer_headers.h"
#include "audit/recorder.h"
#include "login/sessions.h"
#include "net/http.h"

namespace stele::api {

// What a pattern's placeholders stood for, in order.
using PathParts = std::vector<std::string>;

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

class Router {
 public:
  // The recorder outlives it.
  Router(access::Authority authority, audit::Recorder& recorder) : authority_(authority), recorder_(recorder) {}

  void add(Route route) { routes_.push_back(std::move(route)); }
  // Whose sessions are believed; they outlive it. Without: nobody's.
  void set_sessions(login::Sessions& sessions) { sessions_ = &sessions; }
  // The host of the URL by which browsers reach this server, through a proxy on this machine too: at Gate::kLogin it goes by that
  // name as by an address. Without: by none.
  void set_public_host(std::string host) { public_host_ = std::move(host); }
  [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

  // What of which log anybody may see; and from whose pages browsers may ask with a token.
  void set_public(PublishedLogs logs, Origins origins) {
    published_ = std::move(logs);
    origins_ = std::move(origins);
  }
  // What waits for a second person; it outlives it. Without: nobody is asked.
  void set_approvals(access::Approvals& approvals, const access::Grants& grants) {
    approvals_ = &approvals;
    grants_ = &grants;
  }

  // Whether this request, of which the head is there, is answered without its body, or reads it itself: its route streams, or its
  // body is long and it is of nobody, whose bodies are not to take memory.
  [[nodiscard]] bool takes_stream(const net::Request& request) const;

  // Asks who it is, finds the route, asks whether his role may, puts on record what the route says, calls the handler; answers
  // 401 itself, whatever is asked for, then 404, 405 and 403, and 503 where nothing can be put on record.
  void handle(const net::Request& request, const net::Reply& reply) const;

 private:
  [[nodiscard]] Result<access::Identity> identify(const net::Request& request) const;
  [[nodiscard]] Result<access::Identity> identify_session(const net::Request& request, std::string_view cookie) const;
  void answer(const net::Request& request, const net::Reply& reply, const net::Reply& bare) const;
  [[nodiscard]] bool is_public(const Route& route, const PathParts& parts, const Result<access::Identity>& identity) const;
  void refuse(const net::Request& request, const net::Reply& reply, const access::Identity* identity, const Error& why) const;
  void call(const Route& route, const net::Request& request, Call call, const net::Reply& reply) const;
  [[nodiscard]] bool needs_approval(const Route& route, const net::Request& request, const Call& call) const;
  void ask_second_person(const Route& route, const net::Request& request, Call call, const net::Reply& reply) const;
  void use_approval(std::string_view id, const access::Act& act, const Route& route, const net::Request& request, Call call,
                    const net::Reply& reply) const;

  access::Authority authority_;
  audit::Recorder& recorder_;
  login::Sessions* sessions_ = nullptr;
  PublishedLogs published_;
  Origins origins_;
  access::Approvals* approvals_ = nullptr;
  const access::Grants* grants_ = nullptr;
  std::string public_host_;
  std::vector<Route> routes_;
};

// The value of the first cookie of that name; nothing where there is none.
std::optional<std::string_view> find_cookie(const net::Request& request, std::string_view name);
// The session that a request shows; nothing where it shows none. Over TLS the cookie has another name, which no page without TLS
// can set.
std::optional<std::string_view> session_cookie(const net::Request& request);
std::string_view session_cookie_name(const net::Peer& peer);
// The header that sets it, or takes it away where the value is empty.
net::Header set_session_cookie(const net::Peer& peer, const std::string& value);
inline constexpr std::uint64_t kShortBodyMax = 8'192;  // that anybody may send

// {"error":{"code":…,"message":…}} with the status that belongs to the code.
net::Response error_response(const Error& error);
net::Response json_response(int status, std::string body);
net::Response text_response(std::string body);

}  // namespace stele::api
