#include "net/http_body.h"

#include <algorithm>
#include <chrono>

namespace stele::net {

namespace beast = boost::beast;
using boost::system::error_code;

namespace {

constexpr std::size_t kPieceBytes = 256U << 10;
constexpr std::size_t kPieceRoom = kPieceBytes + kReadBytes;

class ConnectionBody final : public BodyStream {
 public:
  ConnectionBody(std::shared_ptr<Signal> signal, std::shared_ptr<BodyWish> wish, std::shared_ptr<HttpServer::State> server)
      : signal_(std::move(signal)), wish_(std::move(wish)), server_(std::move(server)) {}

  void next(Got got) override {
    // The connection takes the wish before this returns, so that none is left over which holds the stream that holds it.
    asio::post(signal_->executor(), [signal = signal_, wish = wish_, got = std::move(got)]() mutable {
      wish->got = std::move(got);
      signal->fire_here();
    });
  }
  void after(std::int64_t millis, std::function<void()> f) override {
    auto timer = std::make_shared<asio::steady_timer>(signal_->executor(), std::chrono::milliseconds(millis));
    timer->async_wait([timer, f = std::move(f)](const error_code& error) {
      if (!error) f();
    });
  }
  [[nodiscard]] bool draining() const override { return server_->draining; }

 private:
  std::shared_ptr<Signal> signal_;
  std::shared_ptr<BodyWish> wish_;
  std::shared_ptr<HttpServer::State> server_;
};

Error ends_here() { return {Code::kUnavailable, "the server is shutting down"}; }

// Waits until there is room for a piece among the bodies that the server holds. False when it drains before.
asio::awaitable<bool> wait_for_room(HttpConnection& connection, BodyShare& share) {
  constexpr auto kPause = std::chrono::milliseconds(50);
  asio::steady_timer pause(co_await asio::this_coro::executor);
  while (!connection.server->draining) {
    if (share.grow_to(kPieceRoom)) co_return true;
    error_code error;
    pause.expires_after(kPause);
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
  }
  co_return false;
}

}  // namespace

// Moves what is there of the body from `buffer` to `piece`.
Status StreamedBody::take(beast::flat_buffer& buffer, std::string& piece) {
  const std::string_view input(static_cast<const char*>(buffer.cdata().data()), buffer.size());
  std::size_t used = 0;
  if (chunked_) {
    STELE_ASSIGN(used, decoder_.read(input, piece));
  } else {
    used = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size()));
    piece.append(input, 0, used);
    left_ -= used;
  }
  buffer.consume(used);
  return {};
}

asio::awaitable<Result<std::string>> read_piece(HttpConnection& connection, beast::flat_buffer& buffer, BodyShare& share,
                                                StreamedBody& body) {
  std::string piece;
  if (body.failure_) co_return *body.failure_;
  if (body.whole()) co_return piece;
  if (!co_await wait_for_room(connection, share)) co_return ends_here();
  error_code error;
  connection.doing = HttpConnection::Doing::kStreaming;
  connection.expire_after(connection.server->limits.upload_idle_seconds);
  if (std::exchange(body.announced_, false)) {
    co_await asio::async_write(connection.channel, asio::buffer("HTTP/1.1 100 Continue\r\n\r\n", 25),
                               asio::redirect_error(asio::use_awaitable, error));
  }
  while (!error && !body.failure_) {
    if (const Status taken = body.take(buffer, piece); !taken) body.failure_ = taken.error();
    if (body.whole() || body.failure_ || piece.size() >= kPieceBytes) break;
    error_code ignored;
    if (!piece.empty() && connection.channel.socket().available(ignored) == 0) break;
    const std::size_t n =
        co_await connection.channel.async_read_some(buffer.prepare(kReadBytes), asio::redirect_error(asio::use_awaitable, error));
    buffer.commit(n);
  }
  connection.doing = HttpConnection::Doing::kAnswering;
  connection.deadline = HttpConnection::kNoDeadline;
  if (error && !body.failure_) {
    body.failure_ = connection.server->draining ? ends_here()
                    : connection.too_slow       ? Error{Code::kUnavailable, "the body did not go on in time"}
                                                : Error{Code::kUnavailable, "the connection ended within the body"};
  }
  // What came before is worth having; the failure is told to whoever asks on.
  if (body.failure_ && piece.empty()) co_return *body.failure_;
  co_return piece;
}

std::shared_ptr<BodyStream> make_body_stream(std::shared_ptr<Signal> signal, std::shared_ptr<BodyWish> wish,
                                             std::shared_ptr<HttpServer::State> server) {
  return std::make_shared<ConnectionBody>(std::move(signal), std::move(wish), std::move(server));  // shared by the handler
}

}  // namespace stele::net
