// One HTTP connection: reads requests, hands them on, sends what comes back.
#include "net/http_connection.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <chrono>
#include <ctime>

#include "net/chunked.h"
#include "net/endpoints.h"
#include "net/http_body.h"

namespace stele::net {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

struct ConnectionReply final : Reply::State {
  explicit ConnectionReply(const asio::any_io_executor& executor) : signal(std::make_shared<Signal>(executor)) {}
  ~ConnectionReply() override {
    // Nobody can answer any more. The connection holds the slot, not this state.
    if (sent.exchange(true)) return;
    finish(no_answer());
  }
  ConnectionReply(const ConnectionReply&) = delete;
  ConnectionReply& operator=(const ConnectionReply&) = delete;

  void send(Response response) override {
    if (!sent.exchange(true)) finish(std::move(response));
  }
  void post(std::function<void()> f) override { asio::post(signal->executor(), std::move(f)); }
  [[nodiscard]] bool is_given_up() const override { return slot->given_up.load(std::memory_order_relaxed); }
  void finish(Response r) {
    slot->response = std::move(r);
    slot->there = true;
    signal->fire();
  }

  struct Slot {
    Response response;
    std::atomic<bool> there{false};
    std::atomic<bool> given_up{false};
  };
  std::shared_ptr<Signal> signal;                         // shared with the stream of the request's body
  std::shared_ptr<Slot> slot = std::make_shared<Slot>();  // outlives this state in the waiting connection
  std::atomic<bool> sent{false};
};

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

// How an answer is to be sent.
struct Form {
  bool keep_alive = false;
  bool head_only = false;
  bool chunks = true;  // the peer knows the chunked coding; else the end of the connection ends a stream
};

std::string head_of(const Response& response, const Form& form) {
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
  constexpr int kNoContent = 204;  // has no length either (RFC 9110, section 8.6)
  if (response.stream == nullptr && response.status != kNoContent)
    head += "Content-Length: " + std::to_string(response.body.size()) + "\r\n";
  else if (response.stream != nullptr && form.chunks)
    head += "Transfer-Encoding: chunked\r\n";
  head += form.keep_alive ? "\r\n" : "Connection: close\r\n\r\n";
  return head;
}

// What a handler throws (it is out of memory) ends in the answer 500 of the reply that nobody has any more.
void hand_on(const Handler& handler, Request request, Reply reply) noexcept {
  try {
    handler(std::move(request), std::move(reply));
  } catch (const std::exception&) {}
}

Response plain_error(int status, std::string_view code, std::string_view message) {
  Response response;
  response.status = status;
  response.headers.emplace_back("Content-Type", "application/json");
  response.body = "{\"error\":{\"code\":\"" + std::string(code) + "\",\"message\":\"" + std::string(message) + "\"}}\n";
  return response;
}

// What to say to a request whose head could not be read; nothing when the peer is gone.
std::optional<Response> read_failure(const error_code& error) {
  if (error == http::error::body_limit) return plain_error(413, "too_large", "the body is larger than the server takes");
  if (error == http::error::header_limit || error == http::error::buffer_overflow)
    return plain_error(431, "too_large", "the request's headers are larger than the server takes");
  if (error == http::error::end_of_stream || error == http::error::partial_message) return std::nullopt;
  if (error.category() == http::make_error_code(http::error::end_of_stream).category()) {
    return plain_error(400, "invalid", "the request is not HTTP/1.1: " + error.message());
  }
  return std::nullopt;
}

// Whether the peer has ended its side, or reset the connection. A browser that leaves a stream does no more than that.
bool has_left(int socket) {
  pollfd poll{socket, POLLRDHUP, 0};
  return ::poll(&poll, 1, 0) > 0;
}

// Sends what `source` has until it ends, the peer goes, or the server drains. What ends by an error is cut off, so that
// the peer can tell it from an end.
asio::awaitable<void> send_stream(HttpConnection& connection, ChunkSource& source, bool chunked) {
  connection.works();
  asio::steady_timer pause(co_await asio::this_coro::executor);
  auto last = std::chrono::steady_clock::now();
  auto looked = last;
  error_code error;
  while (!connection.server->draining) {
    auto chunk = source.next();
    if (!chunk) co_return;
    const auto now = std::chrono::steady_clock::now();
    if (chunk->empty() && now - last >= std::chrono::seconds(15)) *chunk = source.heartbeat();
    if (chunk->empty()) {
      if (now - looked >= std::chrono::milliseconds(500)) {
        if (has_left(connection.channel.socket().native_handle())) co_return;
        looked = now;
      }
      connection.deadline = HttpConnection::kNoDeadline;
      pause.expires_after(std::chrono::milliseconds(20));
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
      continue;
    }
    last = now;
    char size[20];
    const auto end = std::to_chars(size, size + 16, chunk->size(), 16).ptr;
    const std::string head = chunked ? std::string(size, end) + "\r\n" : std::string();
    const std::array<asio::const_buffer, 3> parts{asio::buffer(head), asio::buffer(*chunk),
                                                  asio::const_buffer("\r\n", chunked ? 2 : 0)};
    connection.expire_after(connection.server->limits.request_seconds);
    co_await asio::async_write(connection.channel, parts, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
  }
  if (!chunked) co_return;
  connection.expire_after(connection.server->limits.request_seconds);
  co_await asio::async_write(connection.channel, asio::const_buffer("0\r\n\r\n", 5),
                             asio::redirect_error(asio::use_awaitable, error));
}

asio::awaitable<bool> send(HttpConnection& connection, const Response& response, Form form) {
  ++connection.server->counters.answers.at(static_cast<std::size_t>(response.status / 100));
  const std::string head = head_of(response, form);
  const std::array<asio::const_buffer, 2> parts{asio::buffer(head),
                                                form.head_only ? asio::const_buffer() : asio::buffer(response.body)};
  error_code error;
  connection.waits();
  connection.expire_after(connection.server->limits.request_seconds);
  co_await asio::async_write(connection.channel, parts, asio::redirect_error(asio::use_awaitable, error));
  co_return !error;
}

class Counted {
 public:
  explicit Counted(std::atomic<std::uint64_t>& count) : count_(count) { ++count_; }
  ~Counted() { --count_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  std::atomic<std::uint64_t>& count_;
};

using Parser = http::request_parser<http::empty_body>;  // reads heads; bodies are read here

// A request as far as it was read.
struct Incoming {
  explicit Incoming(HttpServer::State& server) : share(server) {}

  Request request;
  Form form;
  BodyShare share;
  std::optional<StreamedBody> streamed;  // the body is left to be read while it is answered
  std::optional<Response> refusal;       // to be sent in place of an answer, and then the connection ends
  bool gone = false;                     // nobody is there to be told anything
};

constexpr std::size_t kSmallAnswer = 64U << 10;  // is sent whatever else is under way
constexpr std::size_t kBodyStep = 256U << 10;    // memory is taken as bytes come, not as they are announced

void fail_body(HttpConnection& connection, Incoming& in, const error_code& error) {
  if (!error) return;
  if (connection.too_slow)
    in.refusal = plain_error(408, "invalid", "the request did not arrive in time");
  else
    in.gone = true;
}

Response too_many_bodies() {
  Response response = plain_error(429, "busy", "the server holds as many requests and answers as it takes; try again shortly");
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

bool make_room(Incoming& in, std::uint64_t bytes) {
  if (in.share.grow_to(bytes)) return true;
  in.refusal = too_many_bodies();
  return false;
}

// A body whose length is known is read straight into place.
asio::awaitable<void> read_sized_body(HttpConnection& connection, beast::flat_buffer& buffer, std::uint64_t length,
                                      Incoming& in) {
  std::string& body = in.request.body;
  std::size_t have = 0;
  error_code error;
  while (have < length && !error) {
    if (have == body.size()) {
      const std::uint64_t room = std::min<std::uint64_t>(length, std::max(kBodyStep, 2 * have));
      if (!make_room(in, room)) co_return;
      body.resize(room);
    }
    const auto rest = asio::buffer(body.data() + have, body.size() - have);
    if (buffer.size() > 0) {
      const std::size_t here = asio::buffer_copy(rest, buffer.data());
      buffer.consume(here);
      have += here;
    } else {
      have += co_await asio::async_read(connection.channel, rest, asio::redirect_error(asio::use_awaitable, error));
    }
  }
  fail_body(connection, in, error);
}

asio::awaitable<void> read_chunked_body(HttpConnection& connection, beast::flat_buffer& buffer, Incoming& in) {
  ChunkDecoder decoder(connection.server->limits.body_bytes_max);
  error_code error;
  while (!error) {
    const std::string_view input(static_cast<const char*>(buffer.cdata().data()), buffer.size());
    if (!make_room(in, in.request.body.size() + input.size())) co_return;
    const auto used = decoder.read(input, in.request.body);
    if (!used) {
      in.refusal =
          plain_error(used.error().code == Code::kTooLarge ? 413 : 400, code_name(used.error().code), used.error().message);
      co_return;
    }
    buffer.consume(*used);
    if (decoder.done()) co_return;
    const std::size_t n =
        co_await connection.channel.async_read_some(buffer.prepare(kReadBytes), asio::redirect_error(asio::use_awaitable, error));
    buffer.commit(n);
  }
  fail_body(connection, in, error);
}

// What in a head leaves in doubt where the request ends, or is not spoken here (RFC 9112, sections 3.2 and 6.3).
std::optional<Response> doubtful(const Parser::value_type& head) {
  const bool http11 = head.version() == 11;
  if (const auto hosts = head.count(http::field::host); hosts > 1 || (http11 && hosts == 0))
    return plain_error(400, "invalid", "a request has one Host header");
  if (const auto codings = head.count(http::field::transfer_encoding); codings > 0) {
    if (!http11 || codings > 1 || !beast::iequals(head[http::field::transfer_encoding], "chunked"))
      return plain_error(400, "invalid", "the only transfer coding known here is chunked, of HTTP/1.1");
    if (head.count(http::field::content_length) > 0)
      return plain_error(400, "invalid", "a request has a length or a transfer coding, not both");
  }
  if (const auto expect = head[http::field::expect]; !expect.empty() && !beast::iequals(expect, "100-continue"))
    return plain_error(417, "invalid", "the only expectation known here is 100-continue");
  return std::nullopt;
}

void take_head(const Parser::value_type& head, const HttpConnection& connection, Incoming& in) {
  Request& request = in.request;
  request.method = std::string(head.method_string());
  std::string_view target(head.target().data(), head.target().size());
  // A target may name the whole URL (RFC 9112, section 3.2.2).
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!target.starts_with(scheme)) continue;
    const auto slash = target.find('/', scheme.size());
    target = slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
  }
  const auto question = target.find('?');
  request.path = std::string(target.substr(0, question));
  if (question != std::string_view::npos) request.query = std::string(target.substr(question + 1));
  for (const auto& field : head) request.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  request.peer = connection.peer;
  request.peer = connection.server->proxies.origin_of(request);
  in.form.head_only = head.method() == http::verb::head;
  in.form.chunks = head.version() == 11;
  in.form.keep_alive = in.form.chunks && head.keep_alive();
}

asio::awaitable<void> read_request(HttpConnection& connection, beast::flat_buffer& buffer, Incoming& in) {
  const HttpLimits& limits = connection.server->limits;
  error_code error;
  if (buffer.size() == 0) {
    connection.doing = HttpConnection::Doing::kIdle;
    connection.waits();
    connection.expire_after(limits.idle_seconds);
    const std::size_t n =
        co_await connection.channel.async_read_some(buffer.prepare(kReadBytes), asio::redirect_error(asio::use_awaitable, error));
    buffer.commit(n);
    in.gone = static_cast<bool>(error);
    if (error) co_return;
  }
  connection.doing = HttpConnection::Doing::kReading;
  connection.waits();
  connection.expire_after(limits.request_seconds);
  Parser parser;
  parser.body_limit(boost::none);  // depends on the path
  parser.header_limit(limits.header_bytes_max);
  const std::size_t head_bytes =
      co_await http::async_read_header(connection.channel, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
  // Beast holds the request's line and its fields each to the limit when they come in one piece.
  if (!error && head_bytes > limits.header_bytes_max) error = http::error::header_limit;
  if (error) {
    in.refusal = read_failure(error);
    if (!in.refusal) fail_body(connection, in, error);
    co_return;
  }
  const auto& head = parser.get();
  if ((in.refusal = doubtful(head))) co_return;
  take_head(head, connection, in);
  const bool expects = head.count(http::field::expect) > 0;
  const std::uint64_t length = parser.content_length().value_or(0);
  if (connection.server->takes_stream && connection.server->takes_stream(in.request)) {
    in.streamed.emplace(parser.chunked(), length, expects && !parser.is_done());
    co_return;
  }
  if (length > limits.body_bytes_max) {
    in.refusal = read_failure(http::error::body_limit);
    co_return;
  }
  if (parser.is_done()) co_return;
  if (expects) {
    co_await asio::async_write(connection.channel, asio::buffer("HTTP/1.1 100 Continue\r\n\r\n", 25),
                               asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return fail_body(connection, in, error);
  }
  if (parser.chunked())
    co_await read_chunked_body(connection, buffer, in);
  else
    co_await read_sized_body(connection, buffer, length, in);
}

// What the peer still sends, until it ends or the connection does: closing while it sends would reset the connection, and what
// was answered would be lost on the way (RFC 9112, section 9.6).
asio::awaitable<void> read_out(HttpConnection& connection) {
  constexpr std::int64_t kSeconds = 2;
  constexpr std::size_t kBytesMax = 64U << 20;
  connection.waits();
  connection.expire_after(kSeconds);
  error_code error;
  std::string waste(kReadBytes, '\0');
  for (std::size_t read = 0; !error && read < kBytesMax;) {
    read += co_await connection.channel.socket().async_read_some(asio::buffer(waste),
                                                                 asio::redirect_error(asio::use_awaitable, error));
  }
}

// Ends after an answer to a request that was not read whole.
asio::awaitable<void> linger(HttpConnection& connection) {
  connection.expire_after(connection.server->limits.request_seconds);
  co_await connection.channel.end();
  co_await read_out(connection);
}

// Reads what the handler asks of the body, until it answers.
asio::awaitable<void> feed(HttpConnection& connection, beast::flat_buffer& buffer, Incoming& in, BodyWish& wish,
                           const std::atomic<bool>& answered, std::weak_ptr<Signal> ready) {
  while (!answered) {
    if (!wish.got) {
      co_await Signal::wait(ready);
      continue;
    }
    const BodyStream::Got got = std::exchange(wish.got, nullptr);
    Result<std::string> piece = co_await read_piece(connection, buffer, in.share, *in.streamed);
    try {
      got(std::move(piece));
    } catch (const std::exception&) {}  // out of memory: as in hand_on
  }
}

// While the answer is made, notices that the peer closes the connection; a next request that comes meanwhile ends the watch.
class Watch {
 public:
  Watch(Socket& socket, const std::shared_ptr<ConnectionReply::Slot>& slot) : socket_(socket) {
    socket.async_wait(asio::socket_base::wait_read, [slot, handle = socket.native_handle()](const error_code& error) {
      if (!error && !slot->there && has_left(handle)) slot->given_up = true;
    });
  }
  ~Watch() {
    error_code ignored;
    socket_.cancel(ignored);
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

 private:
  Socket& socket_;
};

// Reads one request and answers it. False when the connection is to end.
asio::awaitable<bool> exchange(HttpConnection& connection, beast::flat_buffer& buffer) {
  HttpServer::State& server = *connection.server;
  Incoming in(server);
  co_await read_request(connection, buffer, in);
  if (in.gone) co_return false;
  connection.doing = HttpConnection::Doing::kAnswering;
  connection.works();
  const Counted answered(server.under_way);
  if (in.refusal) {
    ++server.counters.bad_requests;
    in.share.release();
    in.request = {};
    const bool sent = co_await send(connection, *in.refusal, Form());
    if (sent) co_await linger(connection);
    co_return false;
  }
  ++server.counters.requests;
  connection.deadline = HttpConnection::kNoDeadline;
  auto state = std::make_shared<ConnectionReply>(connection.channel.get_executor());
  const std::shared_ptr<ConnectionReply::Slot> answer = state->slot;
  Response* const slot = &answer->response;
  const std::weak_ptr<Signal> ready = state->signal;
  const auto wish = std::make_shared<BodyWish>();  // shared with the stream
  if (in.streamed) in.request.stream = make_body_stream(state->signal, wish, connection.server);
  Reply reply(std::move(state));
  const bool reads = in.form.head_only || in.request.method == "GET";
  if (server.draining) {
    Response refusal = plain_error(503, "unavailable", "the server is shutting down");
    refusal.headers.emplace_back("Retry-After", "5");
    reply.send(std::move(refusal));
  } else {
    hand_on(server.handler, std::move(in.request), std::move(reply));
  }
  if (in.streamed) {
    co_await feed(connection, buffer, in, *wish, answer->there, ready);
  } else {
    std::optional<Watch> watch;
    if (!answer->there && buffer.size() == 0) watch.emplace(connection.channel.socket(), answer);
    co_await Signal::wait(ready);
  }
  const Counted sending(server.sending);
  // What was only read can be asked for again; whoever wrote is told what became of it, and that counts all the same.
  in.share.release();
  if (!in.share.add(slot->body.size()) && reads && slot->body.size() > kSmallAnswer) {
    in.share.release();
    *slot = too_many_bodies();
  }
  Form form = in.form;
  const bool read_whole = !in.streamed || in.streamed->whole();
  form.keep_alive = form.keep_alive && slot->stream == nullptr && !server.draining && read_whole && !connection.is_asked();
  const bool sent = co_await send(connection, *slot, form);
  if (!sent) co_return false;
  if (slot->stream != nullptr && !form.head_only) co_await send_stream(connection, *slot->stream, form.chunks);
  if (!read_whole) co_await linger(connection);
  co_return form.keep_alive;
}

// The handshake, where there is one. False when the connection is to end.
asio::awaitable<bool> greet(HttpConnection& connection) {
  constexpr std::int64_t kHandshakeSeconds = 10;
  connection.expire_after(kHandshakeSeconds);
  if (const error_code error = co_await connection.channel.handshake(true); error) {
    if (connection.has_left()) co_return false;
    ++connection.server->counters.bad_requests;
    if (error.category() == asio::error::get_ssl_category() &&
        ERR_GET_REASON(static_cast<unsigned long>(error.value())) == SSL_R_HTTP_REQUEST) {
      const Response response = plain_error(400, "invalid", "this port speaks TLS: https, not http");
      const std::string text = head_of(response, Form()) + response.body;
      error_code ignored;
      Socket& socket = connection.channel.socket();
      co_await asio::async_write(socket, asio::buffer(text), asio::redirect_error(asio::use_awaitable, ignored));
      socket.shutdown(asio::socket_base::shutdown_send, ignored);
      co_await read_out(connection);
    }
    co_return false;
  }
  connection.peer.tls = connection.channel.is_tls();
  connection.peer.certificate = connection.channel.client_name();
  co_return true;
}

}  // namespace

std::int64_t now_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

HttpConnection::HttpConnection(Socket s, Channel::Context context, const Peer& p, std::shared_ptr<HttpServer::State> state)
    : Connection(std::move(s), std::move(context), p, state->proxies.are(p) ? p.address : network_of(p), state->counters,
                 Kind::kAnswered),
      server(std::move(state)) {}

void HttpConnection::expire_after(std::int64_t seconds) { deadline = now_seconds() + seconds; }

void HttpConnection::time_out() {
  if (now_seconds() <= deadline) return;
  if ((doing == Doing::kReading || doing == Doing::kStreaming) && !too_slow) {
    too_slow = true;
    expire_after(server->limits.request_seconds);
    error_code ignored;
    channel.socket().cancel(ignored);
  } else {
    close();
  }
}

asio::awaitable<void> serve(std::shared_ptr<HttpConnection> connection) {
  const Served served(connection->server->open, connection);
  if (!co_await greet(*connection)) co_return;
  // A head over its limit is noticed before the buffer is full.
  beast::flat_buffer buffer(connection->server->limits.header_bytes_max + 2 * kReadBytes);
  while (!connection->server->draining && co_await exchange(*connection, buffer)) {}
  connection->waits();
  connection->expire_after(connection->server->limits.request_seconds);
  co_await connection->channel.end();
}

}  // namespace stele::net
