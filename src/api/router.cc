#include "api/router.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "api/use.h"
#include "audit/approval_event.h"
#include "base/bytes.h"
#include "base/json_text.h"

namespace stele::api {
namespace {

std::string_view take_part(std::string_view& rest) {
  const auto slash = rest.find('/', 1);
  const std::string_view part = rest.substr(0, slash);
  rest.remove_prefix(part.size());
  return part;
}

std::optional<PathParts> match(std::string_view pattern, std::string_view path) {
  PathParts parts;
  while (!pattern.empty()) {
    const std::string_view wanted = take_part(pattern);
    if (wanted == "/*") {
      if (path.size() < 2) return std::nullopt;
      parts.emplace_back(path.substr(1));
      return parts;
    }
    if (path.empty()) return std::nullopt;
    const std::string_view got = take_part(path);
    if (wanted.size() > 1 && wanted[1] == '{') {
      if (got.size() < 2) return std::nullopt;
      parts.emplace_back(got.substr(1));
    } else if (wanted != got) {
      return std::nullopt;
    }
  }
  if (!path.empty()) return std::nullopt;
  return parts;
}

// The host of a Host header, without its port.
std::string_view host_of(std::string_view authority) {
  const auto bracket = authority.starts_with('[') ? authority.find(']') : std::string_view::npos;
  return bracket == std::string_view::npos ? authority.substr(0, authority.find(':')) : authority.substr(0, bracket + 1);
}

bool is_name(std::string_view host) {
  const bool v6 = host.starts_with('[') && host.ends_with(']') && host.find(':') != std::string_view::npos;
  if (v6) host = host.substr(1, host.size() - 2);
  return host.find_first_not_of(v6 ? "0123456789abcdefABCDEF:." : "0123456789.") != std::string_view::npos;
}

bool is_localhost(std::string_view host) {
  return std::ranges::equal(host, std::string_view("localhost"),
                            [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

// A browser on this machine sends what the pages in it say. A page of another site can make its own name stand for this
// machine's address (DNS rebinding), so a request over TCP comes from here only when it calls the server by an address, or
// "localhost".
bool calls_by_address(const net::Request& request) {
  const std::string_view host = host_of(request.header("host"));
  return host.empty() || !is_name(host) || is_localhost(host) || request.peer.credentials;
}

// And a page can make the browser send a plain POST to any address, which then says by which site (RFC 6454).
bool comes_from_elsewhere(const net::Request& request) {
  const std::string_view origin = request.header("origin");
  if (origin.empty() || request.method == "GET" || request.method == "HEAD") return false;
  const auto scheme = origin.find("://");
  return scheme == std::string_view::npos || origin.substr(scheme + 3) != request.header("host");
}

Error of_another_site(const net::Request& request) {
  return {Code::kDenied, "a page of " + std::string(request.header("origin")) + " may not write here"};
}

// One that takes no memory worth asking for, whoever sends it, and that comes at once.
bool has_short_body(const net::Request& request) {
  const auto length = parse_decimal(request.header("content-length"));
  return request.header("transfer-encoding").empty() && request.header("expect").empty() && length && *length <= kShortBodyMax;
}

Error not_by_its_name(const net::Request& request) {
  return {Code::kDenied,
          "without a token this server is called by its address or as localhost, not as " + std::string(request.header("host"))};
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

// Whether those who asked and approved are still who they were then.
Status still_stands(const access::Approval& approval, const access::Grants& grants, UnixNanos now) {
  for (const auto& [who, then] : {std::pair(&approval.asked_by, approval.asked), {&approval.given_by, approval.given}}) {
    const bool is_user = who->starts_with("user:");
    if (!is_user && !who->starts_with("token:")) continue;
    const auto grant =
        grants.find(is_user ? access::Holder::kUser : access::Holder::kToken, std::string_view(*who).substr(who->find(':') + 1));
    if (!grant || grant->revoked || (grant->expires && *grant->expires <= now) || grant->created > then)
      return Error{Code::kDenied, *who + " has not the access any more that it had when this was asked for or approved"};
  }
  return {};
}

int status_of(Code code) {
  switch (code) {
    case Code::kInvalid:
    case Code::kConflict: return 400;
    case Code::kNotFound: return 404;
    case Code::kTooLarge: return 413;
    case Code::kUnauthenticated: return 401;
    case Code::kDenied: return 403;
    case Code::kBusy: return 429;
    case Code::kUnavailable: return 503;
    case Code::kCorrupt:
    case Code::kIo:
    case Code::kInternal: return 500;
  }
  return 500;
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
  if (!identity) return Error{Code::kUnauthenticated, "this session has ended; log in again"};
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
  caller.loopback = request.peer.loopback && by_address;
  caller.address = request.peer.address;
  caller.certificate = request.peer.certificate;
  if (request.peer.credentials) caller.uid = request.peer.credentials->uid;
  caller.authorization = request.header("authorization");
  auto identity = authority_.identify(caller);
  if (!identity && authority_.trusts_loopback() && request.peer.loopback && !by_address && caller.authorization.empty()) {
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
      return refuse(request, reply, nullptr, of_another_site(request));
    if (route.gate == Gate::kLogin && request.peer.loopback && !request.peer.tls && !calls_by_address(request) &&
        (public_host_.empty() || request.header("host") != public_host_))
      return refuse(request, reply, nullptr, not_by_its_name(request));
    if (route.gate != Gate::kIdentity && route.gate != Gate::kKnown)
      return call(route, request, {*parts, identity ? *identity : access::Identity::nobody(), route.permission}, reply);
    if (!identity) break;
    if (const Status may = may_use(*identity, route); !may) return refuse(request, reply, &*identity, may.error());
    Call let{*parts, std::move(*identity), route.permission};
    if (needs_approval(route, request, let)) return ask_second_person(route, request, std::move(let), reply);
    return call(route, request, std::move(let), reply);
  }
  if (!identity) return refuse(request, reply, nullptr, identity.error());
  if (allowed.empty()) return reply.send(error_response({Code::kNotFound, "there is nothing at " + request.path}));
  net::Response response = error_response(invalid(request.path + " takes " + allowed));
  response.status = 405;
  response.headers.emplace_back("Allow", allowed);
  reply.send(std::move(response));
}

void Router::refuse(const net::Request& request, const net::Reply& reply, const access::Identity* identity,
                    const Error& why) const {
  recorder_.refuse({doer_of(request, identity), request.method, request.path, why.message});
  reply.send(error_response(why));
}

// Whoever has the data directory can change the policy too: that he did is on record, as this is.
bool Router::needs_approval(const Route& route, const net::Request& request, const Call& call) const {
  return approvals_ != nullptr && route.is_guarded && approvals_->guards(route.permission) && !request.peer.credentials &&
         route.is_guarded(request, call);
}

void Router::ask_second_person(const Route& route, const net::Request& request, Call call, const net::Reply& reply) const {
  access::Act act{route.permission, "", request.method, request.path + (request.query.empty() ? "" : "?" + request.query),
                  request.body};
  if (const auto look = look_of(request, route, call); look && !route.on_record.is_of_no_log) act.log = look->log;
  if (const auto id = request.header("stele-approval"); !id.empty())
    return use_approval(id, act, route, request, std::move(call), reply);
  if (!call.identity.is_token() && !call.identity.is_user() && !call.identity.is_of_provider())
    return refuse(request, reply, &call.identity, {Code::kDenied, "whoever asks for a second person is known himself"});
  const auto asked = approvals_->ask(act, call.identity, grants_->lineage(call.identity.text));
  if (!asked) return reply.send(error_response(asked.error()));
  const auto event = audit::approval_event(audit::ApprovalStep::kAsked, *asked, doer_of(request, &call.identity), asked->asked);
  recorder_.record(event, [this, asked = *asked, reply](const Status& recorded) {
    if (!recorded) {
      approvals_->refuse(asked.id);
      return reply.send(error_response(recorded.error()));
    }
    reply.send(json_response(202, "{\"approval\":\"" + asked.id + "\",\"until\":\"" + format_time(asked.until) +
                                      "\",\"message\":\"a second person is to approve this: stele approval give " + asked.id +
                                      "; then ask again with the header Stele-Approval: " + asked.id + "\"}\n"));
  });
}

void Router::use_approval(std::string_view id, const access::Act& act, const Route& route, const net::Request& request, Call call,
                          const net::Reply& reply) const {
  const auto used = approvals_->use(id, act, call.identity);
  if (!used) return refuse(request, reply, &call.identity, used.error());
  if (const Status stands = still_stands(*used, *grants_, approvals_->now()); !stands)
    return refuse(request, reply, &call.identity, stands.error());
  const auto event =
      audit::approval_event(audit::ApprovalStep::kUsed, *used, doer_of(request, &call.identity), approvals_->now());
  // Shared: std::function copies its captures. The request is gone when the entry is there.
  const auto later = std::make_shared<std::pair<net::Request, Call>>(request, std::move(call));
  recorder_.record(event, [this, &route, later, reply](const Status& recorded) {
    if (!recorded) return reply.send(error_response(recorded.error()));
    reply.post([this, &route, later, reply] {
      try {
        this->call(route, later->first, later->second, reply);
      } catch (const std::exception&) {}  // as in call()
    });
  });
}

void Router::call(const Route& route, const net::Request& request, Call call, const net::Reply& reply) const {
  const auto no_log = [&](const std::string& log) {
    refuse(request, reply, &call.identity, {Code::kNotFound, "there is no log \"" + log + "\""});
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

std::string_view session_cookie_name(const net::Peer& peer) { return peer.tls ? "__Host-stele" : "stele"; }

net::Header set_session_cookie(const net::Peer& peer, const std::string& value) {
  return {"Set-Cookie", std::string(session_cookie_name(peer)) + "=" + value + "; Path=/; HttpOnly; SameSite=Strict" +
                            (peer.tls ? "; Secure" : "") + (value.empty() ? "; Max-Age=0" : "")};
}

std::optional<std::string_view> session_cookie(const net::Request& request) {
  return find_cookie(request, session_cookie_name(request.peer));
}

std::optional<std::string_view> find_cookie(const net::Request& request, std::string_view name) {
  std::string_view rest = request.header("cookie");
  while (!rest.empty()) {
    const auto end = rest.find(';');
    std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    const auto equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == name) return pair.substr(equals + 1);
  }
  return std::nullopt;
}

net::Response json_response(int status, std::string body) {
  net::Response response;
  response.status = status;
  response.headers.emplace_back("Content-Type", "application/json");
  response.headers.emplace_back("Cache-Control", "no-store");
  response.body = std::move(body);
  return response;
}

net::Response text_response(std::string body) {
  net::Response response;
  response.headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
  response.body = std::move(body);
  return response;
}

net::Response error_response(const Error& error) {
  std::string body = "{\"error\":{\"code\":\"" + std::string(code_name(error.code)) + "\",\"message\":";
  // What a request made the message say is not always UTF-8.
  append_json_string(body, is_utf8(error.message) ? error.message : "the request is not UTF-8");
  body += "}}\n";
  net::Response response = json_response(status_of(error.code), std::move(body));
  if (error.code == Code::kUnauthenticated) response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"stele\"");
  if (error.code == Code::kUnavailable) response.headers.emplace_back("Retry-After", "5");
  if (error.code == Code::kBusy) response.headers.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace stele::api
