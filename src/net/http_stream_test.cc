// Bodies that are taken as they come: asked for piece by piece, and never more of them read than was asked for.
#include <gtest/gtest.h>

#include <cstdio>
#include <mutex>
#include <optional>
#include <thread>

#include "net/http_server.h"
#include "support/http_fixture.h"

namespace stele::net {
namespace {

using testing::LoopbackClient;
using testing::soon;

// Takes the bodies below /pieces as they come, and hands each request to the test.
class Streaming {
 public:
  explicit Streaming(HttpLimits limits = {})
      : runtime_(2),
        server_(
            runtime_, [this](Request request, const Reply& reply) { handle(std::move(request), reply); }, limits,
            [](const Request& request) { return request.path.starts_with("/pieces"); }) {
    auto bound = server_.listen("127.0.0.1:0");
    if (!bound) throw std::runtime_error(bound.error().message);
    address_ = *bound;
  }

  [[nodiscard]] LoopbackClient connect() const { return LoopbackClient(address_); }
  HttpServer& server() { return server_; }
  [[nodiscard]] std::size_t requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  // Asks for the rest of the body of a request to /pieces/held.
  void go_on() {
    const std::lock_guard lock(mutex_);
    gather(std::move(held_->first), std::move(held_->second), 0);
    held_.reset();
  }

 private:
  void handle(Request request, const Reply& reply) {
    const std::lock_guard lock(mutex_);
    ++requests_;
    if (request.path == "/pieces/denied") return answer(reply, 403, "no");
    if (request.path == "/pieces/held") {
      held_.emplace(request.stream, reply);
      return;
    }
    if (request.stream == nullptr) return answer(reply, 200, request.body);
    gather(request.stream, reply, 0);
  }

  static void gather(const std::shared_ptr<BodyStream>& stream, const Reply& reply, std::size_t bytes) {
    stream->next([stream, reply, bytes](const Result<std::string>& piece) {
      if (!piece)
        return answer(reply, piece.error().code == Code::kInvalid ? 400 : 503, std::to_string(bytes) + piece.error().message);
      if (piece->empty()) return answer(reply, 200, std::to_string(bytes));
      gather(stream, reply, bytes + piece->size());
    });
  }
  static void answer(const Reply& reply, int status, std::string body) {
    Response response;
    response.status = status;
    response.body = std::move(body);
    reply.send(std::move(response));
  }

  std::mutex mutex_;
  std::size_t requests_ = 0;
  std::string address_;
  Runtime runtime_;
  std::optional<std::pair<std::shared_ptr<BodyStream>, Reply>> held_;
  HttpServer server_;
};

std::string chunk(std::string_view bytes) {
  char size[20];
  std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  return size + std::string(bytes) + "\r\n";
}

constexpr std::string_view kChunkedHead = " HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

// Goal: a body over every limit of bodies is taken, in either coding, and the connection goes on behind it.
TEST(HttpStream, takes_bodies_over_the_limit_of_bodies) {
  HttpLimits limits;
  limits.body_bytes_max = 1000;
  Streaming http(limits);
  LoopbackClient client = http.connect();
  const std::string megabyte(1U << 20, 'x');
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(client.send("POST /pieces" + std::string(kChunkedHead)));
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(client.send(chunk(megabyte)));
    ASSERT_TRUE(client.send("0\r\n\r\nPOST /pieces HTTP/1.1\r\nHost: a\r\nContent-Length: 2097152\r\n\r\n" + megabyte + megabyte +
                            "POST /whole HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"));
    EXPECT_EQ(client.answer()->body, "3145728");
    EXPECT_EQ(client.answer()->body, "2097152");
    EXPECT_EQ(client.answer()->body, "abc");
  }
  ASSERT_TRUE(client.send("POST /pieces HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_EQ(client.answer()->body, "0");
  ASSERT_TRUE(client.send("POST /whole HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n"));
  EXPECT_EQ(client.answer()->status, 413) << "the limit holds for all others";
}

// Goal: the handler decides before a byte of the body is asked for, and the peer that waits is not told to go on.
TEST(HttpStream, is_refused_before_the_body_comes) {
  Streaming http;
  LoopbackClient client = http.connect();
  ASSERT_TRUE(
      client.send("POST /pieces/denied HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n"));
  const auto answer = client.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 403);
  EXPECT_EQ(answer->header("connection"), "close");
}

// Goal: "100 Continue" is sent when the body is asked for, once.
TEST(HttpStream, tells_a_peer_that_waits_to_go_on_once_it_is_asked_for) {
  Streaming http;
  LoopbackClient client = http.connect();
  ASSERT_TRUE(client.send("POST /pieces/held HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n"));
  ASSERT_TRUE(soon([&] { return http.requests() == 1; }));
  http.go_on();
  ASSERT_TRUE(client.send(chunk("ab") + chunk("c") + "0\r\n\r\n"));
  const auto go_on = client.answer(true);
  ASSERT_TRUE(go_on);
  EXPECT_EQ(go_on->status, 100);
  const auto answer = client.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "3");
}

// Goal: what nobody asks for is not read: the peer is held up, and nothing is lost of what it sends.
TEST(HttpStream, reads_no_more_than_is_asked_for) {
  Streaming http;
  LoopbackClient client = http.connect();
  ASSERT_TRUE(client.send("POST /pieces/held HTTP/1.1\r\nHost: a\r\nContent-Length: 67108864\r\n\r\n"));
  ASSERT_TRUE(soon([&] { return http.requests() == 1; }));
  const std::string body(64U << 20, 'x');
  std::size_t sent = 0;
  std::size_t before = 1;
  while (sent != before) {  // until the buffers on the way are full
    before = sent;
    sent += client.send_some(std::string_view(body).substr(sent));
    ::usleep(50'000);
  }
  EXPECT_LT(sent, body.size());
  http.go_on();
  ASSERT_TRUE(client.send(std::string_view(body).substr(sent)));
  EXPECT_EQ(client.answer()->body, std::to_string(body.size()));
}

// Goal: what came before a damaged place is handed on, and the damage is told.
TEST(HttpStream, hands_on_what_came_before_damage) {
  Streaming http;
  LoopbackClient client = http.connect();
  ASSERT_TRUE(client.send("POST /pieces" + std::string(kChunkedHead) + chunk("hello") + "xyz\r\n"));
  const auto answer = client.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 400);
  EXPECT_EQ(answer->body, "5the chunked body is damaged");
  EXPECT_TRUE(client.closed_within(5000));
}

// Goal: a peer that falls silent, and a server that drains, end the wait with an error that passes.
TEST(HttpStream, ends_the_wait_for_a_silent_peer) {
  HttpLimits limits;
  limits.upload_idle_seconds = 1;
  Streaming http(limits);
  LoopbackClient client = http.connect();
  ASSERT_TRUE(client.send("POST /pieces" + std::string(kChunkedHead) + chunk("hello")));
  const auto answer = client.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(answer->body, "5the body did not go on in time");
}

TEST(HttpStream, ends_the_wait_when_the_server_drains) {
  Streaming http;
  LoopbackClient client = http.connect();
  ASSERT_TRUE(client.send("POST /pieces" + std::string(kChunkedHead) + chunk("hello")));
  ASSERT_TRUE(soon([&] { return http.requests() == 1; }));
  std::thread drain([&] { http.server().drain(10'000); });
  const auto answer = client.answer();
  drain.join();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 503);
  EXPECT_TRUE(answer->body.ends_with("the server is shutting down")) << answer->body;
}

// Goal: a peer that goes leaves nothing behind.
TEST(HttpStream, forgets_a_peer_that_goes) {
  Streaming http;
  {
    LoopbackClient client = http.connect();
    ASSERT_TRUE(client.send("POST /pieces" + std::string(kChunkedHead) + chunk("hello")));
    ASSERT_TRUE(soon([&] { return http.requests() == 1; }));
  }
  EXPECT_TRUE(soon([&] { return http.server().counters().connections == 0; }));
}

}  // namespace
}  // namespace stele::net
