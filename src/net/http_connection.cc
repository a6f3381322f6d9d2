// One HTTP connection: reads requests, hands them on, sends what comes back.
#include "net/http_connection.h"

#include <array>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <chrono>
#include <ctime>

namespace stele::net {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

struct Reply::State {
  explicit State(const asio::any_io_executor& executor) : signal(std::make_shared<Signal>(executor)) {}
  ~State() {
    // Nobody can answer any more. The connection holds the slot, not this state.
    if (sent.exchange(true)) return;
    finish({500,
            {{"Content-Type", "application/json"}},
            R"({"error":{"code":"internal","message":"no answer was given"}})",
            nullptr});
  }
  void finish(Response r) {
    *slot = std::move(r);
    signal->fire();
  }
  std::shared_ptr<Signal> signal;
  std::shared_ptr<Response> slot = std::make_shared<Response>();  // outlives this state in the waiting connection
  std::atomic<bool> sent{false};
};

void Reply::send(Response response) const {
  if (!state_->sent.exchange(true)) state_->finish(std::move(response));
}

void Reply::post(std::function<void()> f) const { asio::post(state_->signal->executor(), std::move(f)); }

namespace {

std::string date_header() {
  const std::time_t now = std::time(nullptr);
  std::tm tm{};
  gmtime_r(&now, &tm);
  char text[40];
  const std::size_t n = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
  return {text, n};
}

const std::string& cached_date() {
  thread_local std::time_t at = 0;
  thread_local std::string text;
  const std::time_t now = std::time(nullptr);
  if (now != at) {
    at = now;
    text = date_header();
  }
  return text;
}

std::string head_of(const Response& response, bool keep_alive) {
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + " ";
  head += status_text(response.status);
  head += "\r\nDate: ";
  head += cached_date();
  head += "\r\n";
  for (const Header& header : response.headers) {
    head += header.first;
    head += ": ";
    head += header.second;
    head += "\r\n";
  }
  if (response.stream != nullptr) {
    head += "Transfer-Encoding: chunked\r\n";
  } else {
    head += "Content-Length: " + std::to_string(response.body.size()) + "\r\n";
  }
  head += keep_alive ? "\r\n" : "Connection: close\r\n\r\n";
  return head;
}

Response plain_error(int status, std::string_view code, std::string_view message) {
  Response response;
  response.status = status;
  response.headers.emplace_back("Content-Type", "application/json");
  response.body = "{\"error\":{\"code\":\"" + std::string(code) + "\",\"message\":\"" + std::string(message) + "\"}}\n";
  return response;
}

// What to say to a request that could not be read; nothing when the peer is gone.
std::optional<Response> read_failure(const error_code& error) {
  if (error == http::error::body_limit) return plain_error(413, "too_large", "the body is larger than the server takes");
  if (error == http::error::header_limit)
    return plain_error(431, "too_large", "the request's headers are larger than the server takes");
  if (error == beast::error::timeout || error == http::error::end_of_stream || error == http::error::partial_message)
    return std::nullopt;
  if (error.category() == http::make_error_code(http::error::end_of_stream).category()) {
    return plain_error(400, "bad_request", "the request is not HTTP/1.1: " + error.message());
  }
  return std::nullopt;
}

asio::awaitable<void> send_stream(HttpConnection& connection, ChunkSource& source) {
  asio::steady_timer pause(co_await asio::this_coro::executor);
  auto last = std::chrono::steady_clock::now();
  error_code error;
  while (!connection.server->draining) {
    auto chunk = source.next();
    if (!chunk) break;
    const auto now = std::chrono::steady_clock::now();
    if (chunk->empty() && now - last >= std::chrono::seconds(15)) *chunk = source.heartbeat();
    if (chunk->empty()) {
      pause.expires_after(std::chrono::milliseconds(20));
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
      continue;
    }
    last = now;
    char size[20];
    const auto end = std::to_chars(size, size + 16, chunk->size(), 16).ptr;
    const std::string head = std::string(size, end) + "\r\n";
    const std::array<asio::const_buffer, 3> parts{asio::buffer(head), asio::buffer(*chunk), asio::const_buffer("\r\n", 2)};
    connection.expire_after(connection.server->limits.request_seconds);
    co_await asio::async_write(connection.socket, parts, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
  }
  co_await asio::async_write(connection.socket, asio::const_buffer("0\r\n\r\n", 5),
                             asio::redirect_error(asio::use_awaitable, error));
}

Request to_request(const http::request<http::string_body>& message, std::string body, const Peer& peer) {
  Request request;
  request.method = std::string(message.method_string());
  const std::string_view target(message.target().data(), message.target().size());
  const auto question = target.find('?');
  request.path = std::string(target.substr(0, question));
  if (question != std::string_view::npos) request.query = std::string(target.substr(question + 1));
  for (const auto& field : message) request.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  request.body = std::move(body);
  request.peer = peer;
  return request;
}

asio::awaitable<bool> send(HttpConnection& connection, const Response& response, bool keep_alive, bool head_only) {
  const std::string head = head_of(response, keep_alive);
  const std::array<asio::const_buffer, 2> parts{asio::buffer(head),
                                                head_only ? asio::const_buffer() : asio::buffer(response.body)};
  error_code error;
  connection.expire_after(connection.server->limits.request_seconds);
  co_await asio::async_write(connection.socket, parts, asio::redirect_error(asio::use_awaitable, error));
  co_return !error;
}

struct Leave {
  std::atomic<std::uint64_t>& count;
  ~Leave() { --count; }
};

using Parser = http::request_parser<http::string_body>;

// The body of a request whose header was read. Its length known, it is read straight into place; chunks are Beast's.
asio::awaitable<std::string> read_body(HttpConnection& connection, beast::flat_buffer& buffer, Parser& parser,
                                       error_code& error) {
  const auto length = parser.content_length();
  if (!length || parser.chunked()) {
    co_await http::async_read(connection.socket, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
    co_return error ? std::string() : std::move(parser.get().body());
  }
  std::string body(*length, '\0');
  const std::size_t here = asio::buffer_copy(asio::buffer(body), buffer.data());
  buffer.consume(here);
  if (here < body.size()) {
    co_await asio::async_read(connection.socket, asio::buffer(body.data() + here, body.size() - here),
                              asio::redirect_error(asio::use_awaitable, error));
  }
  co_return body;
}

// Reads on for a while after an answer to a request that was not read whole: closing while the peer still sends would
// reset the connection, and the answer would be lost on the way (RFC 9112, section 9.6).
asio::awaitable<void> linger(HttpConnection& connection) {
  constexpr std::int64_t kSeconds = 2;
  constexpr std::size_t kBytesMax = 64U << 20;
  error_code error;
  connection.socket.shutdown(asio::socket_base::shutdown_send, error);
  connection.expire_after(kSeconds);
  std::array<char, 16'384> waste;
  for (std::size_t read = 0; !error && read < kBytesMax;) {
    read += co_await connection.socket.async_read_some(asio::buffer(waste), asio::redirect_error(asio::use_awaitable, error));
  }
}

asio::awaitable<void> answer_errors(HttpConnection& connection, const error_code& error) {
  if (const auto answer = read_failure(error)) {
    ++connection.server->counters.bad_requests;
    if (co_await send(connection, *answer, false, false)) co_await linger(connection);
  }
}

}  // namespace

void HttpConnection::expire_after(std::int64_t seconds) {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  deadline = std::chrono::duration_cast<std::chrono::seconds>(now).count() + seconds;
}

asio::awaitable<void> serve(std::shared_ptr<HttpConnection> connection) {
  HttpServer::State& server = *connection->server;
  const Leave leave{server.counters.connections};
  beast::flat_buffer buffer;
  error_code error;
  bool keep_alive = true;
  while (keep_alive && !server.draining) {
    Parser parser;
    parser.body_limit(server.limits.body_bytes_max);
    parser.header_limit(server.limits.header_bytes_max);
    connection->expire_after(server.limits.idle_seconds);
    co_await http::async_read_header(connection->socket, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
    std::string body;
    if (!error && !parser.is_done()) {
      connection->expire_after(server.limits.request_seconds);
      if (parser.get()[http::field::expect] == "100-continue") {
        co_await asio::async_write(connection->socket, asio::buffer("HTTP/1.1 100 Continue\r\n\r\n", 25),
                                   asio::redirect_error(asio::use_awaitable, error));
      }
      if (!error) body = co_await read_body(*connection, buffer, parser, error);
    }
    if (error) {
      co_await answer_errors(*connection, error);
      break;
    }
    ++server.counters.requests;
    ++server.under_way;
    const Leave answered{server.under_way};
    connection->deadline = HttpConnection::kNoDeadline;
    keep_alive = parser.get().keep_alive();
    const bool head_only = parser.get().method() == http::verb::head;
    std::shared_ptr<Response> slot;
    std::shared_ptr<Signal> signal;
    {
      auto reply = std::make_shared<Reply::State>(connection->socket.get_executor());
      slot = reply->slot;
      signal = reply->signal;
      server.handler(to_request(parser.get(), std::move(body), connection->peer), Reply(std::move(reply)));
    }
    co_await signal->wait();
    keep_alive = keep_alive && slot->stream == nullptr && !server.draining;
    if (!co_await send(*connection, *slot, keep_alive, head_only)) break;
    if (slot->stream != nullptr && !head_only) co_await send_stream(*connection, *slot->stream);
  }
  connection->socket.shutdown(asio::socket_base::shutdown_both, error);
}

}  // namespace stele::net
