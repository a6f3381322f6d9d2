// Every route × every role × a log of its own and one of others: generated from the router, so that no route goes without.
#include <gtest/gtest.h>

#include <future>
#include <map>
#include <regex>
#include <set>

#include "api/service.h"
#include "collect/http_doors.h"
#include "support/real_log.h"
#include "support/router_door.h"
#include "support/understanding.h"

namespace stele::api {
namespace {

using access::Permission;
using testing::RealLog;

// What a role may, once more: not as the program has it, but as docs/formats/access.md says.
const std::map<std::string, std::set<Permission>> kMay = {
    {"writer", {Permission::kWrite, Permission::kProve}},
    {"reader", {Permission::kRead, Permission::kProve}},
    {"auditor", {Permission::kRead, Permission::kReadWhole, Permission::kProve, Permission::kExport, Permission::kObserve}},
    {"operator", {Permission::kObserve, Permission::kOperate}},
    {"admin", {Permission::kObserve, Permission::kGrant}},
    {"owner",
     {Permission::kWrite, Permission::kRead, Permission::kReadWhole, Permission::kProve, Permission::kExport,
      Permission::kObserve, Permission::kOperate, Permission::kGrant, Permission::kOpenSealed, Permission::kErase}},
};
// These are about no log; all others are to answer 404 for one that is not the token's.
const std::set<std::string> kOfNoLog = {"/healthz",
                                        "/readyz",
                                        "/metrics",
                                        "/api/v1/status",
                                        "/api/v1/schema/event",
                                        "/api/v1/tokens",
                                        "/api/v1/tokens/{id}/revoke",
                                        "/api/v1/configuration",
                                        "/api/v1/roles",
                                        "/api/v1/roles/{role}/remove",
                                        "/api/v1/sessions/end",
                                        "/api/v1/users",
                                        "/api/v1/users/{user}/invite",
                                        "/api/v1/users/{user}/revoke"};
// These are of all logs, but for the names of roles.
const std::set<std::string> kOfAllLogs = {"/api/v1/roles", "/api/v1/roles/{role}/remove", "/api/v1/configuration"};
// Of these a POST has all parameters in its body.
const std::set<std::string> kInBody = {"/api/v1/search", "/api/v1/aggregate", "/api/v1/timeline", "/api/v1/sql"};
const net::Peer kElsewhere{"203.0.113.9:5", false, std::nullopt};

struct OneLog {
  explicit OneLog(const std::string& name)
      : indexer(std::move(*search::Indexer::start(io::posix(), *log, {.dir = log.path("index")}))),
        watch(*log, io::posix(), sources::Registry(), system_clock(), options(name)) {}
  sources::WatchOptions options(const std::string& name) const {
    sources::WatchOptions out;
    out.ledger_file = log.path(name + ".json");
    out.report = false;
    return out;
  }
  LogParts parts() { return {&*log, &watch, indexer.get()}; }

  RealLog log;
  std::unique_ptr<search::Indexer> indexer;
  sources::Watch watch;
};

class Permissions : public ::testing::Test {
 protected:
  void SetUp() override {
    service_.doors = collect::make_http_doors({"secret", {}});
    add_routes(router_, service_);
  }

  // A token's text.
  std::string grant(const std::string& role, const std::vector<std::string>& logs, access::Sight sight = {}) {
    std::promise<std::string> promise;
    grants_->create({role, role, "", logs, std::move(sight), {}}, {"local:0", "", ""},
                    [&](const Result<audit::GrantBook::Created>& created) {
                      promise.set_value(created ? created->token : created.error().message);
                    });
    return promise.get_future().get();
  }
  // The route's answer to a request that is whole but for what it is to have found: of a stream its head alone, since it has no
  // end.
  testing::HttpAnswer ask(const Route& route, const std::string& token, const std::string& log) {
    std::string target = testing::example_of(route.pattern, log);
    std::string body;
    if (route.method == "POST" && kInBody.contains(route.pattern)) {
      body = R"({"log":")" + log + '"' + (route.pattern == "/api/v1/timeline" ? R"(,"actor":"a"})" : "}");
      if (route.pattern == "/api/v1/sql") body = R"({"query":"SELECT 1","log":")" + log + "\"}";
    } else if (!kOfNoLog.contains(route.pattern)) {
      target += "?log=" + log + (route.pattern == "/api/v1/timeline" ? "&actor=a" : "");
    }
    const std::string method = route.pattern == "/api/v1/stream" ? "HEAD" : route.method;
    return door_.ask(kElsewhere, method, target, "Host: x\r\nAuthorization: Bearer " + token + "\r\n", body);
  }

  OneLog main_{"main"};
  OneLog other_{"other"};
  OneLog audit_{"audit"};
  std::unique_ptr<audit::GrantBook> grants_ = std::move(
      *audit::GrantBook::open(io::posix(), audit_.log.path("grants.json"), *audit_.log, system_clock(), crypto::system_random()));
  std::unique_ptr<audit::ConfigurationBook> configuration_ =
      std::move(*audit::ConfigurationBook::open(io::posix(), audit_.log.path("configuration.json"), *audit_.log));
  audit::Recorder recorder_{*audit_.log, system_clock()};
  access::Approvals approvals_{access::kGuardedActs, system_clock(), crypto::system_random()};
  people::Directory directory_;
  sentence::Sentences sentences_;
  search::Pool searches_{1, 8};
  Service service_{{{"main", main_.parts()}, {"other", other_.parts()}, {"audit", audit_.parts()}},
                   &searches_,
                   grants_.get(),
                   configuration_.get(),
                   &recorder_,
                   &approvals_,
                   {},
                   system_clock(),
                   testing::shipped_understanding(),
                   directory_,
                   sentences_,
                   {},
                   0,
                   {},
                   {},
                   {}};
  Router router_{access::Authority(nullptr, grants_->grants(), system_clock()), recorder_};
  testing::RouterDoor door_{router_};
};

TEST_F(Permissions, of_every_route_role_and_log) {
  ASSERT_EQ(access::shipped_roles().size(), kMay.size());
  std::size_t asked = 0;
  for (const auto& [role, may] : kMay) {
    const std::string whole = grant(role, {});
    const std::string narrow = grant(role, {"main"});
    for (const Route& route : router_.routes()) {
      if (route.gate != Gate::kIdentity) continue;
      for (const std::string log : {"main", "other", "audit", "none"}) {
        const std::string where = role + ": " + route.method + " " + route.pattern + " of " + log;
        const int of_all = ask(route, whole, log).status;
        const int of_main = ask(route, narrow, log).status;
        asked += 2;
        if (!may.contains(route.permission)) {
          EXPECT_EQ(of_all, 403) << where;
          EXPECT_EQ(of_main, 403) << where << ", with a token of main";
          continue;
        }
        EXPECT_TRUE(of_all != 401 && of_all != 403) << where << ": " << of_all;
        if (kOfAllLogs.contains(route.pattern) && !(route.pattern == "/api/v1/roles" && route.method == "GET")) {
          EXPECT_EQ(of_main, 403) << where << ", with a token of main";
          continue;
        }
        EXPECT_TRUE(of_main != 401 && of_main != 403) << where << ": " << of_main;
        if (kOfNoLog.contains(route.pattern)) continue;
        if (log != "main") EXPECT_EQ(of_main, 404) << where << ", with a token of main";
        if (log == "audit" && route.permission == Permission::kWrite)
          EXPECT_EQ(of_all, 404) << where << ": the server alone writes there";
      }
    }
  }
  EXPECT_GE(asked, 6U * 2 * 4 * 25);
}

// Goal: whoever sees a part is shown that part alone, whatever he asks. What must not be seen has a word in it that is in no
// answer.
TEST_F(Permissions, show_no_more_than_is_in_sight) {
  event::EntryBatch batch(event::Source{"app", "http", "127.0.0.1:1", ""});
  const auto add = [&](const std::string& category, const std::string& actor, const std::string& email) {
    ASSERT_TRUE(batch.add(R"({"time":"2026-11-23T16:20:00Z","actor":{"type":"user","id":")" + actor + R"(","email":")" + email +
                              R"("},"action":"a.b","category":")" + category + R"(","outcome":"success"})",
                          {}, "\"raw HIDDEN\"", {}));
  };
  for (int i = 0; i < 4; ++i) {
    add("authentication", "a", "HIDDEN@masked.example");
    add("data_access", "HIDDEN", "b@x.example");
  }
  ASSERT_TRUE(main_.log.write(std::move(batch)));
  std::promise<Status> defined;
  grants_->define_role({"analyst", "", {Permission::kRead, Permission::kObserve}, false, {"actor.email"}}, {"local:0", "", ""},
                       [&](const Status& written) { defined.set_value(written); });
  ASSERT_TRUE(defined.get_future().get());
  const std::string narrow = grant("auditor", {}, {{"authentication"}, {}, {}});
  const std::string blurred = grant("analyst", {}, {{"authentication"}, {}, {}});
  const std::string whole = grant("auditor", {});
  std::map<std::string, int> answered;
  std::size_t would_show = 0;
  for (const Route& route : router_.routes()) {
    if (route.gate != Gate::kIdentity || (route.method == "POST" && !kInBody.contains(route.pattern))) continue;
    const auto body_of = [&](const std::string& token) {
      const auto answer = ask(route, token, "main");
      return std::pair(answer.status, answer.body);
    };
    if (body_of(whole).second.find("HIDDEN") != std::string::npos) ++would_show;
    for (const auto& [token, mark] : {std::pair(&narrow, R"("id":"HIDDEN")"), {&blurred, "HIDDEN"}}) {
      const auto [status, body] = body_of(*token);
      EXPECT_EQ(body.find(mark), std::string::npos) << route.method << " " << route.pattern << ": " << body;
      if (route.permission == Permission::kRead) {
        const bool is_refused = token == &narrow ? route.shows == Shows::kWhole : route.shows != Shows::kMasked;
        EXPECT_EQ(status == 403, is_refused) << route.method << " " << route.pattern << ": " << status << " " << body;
        ++answered[is_refused ? "refused" : "shown"];
      }
    }
  }
  EXPECT_GE(would_show, 4U) << "the test asks for nothing that could be shown";
  EXPECT_GE(answered["shown"], 10);
  EXPECT_GE(answered["refused"], 8);
}

// Goal: an answer about a log of others is, byte for byte, that about one that is not there.
TEST_F(Permissions, a_log_of_others_is_not_there) {
  const std::string token = grant("owner", {"main"});
  for (const Route& route : router_.routes()) {
    if (route.gate != Gate::kIdentity || kOfNoLog.contains(route.pattern)) continue;
    const auto there = ask(route, token, "other");
    const auto absent = ask(route, token, "nonee");
    EXPECT_EQ(there.status, absent.status) << route.pattern;
    EXPECT_EQ(std::regex_replace(there.body, std::regex("other"), "nonee"), absent.body) << route.pattern;
  }
}

}  // namespace
}  // namespace stele::api
