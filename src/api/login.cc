// People: log in and out, follow an invitation, ask who they are (docs/formats/access.md).
#include <memory>

#include "api/cookies.h"
#include "api/grant_json.h"
#include "api/parameters.h"
#include "api/responses.h"
#include "api/service.h"
#include "api/use.h"
#include "audit/login_event.h"
#include "base/json_text.h"
#include "base/network_prefix.h"
#include "login/qr_code.h"
#include "login/totp.h"

namespace stele::api {
namespace {

// Who came to the desk, and what he handed in.
struct Visit {
  audit::Doer doer;  // his identity is empty until he has proven it
  net::Peer peer;
  std::string network;
  Parameters given;
  std::string device;  // that his browser shows; empty: none
};

Result<Visit> read_visit(const net::Request& request, const std::set<std::string_view>& known) {
  if (request.stream != nullptr) return Error{Code::kTooLarge, "the body has at most 8 KiB, and a length"};
  STELE_ASSIGN(Parameters given, Parameters::read(request, known));
  audit::Doer doer = doer_of(request, nullptr);
  std::string network = network_prefix(doer.address);
  return Visit{std::move(doer), request.peer, std::move(network), std::move(given),
               std::string(find_cookie(request, device_cookie_name(request.peer)).value_or(""))};
}

net::Response refusal(const Error& error, std::int64_t wait_seconds) {
  net::Response response = error_response(error);
  if (wait_seconds > 0) {
    std::erase_if(response.headers, [](const net::Header& header) { return header.first == "Retry-After"; });
    response.headers.emplace_back("Retry-After", std::to_string(wait_seconds));
  }
  return response;
}

std::string identity_json(const access::Identity& identity) {
  std::string out = "{\"identity\":";
  append_json_string(out, identity.text);
  append_text_member(out, "name", identity.name);
  append_text_member(out, "role", identity.role->name);
  if (!identity.logs.empty()) append_list_member(out, "logs", identity.logs);
  return out;
}

// Where what he has proven was replaced meanwhile, the session that he would have had has ended.
void begin_session(const Service& service, const Visit& visit, const login::Desk::Verdict& verdict, const net::Reply& reply) {
  const login::NewSession session = service.login.sessions->begin(*verdict.identity);
  if (service.login.credentials->generation(visit.given.text("user")) != verdict.generation) {
    service.login.sessions->end(session.cookie);
    return reply.send(error_response({Code::kUnauthenticated, login::CredentialBook::kWrong}));
  }
  std::string out = identity_json(*verdict.identity);
  append_text_member(out, "csrf", session.csrf);
  net::Response response = json_response(200, out + "}\n");
  response.headers.push_back(set_session_cookie(visit.peer, session.cookie));
  response.headers.push_back(set_device_cookie(visit.peer, verdict.device));
  reply.send(std::move(response));
}

// What somebody typed is told only where it is a user: it may be a password in the wrong place.
std::string named(const Service& service, const std::string& user) {
  return service.grants->grants().find(access::Holder::kUser, user) ? user : std::string();
}

void log_in(const Service& service, const Visit& visit, const net::Reply& reply) {
  const std::string user = visit.given.text("user");
  const auto verdict =
      service.login.desk->login({user, visit.given.text("password"), visit.given.text("code"), visit.network, visit.device});
  if (!verdict.status) {
    const Error& why = verdict.status.error();
    const net::Response answer = refusal(why, verdict.wait_seconds);
    if (why.code == Code::kUnauthenticated)
      return service.recorder->record(
          audit::login_failed_event(visit.doer, named(service, user), why.message, service.clock.now()),
          [answer, reply](const Status&) { reply.send(answer); });
    service.recorder->refuse({visit.doer, "POST", "/api/v1/login", why.message});
    return reply.send(answer);
  }
  const audit::Doer doer{verdict.identity->text, verdict.identity->name, visit.doer.address};
  service.recorder->record(audit::login_event(doer, user, service.clock.now()),
                           [&service, visit, verdict, reply](const Status& recorded) {
                             if (!recorded) return reply.send(error_response(recorded.error()));
                             // It may wait for the disk, which whoever commits must not.
                             reply.post([&service, visit, verdict, reply] { begin_session(service, visit, verdict, reply); });
                           });
}

// That he joined is on record before he is told the secret, without which he cannot log in.
void record_joined(const Service& service, const Visit& visit, const std::string& user, const std::string& secret,
                   const net::Reply& reply) {
  service.recorder->record(audit::joined_event({"user:" + user, user, visit.doer.address}, user, service.clock.now()),
                           [user, secret, reply](const Status& recorded) {
                             if (!recorded) return reply.send(error_response(recorded.error()));
                             std::string out = "{\"user\":";
                             append_json_string(out, user);
                             append_text_member(out, "secret", secret);
                             const std::string uri = login::totp_uri(user, secret);
                             append_text_member(out, "uri", uri);
                             append_list_member(out, "qr", login::qr_code(uri));
                             reply.send(json_response(200, out + "}\n"));
                           });
}

// The first of all: whoever has the set-up's text becomes an owner. It is worth nothing from then on, and good again if nothing
// came of it.
void set_up(const Service& service, const Visit& visit, const net::Reply& reply) {
  const std::string user = visit.given.text("user");
  const std::string text = visit.given.text("invitation");
  if (!access::is_user_id(user)) return reply.send(error_response(invalid(std::string(access::kUserIdRule))));
  if (!service.login.credentials->take_setup(text))
    return reply.send(error_response({Code::kUnauthenticated, "this invitation was used"}));
  const auto secret = service.login.credentials->join(user, std::nullopt, visit.given.text("password"), visit.network);
  if (!secret) {
    service.login.credentials->restore_setup(text);
    return reply.send(error_response(secret.error()));
  }
  audit::GrantBook::Wanted wanted;
  wanted.name = visit.given.text("name", user);
  wanted.role = "owner";
  service.grants->create_user(user, wanted, {"setup", "the set-up", visit.doer.address},
                              [&service, visit, user, text, secret = *secret, reply](const Result<access::Grant>& created) {
                                if (created) return record_joined(service, visit, user, secret, reply);
                                service.login.credentials->restore_setup(text);
                                reply.send(error_response(created.error()));
                              });
}

void follow_invitation(const Service& service, const Visit& visit, const net::Reply& reply) {
  const std::string invitation = visit.given.text("invitation");
  const auto invited = service.login.desk->invited(invitation, visit.network);
  if (!invited.status) {
    service.recorder->refuse({visit.doer, "POST", "/api/v1/join", invited.status.error().message});
    return reply.send(refusal(invited.status.error(), invited.wait_seconds));
  }
  if (invited.user.empty()) return set_up(service, visit, reply);
  const auto secret = service.login.credentials->join(invited.user, invitation, visit.given.text("password"), visit.network);
  if (!secret) return reply.send(error_response(secret.error()));
  record_joined(service, visit, invited.user, *secret, reply);
}

void log_out(const Service& service, const net::Request& request, const Call& call, const net::Reply& reply) {
  const auto shown = session_cookie(request);
  if (!shown || !service.login.sessions->end(*shown)) return reply.send(error_response(invalid("this shows no session to end")));
  std::string out = "{";
  if (call.identity.is_of_provider() && service.login.provider != nullptr) {
    if (const std::string url = service.login.provider->logout_url(); !url.empty()) {
      out += "\"provider_logout\":";
      append_json_string(out, url);
    }
  }
  net::Response response = json_response(200, out + "}\n");
  response.headers.push_back(set_session_cookie(request.peer, ""));
  // He is logged out, whether or not the log takes entries.
  service.recorder->record(audit::logout_event(doer_of(request, &call.identity), service.clock.now()),
                           [response, reply](const Status&) { reply.send(response); });
}

// Who came in with this browser before, or from this network, does not wait behind strangers.
login::Flow flow_of(const Service& service, const Visit& visit) {
  const std::string user = visit.given.text("user");
  if (!visit.device.empty() && service.login.credentials->is_device(user, visit.device)) return {user, true};
  return {visit.network, service.login.credentials->is_known(user, visit.network)};
}

using AtDesk = void (*)(const Service&, const Visit&, const net::Reply&);

RouteHandler visit_handler(const Service& service, std::set<std::string_view> known, AtDesk answer) {
  return
      [&service, known = std::move(known), answer](const net::Request& request, const Call& /*call*/, const net::Reply& reply) {
        auto visit = read_visit(request, known);
        if (!visit) return reply.send(error_response(visit.error()));
        const login::Flow flow = flow_of(service, *visit);
        at_the_desk(service.login, flow, reply,
                    [&service, answer, visit = std::move(*visit), reply] { answer(service, visit, reply); });
      };
}

}  // namespace

void add_login_routes(Router& router, Service& service) {
  using access::Permission;
  const auto by_itself = audit::OnRecord::by_itself();
  router.add({"POST", "/api/v1/login", Permission::kRead, by_itself,
              visit_handler(service, {"user", "password", "code"}, &log_in), Gate::kLogin});
  router.add({"POST", "/api/v1/join", Permission::kRead, by_itself,
              visit_handler(service, {"invitation", "password", "user", "name"}, &follow_invitation), Gate::kLogin});
  router.add({"POST", "/api/v1/logout", Permission::kRead, by_itself,
              [&service](const net::Request& request, const Call& call, const net::Reply& reply) {
                log_out(service, request, call, reply);
              },
              Gate::kKnown});
  router.add({"GET", "/api/v1/session", Permission::kRead, audit::OnRecord::never(),
              [&service](const net::Request& request, const Call& call, const net::Reply& reply) {
                std::string out = identity_json(call.identity);
                if (const auto shown = session_cookie(request); call.identity.session && shown)
                  append_text_member(out, "csrf", service.login.sessions->csrf(*shown));
                reply.send(json_response(200, out + "}\n"));
              },
              Gate::kKnown});
}

}  // namespace stele::api
