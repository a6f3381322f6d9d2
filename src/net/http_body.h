// Bodies of requests: how much of them the server holds, and those that are taken as they come. Only sources of this room
// include it.
#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "net/chunked.h"
#include "net/http_connection.h"

namespace stele::net {

inline constexpr std::size_t kReadBytes = 16U << 10;

// The bytes of one body, counted among all that the server holds.
class BodyShare {
 public:
  explicit BodyShare(HttpServer::State& server) : server_(server) {}
  ~BodyShare() { release(); }
  BodyShare(const BodyShare&) = delete;
  BodyShare& operator=(const BodyShare&) = delete;

  // False when there is no room for a body of `bytes`.
  bool grow_to(std::uint64_t bytes) {
    if (bytes <= held_) return true;
    const std::uint64_t more = bytes - held_;
    if ((server_.bodies_bytes += more) > server_.limits.bodies_bytes_max) {
      server_.bodies_bytes -= more;
      return false;
    }
    held_ = bytes;
    return true;
  }
  // Counts `bytes` more. False when there was no room for them.
  bool add(std::uint64_t bytes) {
    held_ += bytes;
    return (server_.bodies_bytes += bytes) <= server_.limits.bodies_bytes_max;
  }
  void release() { server_.bodies_bytes -= std::exchange(held_, 0); }

 private:
  HttpServer::State& server_;
  std::uint64_t held_ = 0;
};

// How far a body was read that is taken as it comes.
class StreamedBody {
 public:
  // `length` is that of a body without chunks. `announced`: the peer waits for "100 Continue" (RFC 9110, section 10.1.1).
  StreamedBody(bool chunked, std::uint64_t length, bool announced) : left_(length), chunked_(chunked), announced_(announced) {}

  [[nodiscard]] bool whole() const { return chunked_ ? decoder_.done() : left_ == 0; }

 private:
  friend asio::awaitable<Result<std::string>> read_piece(HttpConnection& connection, boost::beast::flat_buffer& buffer,
                                                         BodyShare& share, StreamedBody& body);
  Status take(boost::beast::flat_buffer& buffer, std::string& piece);

  static constexpr std::uint64_t kBytesMax = 1ULL << 56;  // far from where sums of lengths would wrap

  ChunkDecoder decoder_{kBytesMax};
  std::uint64_t left_;
  bool chunked_;
  bool announced_;
  std::optional<Error> failure_;
};

// The bytes that come next, as BodyStream::next has it. While the server holds as many bytes of bodies as it takes, this waits.
asio::awaitable<Result<std::string>> read_piece(HttpConnection& connection, boost::beast::flat_buffer& buffer, BodyShare& share,
                                                StreamedBody& body);

// What the handler waits for; only touched on the connection's loop.
struct BodyWish {
  BodyStream::Got got;
};

// Puts what is asked for into `wish` and fires `signal`, by which the connection finds it.
std::shared_ptr<BodyStream> make_body_stream(std::shared_ptr<Signal> signal, std::shared_ptr<BodyWish> wish,
                                             std::shared_ptr<HttpServer::State> server);

}  // namespace stele::net
