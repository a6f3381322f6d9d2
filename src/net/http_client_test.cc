// The command line's HTTP client against the real server.
#include "net/http_client.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "support/http_fixture.h"
#include "support/temp_folder.h"

namespace stele::net {
namespace {

using testing::HttpFixture;

// Goal: requests and answers come through unchanged, over TCP and a Unix socket, one connection for all; the socket's path
// may be longer than an address.
TEST(HttpClient, gets_and_posts) {
  HttpFixture http;
  const testing::TempFolder temporary;
  const std::string folder = temporary.path(std::string(150, 'd'));
  ASSERT_EQ(::mkdir(folder.c_str(), 0700), 0);
  ASSERT_TRUE(http.server().listen_unix(folder + "/control.sock").ok());
  HttpClient over_tcp("http://" + http.address() + "//");
  HttpClient over_unix("http://stele", folder + "/control.sock");
  for (HttpClient* client : {&over_tcp, &over_unix}) {
    const auto got = client->get("/echo?a=b");
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(got->status, 200);
    EXPECT_EQ(got->body, "GET /echo?a=b|");
    const std::string body = "with a \0 in it" + std::string(300'000, 'x');
    const auto posted = client->post("/echo", body, "application/x-ndjson");
    ASSERT_TRUE(posted);
    EXPECT_EQ(posted->body, "POST /echo?|" + body);
    EXPECT_EQ(http.last().header("content-type"), "application/x-ndjson");
    EXPECT_EQ(http.last().header("expect"), "");
    EXPECT_EQ(client->post("/echo", {}, "text/plain")->body, "POST /echo?|");
    EXPECT_EQ(client->get("/never")->status, 500) << "an answer all the same";
  }
  EXPECT_EQ(http.server().counters().connections, 2U);
}

// Goal: an answer that is too long or too late is none, whoever it is from.
TEST(HttpClient, has_limits) {
  HttpFixture http;
  HttpClient client("http://" + http.address());
  EXPECT_FALSE(client.get("/big", {.answer_bytes_max = 1U << 20}));
  EXPECT_TRUE(client.get("/big"));
  const auto late = client.get("/hold", {.seconds_max = 1});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::kUnavailable);
  const std::atomic<bool> given_up{true};
  EXPECT_FALSE(client.get("/hold", {.give_up = &given_up})) << "not after two minutes";
}

// Goal: what cannot be reached is kUnavailable and named; when to come again is passed on.
TEST(HttpClient, says_who_did_not_answer) {
  HttpClient nobody("http://127.0.0.1:1");
  const auto nothing = nobody.get("/");
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().code, Code::kUnavailable);
  EXPECT_NE(nothing.error().message.find("127.0.0.1:1"), std::string::npos);
  EXPECT_NE(HttpClient("http://stele", "/nowhere.sock").get("/").error().message.find("/nowhere.sock"), std::string::npos);
  EXPECT_FALSE(HttpClient("file:///etc").get("/passwd")) << "HTTP and nothing else";

  HttpLimits limits;
  limits.bodies_bytes_max = 10;
  HttpFixture http(limits);
  HttpClient client("http://" + http.address());
  const auto busy = client.post("/echo", std::string(1000, 'x'), "text/plain");
  ASSERT_TRUE(busy) << busy.error().message;
  EXPECT_EQ(busy->status, 429);
  EXPECT_EQ(busy->retry_after, 1);
}

// Goal: a connection that was kept and then closed is opened anew, unseen; a proxy in the environment is not asked.
TEST(HttpClient, opens_a_lost_connection_again_and_asks_no_proxy) {
  ASSERT_EQ(::setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
  HttpLimits limits;
  limits.idle_seconds = 1;
  HttpFixture http(limits);
  HttpClient client("http://" + http.address());
  ASSERT_TRUE(client.get("/echo"));
  ASSERT_TRUE(testing::soon([&] { return http.server().counters().connections == 0; }));
  const auto again = client.post("/echo", "body", "text/plain");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->body, "POST /echo?|body");
  ::unsetenv("http_proxy");
}

// Goal: a stream is handed on piece by piece until its reader has enough; an answer that is none is handed back.
TEST(HttpClient, streams) {
  HttpFixture http;
  HttpClient client("http://" + http.address());
  std::string got;
  const auto stopped = client.stream("/quiet", [&](std::string_view piece) {
    got += piece;
    return got.size() < 30;
  });
  ASSERT_TRUE(stopped) << stopped.error().message;
  EXPECT_EQ(got, std::string(10, 'd') + std::string(10, 'c') + std::string(10, 'b'));

  const auto lost = client.stream("/stream", [](std::string_view) { return true; });
  ASSERT_FALSE(lost) << "cut off is not ended";
  EXPECT_EQ(lost.error().code, Code::kUnavailable);

  const auto refused = client.stream("/never", [](std::string_view) { return ADD_FAILURE(), true; });
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 500);
  EXPECT_NE(refused->body.find("no answer"), std::string::npos);
}

}  // namespace
}  // namespace stele::net
