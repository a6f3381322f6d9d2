// Which handler answers what, and that none answers before the authority has.
#include "api/router.h"
#include "api/responses.h"

#include <gtest/gtest.h>

#include "support/understanding.h"

#include <set>

#include "api/service.h"
#include "collect/http_doors.h"
#include "support/real_log.h"
#include "support/router_door.h"

namespace stele::api {
namespace {

using access::Authority;
using access::Permission;
using net::Peer;
using testing::example_of;
using testing::RouterDoor;

constexpr auto kSeen = audit::OnRecord::each("stele.thing.seen", "saw");
const Peer kHere{"127.0.0.1:5", true, std::nullopt};
const Peer kStranger{"203.0.113.9:5", false, std::nullopt};
const Peer kControl{"unix", true, net::Credentials{1, 2, 3}};

// What an authority over no tokens needs.
struct Kept {
  testing::RealLog log;
  std::unique_ptr<audit::GrantBook> grants =
      std::move(*audit::GrantBook::open(io::posix(), log.path("grants.json"), *log, system_clock(), crypto::system_random()));
  std::unique_ptr<audit::ConfigurationBook> configuration =
      std::move(*audit::ConfigurationBook::open(io::posix(), log.path("configuration.json"), *log));
  audit::Recorder recorder{*log, system_clock()};
  [[nodiscard]] Authority authority(const char* loopback_role) const {
    return {access::find_shipped_role(loopback_role), grants->grants(), system_clock()};
  }
};

// All that the server answers, over no log at all.
struct Product : Kept {
  // Without a role whoever shows no token is nobody here.
  explicit Product(const char* loopback_role = "owner") : router(authority(loopback_role), recorder) {
    service.doors = collect::make_http_doors({"secret", {}});
    add_routes(router, service);
  }
  access::Approvals approvals{access::kGuardedActs, system_clock(), crypto::system_random()};
  people::Directory directory;
  sentence::Sentences sentences;
  search::Pool searches{1, 1};
  Service service{{},
                  &searches,
                  grants.get(),
                  configuration.get(),
                  &recorder,
                  &approvals,
                  {},
                  system_clock(),
                  testing::shipped_understanding(),
                  directory,
                  sentences,
                  {},
                  0,
                  {},
                  {},
                  {}};
  Router router;
  RouterDoor door{router};
};

// Goal: no route answers anyone whom the authority turns away: not from another machine, not a page that borrowed this one's
// name, whatever the method, the parameters or the headers. The routes are the router's own list, so a new one is covered.
TEST(Router, asks_the_authority_before_every_route) {
  Product product;
  ASSERT_GE(product.router.routes().size(), 15U);
  std::set<std::string> seen;
  for (const Route& route : product.router.routes()) {
    EXPECT_TRUE(seen.insert(route.method + " " + route.pattern).second) << "twice: " << route.pattern;
    const std::string path = example_of(route.pattern);
    if (route.gate == Gate::kOpen) {
      EXPECT_EQ(product.door.ask(kStranger, route.method, path).status, 200) << path;
      continue;
    }
    if (route.gate == Gate::kLogin && route.method == "GET") {  // from a provider's page one may come, wherever that is
      EXPECT_EQ(product.door.ask(kStranger, "GET", path).status, 404) << path << ": there is no provider";
      EXPECT_EQ(product.door.ask(kStranger, "GET", path, "Host: here\r\nOrigin: https://there\r\n").status, 404) << path;
      EXPECT_EQ(product.door.ask(kHere, "GET", path, "Host: evil.example\r\n").status, 403) << path << ", under a borrowed name";
      continue;
    }
    if (route.gate == Gate::kLogin) {
      EXPECT_EQ(product.door.ask(kStranger, route.method, path).status, 400) << path << ": he says nothing of himself";
      EXPECT_EQ(product.door.ask(kStranger, route.method, path, "Host: here\r\nOrigin: https://there\r\n").status, 403) << path;
      EXPECT_EQ(product.door.ask(kHere, route.method, path, "Host: evil.example\r\n").status, 403)
          << path << ", under a borrowed name";
      continue;
    }
    std::vector<std::string> methods = {route.method};
    if (route.method == "GET") methods.emplace_back("HEAD");
    for (const std::string& method : methods) {
      for (const std::string query : {"", "?log=main", "?log=other&from=0&to=0&size=1&format=json"}) {
        const auto denied = product.door.ask(kStranger, method, path + query);
        EXPECT_EQ(denied.status, 401) << method << " " << path << query;
        if (method == "HEAD") continue;
        EXPECT_NE(denied.body.find(R"("code":"unauthenticated")"), std::string::npos) << denied.body;
      }
      if (route.gate == Gate::kOwnProof) continue;
      for (const std::string host : {"evil.example", "evil.example:7373", "[evil]", "[evil", "localhost.evil.example", "0x7f.1"})
        EXPECT_EQ(product.door.ask(kHere, method, path, "Host: " + host + "\r\n").status, 403)
            << method << " " << path << " " << host;
    }
    if (route.gate == Gate::kOwnProof) continue;
    const int allowed = product.door.ask(kHere, route.method, path).status;
    EXPECT_TRUE(allowed != 403 && allowed != 401) << path << ": the same request, allowed";
  }
}

// Goal: without a token nothing answers but health: not from this machine, not what is not there, whatever the method.
TEST(Router, is_closed_to_who_shows_nothing) {
  Product product("");
  std::set<std::string> open;
  std::set<std::string> login;
  for (const Route& route : product.router.routes()) {
    if (route.gate == Gate::kOpen) open.insert(route.pattern);
    if (route.gate == Gate::kLogin) login.insert(route.pattern);
    for (const std::string method : {route.method.c_str(), "BREW"}) {
      if ((route.gate == Gate::kOpen || route.gate == Gate::kLogin) && method == route.method) continue;
      EXPECT_EQ(product.door.ask(kHere, method, example_of(route.pattern)).status, 401) << method << " " << route.pattern;
    }
  }
  EXPECT_EQ(open, (std::set<std::string>{"/healthz", "/readyz", "/login", "/login.css", "/login.js", "/api/v1/login/ways"}));
  EXPECT_EQ(login, (std::set<std::string>{"/api/v1/login", "/api/v1/join", "/api/v1/oidc/login", "/api/v1/oidc/callback"}));
  for (const std::string path : {"/", "/none", "/api/v1/", "/healthz/", "/log/none/key", "/%2e%2e/healthz"})
    EXPECT_EQ(product.door.ask(kHere, "GET", path).status, 401) << path;
  EXPECT_EQ(product.door.ask(kControl, "GET", "/none").status, 404);
}

// Goal: what is allowed reaches its handler and what is not never does.
TEST(Router, calls_no_handler_for_what_is_denied) {
  std::atomic<int> calls{0};
  const auto handler = [&](const net::Request&, const Call& call, const net::Reply& reply) {
    ++calls;
    std::string all;
    for (const std::string& part : call.parts) all += "<" + part + ">";
    reply.send(text_response(all));
  };
  Kept kept;
  Router router{kept.authority("owner"), kept.recorder};
  router.add({"GET", "/log/{log}/it", Permission::kProve, kSeen, handler});
  router.add({"POST", "/things", Permission::kWrite, kSeen, handler});
  router.add({"DELETE", "/files/{one}/*", Permission::kRead, kSeen, handler});
  RouterDoor door(router);
  EXPECT_EQ(door.ask(kStranger, "GET", "/log/other/it?log=main").status, 401);
  EXPECT_EQ(door.ask(kStranger, "POST", "/things").status, 401);
  EXPECT_EQ(door.ask(kStranger, "DELETE", "/files/a/b").status, 401);
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(door.ask(kHere, "GET", "/log/other/it").body, "<other>");
  EXPECT_EQ(door.ask(kHere, "DELETE", "/files/a/b/c/").body, "<a><b/c/>");
  EXPECT_EQ(door.ask(kControl, "POST", "/things", "Host: any.name\r\n").status, 200) << "no browser speaks to a Unix socket";
  EXPECT_EQ(calls, 3);
}

// Goal: of whom a request was when its body was passed over, and who is known since, is told to come again: no handler takes an
// empty body for what he sent.
TEST(Router, hands_no_request_on_whose_body_was_passed_over) {
  struct Unread final : net::BodyStream {
    void next(Got got) override { got(Error{Code::kUnavailable, ""}); }
    void after(std::int64_t /*millis*/, std::function<void()> /*f*/) override {}
    [[nodiscard]] bool draining() const override { return false; }
  };
  struct Caught final : net::Reply::State {
    explicit Caught(int& s) : status(s) {}
    void send(net::Response response) override { status = response.status; }
    void post(std::function<void()> f) override { f(); }
    int& status;
  };
  Kept kept;
  Router router{kept.authority("owner"), kept.recorder};
  int calls = 0;
  const auto handler = [&](const net::Request&, const Call&, const net::Reply& reply) {
    ++calls;
    reply.send(text_response("x"));
  };
  router.add({"POST", "/things", Permission::kWrite, audit::OnRecord::never(), handler});
  net::Request request;
  request.method = "POST";
  request.path = "/things";
  request.peer = kHere;
  int status = 0;
  router.handle(request, net::Reply(std::make_shared<Caught>(status)));
  EXPECT_EQ(status, 200);
  request.stream = std::make_shared<Unread>();
  router.handle(request, net::Reply(std::make_shared<Caught>(status)));
  EXPECT_EQ(status, 503);
  EXPECT_EQ(calls, 1);
}

// Goal: a name for this machine counts in any case and with any port, its addresses too, and nothing that only looks like them.
TEST(Router, knows_when_it_is_called_by_address) {
  Kept kept;
  Router router{kept.authority("owner"), kept.recorder};
  router.add({"GET", "/", Permission::kRead, audit::OnRecord::never(), {}});
  router.add({"GET", "/x", Permission::kRead, audit::OnRecord::never(),
              [](const net::Request&, const Call&, const net::Reply& reply) { reply.send(text_response("x")); }});
  RouterDoor door(router);
  for (const std::string host :
       {"localhost", "LOCALHOST:80", "127.0.0.1", "127.8.9.1:7373", "[::1]", "[::1]:7373", "[::FFFF:127.0.0.1]", ""})
    EXPECT_EQ(door.ask(kHere, "GET", "/x", "Host: " + host + "\r\n").status, 200) << host;
  for (const std::string host :
       {"localhost.", "xlocalhost", "local", "a", "[]", "[", "[a.b]", "[::1", "127.0.0.1.a", "1.2.3.x", "user@localhost"})
    EXPECT_EQ(door.ask(kHere, "GET", "/x", "Host: " + host + "\r\n").status, 403) << host;
}

// Goal: who comes through a proxy on this machine says who he is under the name that the operator wrote down, and under no other;
// what needs an identity is as before.
TEST(Router, is_called_by_its_public_name_at_the_login) {
  Product product;
  product.router.set_public_host("stele.example:8443");
  EXPECT_EQ(product.door.ask(kHere, "POST", "/api/v1/login", "Host: stele.example:8443\r\n").status, 400);
  for (const std::string host : {"stele.example", "evil.example", "stele.example:8443.evil.example", "STELE"})
    EXPECT_EQ(product.door.ask(kHere, "POST", "/api/v1/login", "Host: " + host + "\r\n").status, 403) << host;
  EXPECT_EQ(product.door.ask(kHere, "GET", "/api/v1/status", "Host: stele.example:8443\r\n").status, 403);
}

// Goal: a page of another site cannot write, whether or not the server is open to the network; reading it may try in vain.
TEST(Router, refuses_writes_of_other_sites_pages) {
  Product product;
  for (const std::string origin : {"http://evil.example", "null", "http://localhost:1", "https://", "localhost"}) {
    const auto denied = product.door.ask(kHere, "POST", "/api/v1/events", "Host: localhost\r\nOrigin: " + origin + "\r\n");
    EXPECT_EQ(denied.status, 403) << origin;
    EXPECT_NE(denied.body.find(origin), std::string::npos);
    const auto read = product.door.ask(kHere, "GET", "/healthz", "Host: localhost\r\nOrigin: " + origin + "\r\n");
    EXPECT_EQ(read.status, 200);
    EXPECT_EQ(read.header("access-control-allow-origin"), "");
  }
  const auto own = product.door.ask(kHere, "POST", "/api/v1/events", "Host: localhost:7\r\nOrigin: http://localhost:7\r\n");
  EXPECT_EQ(own.status, 404) << "allowed, and there is no log";
  EXPECT_EQ(product.door.ask(kStranger, "POST", "/api/v1/events", "Host: log.example\r\n").status, 401);
}

// Goal: a path is matched whole, part by part, as it was sent; a method it does not take is told which it takes.
TEST(Router, matches_whole_paths) {
  Product product;
  for (const std::string path : {"/",
                                 "/healthz/",
                                 "//healthz",
                                 "/healthz/x",
                                 "/Healthz",
                                 "/%68ealthz",
                                 "/api/v1/events/",
                                 "/api/v1/events/1/2",
                                 "/log/main",
                                 "/log/main/",
                                 "/log//key",
                                 "/log/main/tile",
                                 "/log/main/tile/",
                                 "/log/main/proof",
                                 "/log/main/proof/",
                                 "/healthz;x",
                                 "*",
                                 "healthz",
                                 "/api/v1/../../healthz",
                                 "/healthz%00"}) {
    for (const std::string method : {"GET", "POST", "BREW"})
      EXPECT_EQ(product.door.ask(kHere, method, path).status, 404) << method << " " << path;
  }
  for (const Route& route : product.router.routes()) {
    for (const std::string method : {"PUT", "DELETE", "OPTIONS", "TRACE", "get", "BREW"}) {
      const auto answer = product.door.ask(kHere, method, example_of(route.pattern));
      EXPECT_EQ(answer.status, 405) << method << " " << route.pattern;
      const std::string allow = answer.header("allow");
      EXPECT_NE(allow.find(route.method), std::string::npos) << route.pattern << ": " << allow;
      EXPECT_EQ(allow.find("HEAD") != std::string::npos, allow.find("GET") != std::string::npos) << allow;
    }
  }
  EXPECT_EQ(product.door.ask(kHere, "DELETE", "/api/v1/events").header("allow"), "POST, GET, HEAD");
}

// Goal: parameters that are wrong, and logs that are not there, are errors of one form on every route that takes them.
TEST(Router, answers_wrong_parameters_in_one_form) {
  Product product;
  for (const std::string target :
       {"/api/v1/events?log=none", "/api/v1/events/1?log=none", "/api/v1/stream?log=none", "/log/none/key", "/log/none/keys",
        "/log/none/checkpoint", "/log/none/proof/1", "/log/none/consistency?from=1&to=2", "/log/none/tile/0/000"}) {
    const auto answer = product.door.ask(kHere, "GET", target);
    EXPECT_EQ(answer.status, 404) << target;
    EXPECT_EQ(answer.body, R"({"error":{"code":"not_found","message":"there is no log \"none\""}})"
                           "\n")
        << target;
    EXPECT_EQ(answer.header("content-type"), "application/json");
  }
  EXPECT_EQ(product.door.ask(kHere, "GET", "/api/v1/events?log=%ff").body,
            R"({"error":{"code":"not_found","message":"the request is not UTF-8"}})"
            "\n");
  EXPECT_EQ(product.door.ask(kHere, "GET", "/readyz").status, 200) << "no log, none that is stopped";
}

// Goal: each kind of error has its status, and those that pass say when to come again.
TEST(Router, gives_every_error_its_status) {
  const std::vector<std::tuple<Code, int, std::string>> all = {
      {Code::kInvalid, 400, ""},         {Code::kConflict, 400, ""}, {Code::kNotFound, 404, ""}, {Code::kTooLarge, 413, ""},
      {Code::kUnauthenticated, 401, ""}, {Code::kDenied, 403, ""},   {Code::kBusy, 429, "1"},    {Code::kUnavailable, 503, "5"},
      {Code::kCorrupt, 500, ""},         {Code::kIo, 500, ""},       {Code::kInternal, 500, ""},
  };
  for (const auto& [code, status, retry_after] : all) {
    const net::Response response = error_response({code, "why \"so\"\n"});
    EXPECT_EQ(response.status, status);
    EXPECT_EQ(response.body, "{\"error\":{\"code\":\"" + std::string(code_name(code)) +
                                 R"(","message":"why \"so\"\n"}})"
                                 "\n");
    std::string said;
    for (const auto& [name, value] : response.headers) {
      if (name == "Retry-After") said = value;
    }
    EXPECT_EQ(said, retry_after) << code_name(code);
  }
}

}  // namespace
}  // namespace stele::api
