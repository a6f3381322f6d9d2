#include "api/router.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "api/browser.h"
#include "api/cookies.h"
#include "api/responses.h"
#include "api/use.h"
#include "base/bytes.h"

namespace stele::api {
namespace {

constexpr std::uint64_t kShortBodyMax = 8'192;  // that anybody may send

// One that takes no memory worth asking for, whoever sends it, and that comes at once.
bool has_short_body(const net::Request& request) {
  const auto length = parse_decimal(request.header("content-length"));
  return request.header("transfer-encoding").empty() && request.header("expect").empty() && length && *length <= kShortBodyMax;
}

Status may_use(const access::Identity& identity, const Route& route) {
  if (route.gate != Gate::kIdentity) return {};
  STELE_TRY(identity.may(route.permission));
  if (route.permission != access::Permission::kRead && route.permission != access::Permission::kExport) return {};
  const bool sees_fields = identity.role->masked.empty();
  if (route.shows == Shows::kMasked || (sees_fields && (route.shows == Shows::kScope || identity.sight.is_whole()))) return {};
  return Error{Code::kDenied, identity.name + " sees " + (sees_fields ? "a part of the entries" : "entries with fields masked") +
                                  ", and " + route.pattern + " shows more than that"};
}

}  // namespace

bool Router::takes_stream(const net::Request& request) const {
  const auto route = std::ranges::find_if(
      routes_, [&](const Route& one) { return one.method == request.method && match(one.pattern, request.path); });
  if (route != routes_.end() && (route->streams || route->gate == Gate::kOwnProof)) return route->streams;
  const bool has_body = !request.header("content-length").empty() || !request.header("transfer-encoding").empty();
  if (!has_body || has_short_body(request)) return false;
  const bool is_for_strangers = route != routes_.end() && (route->gate == Gate::kOpen || route->gate == Gate::kLogin);
  return is_for_strangers || !identify(request);
}

// What changes something shows the session's second secret too, which no page of another site can know.
Result<access::Identity> Router::identify_session(const net::Request& request, std::string_view cookie) const {
  const auto session = sessions_->use(cookie);
  const auto identity = session ? authority_.again(*session) : Result<access::Identity>(Error{Code::kUnauthenticated, ""});
  if (!identity) return unauthenticated("this session has ended; log in again");
  if (comes_from_elsewhere(request)) return of_another_site(request);
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (!reads && !sessions_->is_csrf(cookie, request.header("stele-csrf")))
    return Error{Code::kDenied, "what changes something shows the header Stele-CSRF, as the login answered it"};
  return identity;
}

Result<access::Identity> Router::identify(const net::Request& request) const {
  if (const auto cookie = session_cookie(request); cookie && sessions_ != nullptr && request.header("authorization").empty())
    return identify_session(request, *cookie);
  const bool by_address = calls_by_address(request);
  access::Caller caller;
  caller.loopback = request.peer.loopback && !request.peer.passed_on && by_address;
  caller.address = request.peer.address;
  caller.certificate = request.peer.certificate;
  if (request.peer.credentials) caller.uid = request.peer.credentials->uid;
  caller.authorization = request.header("authorization");
  auto identity = authority_.identify(caller);
  if (!identity && authority_.trusts_loopback() && request.peer.loopback && !request.peer.passed_on && !by_address &&
      caller.authorization.empty()) {
    return not_by_its_name(request);
  }
  const bool has_leave = !caller.authorization.empty() && is_from_allowed(request, origins_);
  if (identity && comes_from_elsewhere(request) && !has_leave) return of_another_site(request);
  return identity;
}

void Router::handle(const net::Request& request, const net::Reply& reply) const {
  if (is_preflight(request, origins_)) return reply.send(preflight_response(request));
  answer(request, private_reply(request, reply, origins_), reply);
}

// Who may see it anyway is answered as ever.
bool Router::is_public(const Route& route, const PathParts& parts, const Result<access::Identity>& identity) const {
  if (!route.published) return false;
  const auto log = published_.find(parts.front());
  if (log == published_.end() || log->second < *route.published) return false;
  return !identity || !may_use(*identity, route) || !identity->knows(parts.front(), route.permission);
}

// `bare`: the reply without what private answers carry.
void Router::answer(const net::Request& request, const net::Reply& reply, const net::Reply& bare) const {
  const bool head = request.method == "HEAD";
  auto identity = identify(request);
  std::string allowed;
  for (const Route& route : routes_) {
    const auto parts = match(route.pattern, request.path);
    if (!parts) continue;
    if (route.method != request.method && !(head && route.method == "GET")) {
      allowed += (allowed.empty() ? "" : ", ") + route.method + (route.method == "GET" ? ", HEAD" : "");
      continue;
    }
    if (is_public(route, *parts, identity)) {
      static const access::Role kPublic{
          "public", "sees what is published", {access::Permission::kProve, access::Permission::kReadWhole}, false, {}};
      const access::Identity anybody{"anonymous", "anybody", &kPublic, "", {parts->front()}, {}, {}};
      return route.handler(request, {*parts, anybody, route.permission}, public_reply(bare));
    }
    if (route.gate == Gate::kLogin && comes_from_elsewhere(request))
      return refuse(recorder_, request, nullptr, of_another_site(request), reply);
    const bool own_tls = request.peer.tls && !request.peer.passed_on;  // no page has a certificate for a name of its own here
    if (route.gate == Gate::kLogin && request.peer.loopback && !own_tls && !calls_by_address(request) &&
        (public_host_.empty() || request.header("host") != public_host_))
      return refuse(recorder_, request, nullptr, not_by_its_name(request), reply);
    if (route.gate != Gate::kIdentity && route.gate != Gate::kKnown)
      return call(route, request, {*parts, identity ? *identity : access::Identity::nobody(), route.permission}, reply);
    if (!identity) break;
    if (request.stream != nullptr && !route.streams)  // he is known since a moment ago
      return reply.send(error_response({Code::kUnavailable, "the body was not read; send it again"}));
    if (const Status may = may_use(*identity, route); !may) return refuse(recorder_, request, &*identity, may.error(), reply);
    Call let{*parts, std::move(*identity), route.permission};
    if (second_person_ && second_person_->is_needed(route, request, let))
      return second_person_->hold(route, request, std::move(let), reply,
                                  [this, &route](const net::Request& again, const Call& approved, const net::Reply& answer) {
                                    call(route, again, approved, answer);
                                  });
    return call(route, request, std::move(let), reply);
  }
  if (!identity) return refuse(recorder_, request, nullptr, identity.error(), reply);
  if (allowed.empty()) return reply.send(error_response({Code::kNotFound, "there is nothing at " + request.path}));
  net::Response response = error_response(invalid(request.path + " takes " + allowed));
  response.status = 405;
  response.headers.emplace_back("Allow", allowed);
  reply.send(std::move(response));
}

void Router::call(const Route& route, const net::Request& request, Call call, const net::Reply& reply) const {
  const auto no_log = [&](const std::string& log) {
    refuse(recorder_, request, &call.identity, {Code::kNotFound, "there is no log \"" + log + "\""}, reply);
  };
  if (route.on_record.action.empty()) {
    const bool is_of_log = route.pattern.starts_with(kLogPattern);
    if (is_of_log && !call.identity.knows(call.parts.front(), route.permission)) return no_log(call.parts.front());
    return route.handler(request, call, reply);
  }
  const auto look = look_of(request, route, call);
  if (!look) return reply.send(error_response(look.error()));
  // To him it is not there.
  if (!route.on_record.is_of_no_log && (look->log.empty() || !call.identity.knows(look->log, route.permission)))
    return no_log(look->log);
  // Shared: std::function copies its captures. The request is gone when the entry is there.
  const auto later = std::make_shared<std::pair<net::Request, Call>>(request, std::move(call));
  const bool now = recorder_.look(*look, [&route, later, reply](const Status& recorded) {
    if (!recorded) return reply.send(error_response(recorded.error()));
    reply.post([&route, later, reply] {
      try {
        route.handler(later->first, later->second, reply);
      } catch (const std::exception&) {}  // out of memory: whoever asked is told so when the reply is let go
    });
  });
  if (now) route.handler(later->first, later->second, reply);
}

}  // namespace stele::api
