// The HTTP server over real sockets: one request after another, answers from anywhere, its beginning and its end.
#include "net/http_server.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <filesystem>

#include "support/http_fixture.h"
#include "support/temp_folder.h"

namespace stele::net {
namespace {

using testing::HttpFixture;
using testing::LoopbackClient;
using testing::soon;

constexpr std::string_view kGet = "GET /echo?x=1 HTTP/1.1\r\nHost: localhost\r\n\r\n";

// Goal: one connection serves many requests, and its end is the client's to choose.
TEST(HttpServer, keeps_a_connection_until_it_is_told_to_close) {
  HttpFixture http;
  LoopbackClient client = http.connect();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.send(kGet));
    const auto answer = client.answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, "GET /echo?x=1|");
    EXPECT_TRUE(answer->header("connection").empty());
    EXPECT_FALSE(answer->header("date").empty());
  }
  ASSERT_TRUE(client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
  EXPECT_EQ(client.answer()->header("connection"), "close");
  EXPECT_TRUE(client.closed_within(10'000));
  EXPECT_EQ(http.server().counters().requests, 4U);
  EXPECT_TRUE(soon([&] { return http.server().counters().connections == 0; }));
}

// Goal: HTTP/1.0, as health checks still speak it, gets one answer and the end of the connection.
TEST(HttpServer, answers_http_1_0_once) {
  HttpFixture http;
  LoopbackClient client = http.connect();
  ASSERT_TRUE(client.send("GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
  const auto answer = client.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->header("connection"), "close");
  EXPECT_TRUE(client.closed_within(10'000));
}

// Goal: requests that come together are answered in their order.
TEST(HttpServer, answers_pipelined_requests_in_order) {
  HttpFixture http;
  LoopbackClient client = http.connect();
  std::string all;
  constexpr int kCount = 50;
  for (int i = 0; i < kCount; ++i) {
    const std::string body = "body " + std::to_string(i);
    const std::string path = i % 3 == 0 ? "/other" : "/echo";
    all += "POST " + path + " HTTP/1.1\r\nHost: a\r\n";
    if (i % 2 == 0)
      all += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    else
      all += "Transfer-Encoding: chunked\r\n\r\n2\r\n" + body.substr(0, 2) + "\r\n" + std::to_string(body.size() - 2) + "\r\n" +
             body.substr(2) + "\r\n0\r\n\r\n";
  }
  ASSERT_TRUE(client.send(all));
  for (int i = 0; i < kCount; ++i) {
    const auto answer = client.answer();
    ASSERT_TRUE(answer) << i;
    EXPECT_EQ(answer->status, 200);
    EXPECT_TRUE(answer->body.ends_with("body " + std::to_string(i))) << answer->body;
  }
}

// Goal: HEAD has the head of GET's answer and nothing behind it.
TEST(HttpServer, answers_head_without_a_body) {
  HttpFixture http;
  LoopbackClient client = http.connect();
  ASSERT_TRUE(client.send("HEAD /echo HTTP/1.1\r\nHost: a\r\n\r\n"));
  const auto head = client.answer(true);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->header("content-length"), std::to_string(std::string("HEAD /echo?|").size()));
  ASSERT_TRUE(client.send(kGet));
  EXPECT_EQ(client.answer()->body, "GET /echo?x=1|");
}

// Goal: a target may be a whole URL.
TEST(HttpServer, takes_a_target_that_names_the_whole_url) {
  HttpFixture http;
  LoopbackClient client = http.connect();
  for (const auto& [target, seen] : std::vector<std::pair<std::string, std::string>>{
           {"http://a:80/echo?x=1", "GET /echo?x=1|"}, {"https://a", "GET /?|"}, {"/a?b?c", "GET /a?b?c|"}}) {
    ASSERT_TRUE(client.send("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n"));
    EXPECT_EQ(client.answer()->body, seen);
  }
}

// Goal: a request always gets an answer, also when the handler loses it or fails.
TEST(HttpServer, answers_500_when_the_handler_does_not) {
  HttpFixture http;
  LoopbackClient client = http.connect();
  for (const std::string path : {"/never", "/throw"}) {
    ASSERT_TRUE(client.send("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n"));
    const auto answer = client.answer();
    ASSERT_TRUE(answer) << path;
    EXPECT_EQ(answer->status, 500);
    EXPECT_NE(answer->body.find("no answer was given"), std::string::npos);
  }
  ASSERT_TRUE(client.send(kGet));
  EXPECT_EQ(client.answer()->status, 200) << "the connection goes on";
}

// Goal: answers may come from any thread, and work can be put back on the connection's own.
TEST(HttpServer, sends_what_another_thread_answers_and_posts_to_the_loop) {
  HttpFixture http;
  LoopbackClient client = http.connect();
  ASSERT_TRUE(client.send("POST /other HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"));
  EXPECT_EQ(client.answer()->body, "from another thread: hi");
  ASSERT_TRUE(client.send("GET /post HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_EQ(client.answer()->body, "same loop");
}

// Goal: many clients at once, each gets its own answers.
TEST(HttpServer, serves_many_connections_at_once) {
  HttpFixture http;
  std::vector<std::thread> clients;
  std::atomic<int> good{0};
  constexpr int kClients = 16;
  constexpr int kRequests = 50;
  for (int c = 0; c < kClients; ++c) {
    clients.emplace_back([&, c] {
      LoopbackClient client = http.connect();
      for (int i = 0; i < kRequests; ++i) {
        const std::string body(static_cast<std::size_t>(c * 997 + i * 31), static_cast<char>('a' + c));
        const std::string head = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
        if (!client.send(head + body)) return;
        const auto answer = client.answer();
        if (answer && answer->body == "POST /echo?|" + body) ++good;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(good, kClients * kRequests);
}

// Goal: a stream goes out in chunks, to HTTP/1.0 without, and one that fails is cut off and not ended.
TEST(HttpServer, streams_in_chunks_and_cuts_off_what_failed) {
  HttpFixture http;
  LoopbackClient modern = http.connect();
  ASSERT_TRUE(modern.send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n"));
  const std::string text = modern.rest();
  EXPECT_NE(text.find("Transfer-Encoding: chunked\r\n"), std::string::npos);
  EXPECT_TRUE(text.ends_with("a\r\n" + std::string(10, 'd') + "\r\na\r\n" + std::string(10, 'c') + "\r\na\r\n" +
                             std::string(10, 'b') + "\r\n"))
      << text;
  LoopbackClient old = http.connect();
  ASSERT_TRUE(old.send("GET /stream HTTP/1.0\r\n\r\n"));
  const std::string plain = old.rest();
  EXPECT_EQ(plain.find("Transfer-Encoding"), std::string::npos);
  EXPECT_TRUE(plain.ends_with("\r\n\r\n" + std::string(10, 'd') + std::string(10, 'c') + std::string(10, 'b'))) << plain;
}

// Goal: over a Unix socket the kernel says who is there, and only this user gets in.
TEST(HttpServer, knows_the_process_behind_a_unix_socket) {
  HttpFixture http;
  const testing::TempFolder folder;
  const std::string path = folder.path("control.sock");
  ASSERT_TRUE(http.server().listen_unix(path).ok());
  struct stat found {};
  ASSERT_EQ(::stat(path.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
  LoopbackClient client(path);
  ASSERT_TRUE(client.connected());
  ASSERT_TRUE(client.send(kGet));
  ASSERT_TRUE(client.answer());
  const Peer peer = http.last().peer;
  ASSERT_TRUE(peer.credentials);
  EXPECT_EQ(peer.credentials->pid, ::getpid());
  EXPECT_EQ(peer.credentials->uid, ::getuid());
  EXPECT_TRUE(peer.loopback);
  LoopbackClient over_tcp = http.connect();
  ASSERT_TRUE(over_tcp.send(kGet));
  ASSERT_TRUE(over_tcp.answer());
  EXPECT_FALSE(http.last().peer.credentials);
  EXPECT_TRUE(http.last().peer.loopback);
  EXPECT_TRUE(http.last().peer.address.starts_with("127.0.0.1:"));
}

// Goal: what a killed server left behind is replaced; anything else at the path is left alone.
TEST(HttpServer, replaces_a_stale_socket_and_nothing_else) {
  const testing::TempFolder folder;
  const std::string path = folder.path("control.sock");
  {
    const int stale = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy(path.begin(), path.end(), address.sun_path);
    ASSERT_EQ(::bind(stale, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ::close(stale);
  }
  HttpFixture http;
  ASSERT_TRUE(http.server().listen_unix(path).ok());
  EXPECT_TRUE(LoopbackClient(path).connected());
  http.server().drain(0);
  EXPECT_FALSE(std::filesystem::exists(path)) << "a stop removes it";

  const std::string file = folder.path("a-file");
  std::fclose(std::fopen(file.c_str(), "w"));
  EXPECT_EQ(http.server().listen_unix(file).error().code, Code::kInvalid);
  EXPECT_TRUE(std::filesystem::exists(file));
  EXPECT_EQ(http.server().listen_unix("/" + std::string(200, 'x')).error().code, Code::kIo);
  EXPECT_EQ(http.server().listen_unix("/nowhere/at/all").error().code, Code::kIo);
}

// Goal: addresses that are none, or taken, are errors that name them.
TEST(HttpServer, names_the_address_it_cannot_listen_on) {
  HttpFixture http;
  EXPECT_EQ(http.server().listen(http.address()).error().code, Code::kIo);
  EXPECT_NE(http.server().listen(http.address()).error().message.find(http.address()), std::string::npos);
  for (const std::string wrong : {"", "localhost", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "nowhere:80",
                                  "127.0.0.1:80x", ":80", "[::1:80"})
    EXPECT_EQ(http.server().listen(wrong).error().code, Code::kInvalid) << wrong;
  for (const std::string here : {"127.0.0.1:1", "[::1]:1", "localhost:1", "127.8.9.1:1"})
    EXPECT_TRUE(*is_loopback_address(here)) << here;
  for (const std::string open : {"0.0.0.0:1", "[::]:1", "192.0.2.1:1"}) EXPECT_FALSE(*is_loopback_address(open)) << open;
  EXPECT_EQ(is_loopback_address("nowhere:80").error().code, Code::kInvalid);
}

// Goal: addresses of IPv6 are spoken, and peers are named as one writes them; a server may listen on several.
TEST(HttpServer, speaks_ipv6) {
  HttpFixture http;
  const auto six = http.server().listen("[::1]:0");
  if (!six) GTEST_SKIP() << "this machine has no IPv6: " << six.error().message;
  LoopbackClient client(*six);
  ASSERT_TRUE(client.send(kGet));
  ASSERT_TRUE(client.answer());
  EXPECT_TRUE(http.last().peer.address.starts_with("[::1]:"));
  EXPECT_TRUE(http.last().peer.loopback);
  LoopbackClient four = http.connect();
  ASSERT_TRUE(four.send(kGet));
  EXPECT_TRUE(four.answer());
}

// Goal: a client that goes before its answer comes leaves nothing behind, and whoever answers notices nothing.
TEST(HttpServer, lets_go_of_clients_that_left_before_their_answer) {
  HttpFixture http;
  for (const bool resets : {false, true}) {
    {
      LoopbackClient client = http.connect();
      ASSERT_TRUE(client.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n"));
      ASSERT_TRUE(soon([&] { return http.held() == 1; }));
      const linger hang_up{resets ? 1 : 0, 0};
      ASSERT_EQ(::setsockopt(client.fd(), SOL_SOCKET, SO_LINGER, &hang_up, sizeof hang_up), 0);
    }
    ::usleep(20'000);
    http.release();
    EXPECT_TRUE(soon([&] { return http.server().counters().connections == 0; }));
  }
}

// Goal: a stop waits for answers that are under way, for as long as it was told.
TEST(HttpServer, drain_waits_for_what_is_under_way) {
  HttpFixture http;
  LoopbackClient busy = http.connect();
  LoopbackClient idle = http.connect();
  LoopbackClient half = http.connect();
  ASSERT_TRUE(busy.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n"));
  ASSERT_TRUE(idle.send(kGet));
  ASSERT_TRUE(idle.answer());
  constexpr std::string_view kGoOn = "HTTP/1.1 100 Continue\r\n\r\n";
  ASSERT_TRUE(half.send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"));
  ASSERT_EQ(half.read(kGoOn.size()), kGoOn) << "it is being read";
  ASSERT_TRUE(half.send("ha"));
  ASSERT_TRUE(soon([&] { return http.held() == 1; }));
  const auto began = std::chrono::steady_clock::now();
  http.server().drain(60);
  EXPECT_GE(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(60)) << "one is not answered yet";
  EXPECT_TRUE(idle.closed_within(10'000));
  EXPECT_TRUE(soon([&] { return !http.connect().connected(); })) << "nobody new gets in";

  std::thread later([&] {
    ::usleep(50'000);
    http.release();
  });
  http.server().drain(10'000);
  later.join();
  const auto answer = busy.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "released");
  EXPECT_EQ(answer->header("connection"), "close");
  ASSERT_TRUE(half.send("lf"));
  const auto refused = half.answer();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 503);
  EXPECT_EQ(refused->header("retry-after"), "5");
}

// Goal: who does not take his answer holds up no stop, however long that may wait for what is being made.
TEST(HttpServer, drain_waits_little_for_answers_to_be_taken) {
  HttpFixture http;
  LoopbackClient greedy = http.connect();
  ASSERT_TRUE(greedy.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n"));  // and reads nothing
  ASSERT_TRUE(soon([&] { return http.server().counters().answers.at(2) == 1; }));
  const auto began = std::chrono::steady_clock::now();
  http.server().drain(60'000);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(20));
}

// Goal: a stop ends streams properly.
TEST(HttpServer, drain_ends_streams) {
  HttpFixture http;
  LoopbackClient client = http.connect();
  ASSERT_TRUE(client.send("GET /quiet HTTP/1.1\r\nHost: a\r\n\r\n"));
  ASSERT_NE(client.read(1), "");
  ASSERT_TRUE(soon([&] { return http.handled() == 1; }));
  http.server().drain(5000);
  EXPECT_TRUE(client.rest().ends_with("\r\n0\r\n\r\n"));
}

// Goal: a runtime that stops with requests unanswered and connections open leaves nothing behind (the sanitizers look).
TEST(HttpServer, stops_with_everything_open) {
  HttpFixture http;
  std::vector<LoopbackClient> clients;
  for (const std::string_view request :
       {"GET /hold HTTP/1.1\r\nHost: a\r\n\r\n", "GET /quiet HTTP/1.1\r\nHost: a\r\n\r\n", "GET /ec",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf", "GET /big HTTP/1.1\r\nHost: a\r\n\r\n", ""}) {
    clients.push_back(http.connect());
    ASSERT_TRUE(clients.back().send(request));
  }
  ASSERT_TRUE(soon([&] { return http.handled() == 3 && http.server().counters().connections == clients.size(); }));
}

}  // namespace
}  // namespace stele::net
