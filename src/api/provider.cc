// People who log in through their company's provider (docs/formats/access.md).
#include "api/cookies.h"
#include "api/grant_json.h"
#include "api/pages.h"
#include "api/parameters.h"
#include "api/responses.h"
#include "api/service.h"
#include "api/use.h"
#include "audit/login_event.h"
#include "base/json_text.h"
#include "base/network_prefix.h"

namespace stele::api {
namespace {

// A browser that is to be sent to the provider, or came back from it.
struct ReturnVisit {
  std::string path;
  audit::Doer doer;  // without an identity
  net::Peer peer;
  std::string network;
  std::string cookie;  // with which it began; empty: none
  std::string state;
  oidc::Return returned;
};

bool is_secure(const Service& service) { return service.login.provider->options().public_url.starts_with("https://"); }

// Lax: the provider's page, of another site, sends the browser back. As the browser sees it, whatever stands between.
std::string_view cookie_name(const Service& service) { return is_secure(service) ? "__Host-stele-oidc" : "stele-oidc"; }

net::Header set_cookie(const Service& service, const std::string& value) {
  return {"Set-Cookie", std::string(cookie_name(service)) + "=" + value + "; Path=/; HttpOnly; SameSite=Lax; Max-Age=" +
                            (value.empty() ? "0" : "600") + (is_secure(service) ? "; Secure" : "")};
}

std::string html_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

net::Response page(int status, std::string_view head, std::string_view words, std::string_view link) {
  std::string text =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Stele</title>\n"
      "<link rel=\"stylesheet\" href=\"/login.css\">\n";
  text += head;
  text += "</head>\n<body>\n<main>\n<h1>Stele</h1>\n<p role=\"status\">";
  text += html_escaped(words);
  text += "</p>\n<p><a href=\"/login\">";
  text += link;
  text += "</a></p>\n</main>\n</body>\n</html>\n";
  net::Response response = page_response("text/html; charset=utf-8", text);
  response.status = status;
  for (net::Header& header : response.headers) {
    if (header.first == "Cache-Control") header.second = "no-store";
  }
  return response;
}

net::Response failure_page(const Error& why) {
  return page(error_response(why).status, "", "You are not logged in: " + why.message + ".", "Back to the login");
}

// On record, and told in words; whose identity the provider vouches for is named.
void refuse(const Service& service, const ReturnVisit& visit, const access::Identity& who, const Error& why,
            const net::Reply& reply) {
  const audit::Doer doer{who.text, who.name, visit.doer.address};
  net::Response response = failure_page(why);
  response.headers.push_back(set_cookie(service, ""));
  if (service.login.provider->tells_in_full(visit.network))
    return service.recorder->record(audit::login_failed_event(doer, who.text, why.message, service.clock.now()),
                                    [response, reply](const Status&) { reply.send(response); });
  service.recorder->refuse({doer, "GET", visit.path, why.message});
  reply.send(std::move(response));
}

void send_away(const Service& service, const ReturnVisit& visit, const net::Reply& reply) {
  const auto begun = service.login.provider->begin();
  if (!begun) return refuse(service, visit, {}, begun.error(), reply);
  net::Response response;
  response.status = 303;
  response.headers = {{"Location", begun->url}, {"Cache-Control", "no-store"}, {"Referrer-Policy", "no-referrer"}};
  response.headers.push_back(set_cookie(service, begun->cookie));
  reply.send(std::move(response));
}

// No redirect: the browser is on a way that began at another site, on which it shows no cookie that is SameSite=Strict. The next
// step is this page's own.
net::Response way_in(const Service& service, const ReturnVisit& visit, const access::Identity& identity) {
  const login::NewSession session = service.login.sessions->begin(identity);
  net::Response response = page(200, "<meta http-equiv=\"refresh\" content=\"0;url=/login\">\n", "You are logged in.", "Go on");
  response.headers.push_back(set_session_cookie(visit.peer, session.cookie));
  response.headers.push_back(set_cookie(service, ""));
  return response;
}

void let_in(const Service& service, const ReturnVisit& visit, const net::Reply& reply) {
  const auto verdict = service.login.provider->finish(visit.cookie, visit.state, visit.returned);
  if (!verdict.status) return refuse(service, visit, verdict.identity, verdict.status.error(), reply);
  const access::Identity& identity = verdict.identity;
  const audit::Doer doer{identity.text, identity.name, visit.doer.address};
  const audit::Vouched vouched{service.login.provider->options().provider.issuer,
                               verdict.person.subject,
                               verdict.person.login,
                               verdict.person.email,
                               verdict.group,
                               std::string(identity.role->name),
                               identity.logs};
  service.recorder->record(audit::provider_login_event(doer, vouched, service.clock.now()),
                           [&service, visit, identity, reply](const Status& recorded) {
                             reply.send(recorded ? way_in(service, visit, identity) : failure_page(recorded.error()));
                           });
}

Result<ReturnVisit> read_visit(const Service& service, const net::Request& request) {
  if (request.stream != nullptr) return Error{Code::kTooLarge, "the request has a body"};
  STELE_ASSIGN(const Parameters given, Parameters::read_all(request, false));
  ReturnVisit out;
  out.path = request.path;
  out.doer = doer_of(request, nullptr);
  out.peer = request.peer;
  out.network = network_prefix(out.doer.address);
  out.cookie = find_cookie(request, cookie_name(service)).value_or("");
  out.state = given.text("state");
  out.returned = {given.text("code"), std::nullopt, given.text("error"), given.text("error_description")};
  if (given.values().contains("iss")) out.returned.issuer = given.text("iss");
  return out;
}

using AtProvider = void (*)(const Service&, const ReturnVisit&, const net::Reply&);

RouteHandler visit_handler(const Service& service, AtProvider answer) {
  return [&service, answer](const net::Request& request, const Call& /*call*/, const net::Reply& reply) {
    if (service.login.provider == nullptr)
      return reply.send(failure_page({Code::kNotFound, "this server knows of no provider (oidc_issuer)"}));
    auto visit = read_visit(service, request);
    if (!visit) return reply.send(failure_page(visit.error()));
    const login::Flow flow{visit->network, false};
    service.login.provider_pool->submit(
        flow, [&service, answer, reply, visit = std::move(*visit)] { answer(service, visit, reply); },
        [reply] {
          reply.send(failure_page({Code::kBusy, "too many log in at this moment; try again"}));
        });
  };
}

std::string ways_json(const Service& service) {
  if (service.login.provider == nullptr) return "{\"password\":true}\n";
  const oidc::LoginOptions& options = service.login.provider->options();
  std::string out = "{\"password\":true,\"provider\":{\"url\":";
  append_json_string(out, options.public_url + "/api/v1/oidc/login");
  append_text_member(out, "label", options.label);
  return out + "}}\n";
}

}  // namespace

void add_provider_routes(Router& router, Service& service) {
  using access::Permission;
  router.add({"GET", "/api/v1/login/ways", Permission::kRead, audit::OnRecord::never(),
              [&service](const net::Request&, const Call&, const net::Reply& reply) {
                reply.send(json_response(200, ways_json(service)));
              },
              Gate::kOpen});
  for (const auto& [pattern, answer] :
       {std::pair<const char*, AtProvider>{"/api/v1/oidc/login", &send_away}, {"/api/v1/oidc/callback", &let_in}}) {
    router.add({"GET", pattern, Permission::kRead, audit::OnRecord::by_itself(), visit_handler(service, answer), Gate::kLogin});
  }
}

}  // namespace stele::api
