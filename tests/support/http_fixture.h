// A real HttpServer on a free port of this machine, with a handler that does what a test needs.
#pragma once

#include <unistd.h>

#include <atomic>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "net/http_server.h"
#include "support/loopback.h"

namespace stele::testing {

class HttpFixture {
 public:
  explicit HttpFixture(net::HttpLimits limits = {})
      : runtime_(2),
        server_(
            runtime_, [this](net::Request r, const net::Reply& reply) { handle(std::move(r), reply); }, limits) {
    auto bound = server_.listen("127.0.0.1:0");
    if (!bound) throw std::runtime_error(bound.error().message);
    address_ = *bound;
  }
  ~HttpFixture() {
    release();
    for (std::thread& thread : threads_) thread.join();
  }
  HttpFixture(const HttpFixture&) = delete;
  HttpFixture& operator=(const HttpFixture&) = delete;

  [[nodiscard]] LoopbackClient connect() const { return LoopbackClient(address_); }
  [[nodiscard]] const std::string& address() const { return address_; }
  net::HttpServer& server() { return server_; }

  // Requests to /hold that wait for release(), which answers them all with 200.
  [[nodiscard]] std::size_t held() {
    const std::lock_guard lock(mutex_);
    return held_.size();
  }
  void release() {
    const std::lock_guard lock(mutex_);
    for (const net::Reply& reply : held_) reply.send(text("released"));
    held_.clear();
  }
  // The last request that came to the handler.
  [[nodiscard]] net::Request last() {
    const std::lock_guard lock(mutex_);
    return last_;
  }
  [[nodiscard]] std::uint64_t handled() const { return handled_; }

  std::atomic<int> stream_pieces{3};         // of /stream
  std::atomic<std::size_t> piece_bytes{10};  // of each

  static net::Response text(std::string body) {
    net::Response response;
    response.headers.emplace_back("Content-Type", "text/plain");
    response.body = std::move(body);
    return response;
  }

 private:
  // Pieces that count up, then an error that ends the stream (/stream) or nothing more (/quiet).
  class Counting final : public net::ChunkSource {
   public:
    Counting(int pieces, std::size_t bytes, bool ends) : left_(pieces), bytes_(bytes), ends_(ends) {}
    [[nodiscard]] Result<std::string> next() override {
      if (left_ > 0) return std::string(bytes_, static_cast<char>('a' + left_-- % 26));
      if (ends_) return Error{Code::kIo, "no more"};
      return std::string();
    }
    [[nodiscard]] std::string_view heartbeat() const override { return "beat"; }

   private:
    int left_;
    std::size_t bytes_;
    bool ends_;
  };

  void handle(net::Request request, const net::Reply& reply) {
    ++handled_;
    const std::lock_guard lock(mutex_);
    last_ = request;
    if (request.path == "/never") return;
    if (request.path == "/throw") throw std::bad_alloc();
    if (request.path == "/hold") return held_.push_back(reply);
    if (request.path == "/other") {
      threads_.emplace_back([reply, body = std::move(request.body)] {
        ::usleep(5'000);
        reply.send(text("from another thread: " + body));
        reply.send(text("a second answer is not sent"));
      });
      return;
    }
    if (request.path == "/post") {
      const auto loop = std::this_thread::get_id();
      threads_.emplace_back([reply, loop] {
        reply.post([reply, loop] { reply.send(text(std::this_thread::get_id() == loop ? "same loop" : "another loop")); });
      });
      return;
    }
    if (request.path == "/big") return reply.send(text(std::string(32U << 20, 'b')));
    if (request.path == "/stream" || request.path == "/quiet") {
      net::Response response;
      response.stream = std::make_shared<Counting>(stream_pieces, piece_bytes, request.path == "/stream");
      return reply.send(std::move(response));
    }
    reply.send(text(request.method + " " + request.path + "?" + request.query + "|" + request.body));
  }

  std::mutex mutex_;
  std::vector<net::Reply> held_;
  std::vector<std::thread> threads_;
  net::Request last_;
  std::atomic<std::uint64_t> handled_{0};
  std::string address_;
  net::Runtime runtime_;
  net::HttpServer server_;
};

// Calls `holds` until it does or `millis` pass; whether it did.
template <typename F>
bool soon(F holds, int millis = 5000) {
  for (int waited = 0; waited < millis; waited += 5) {
    if (holds()) return true;
    ::usleep(5'000);
  }
  return holds();
}

}  // namespace stele::testing
