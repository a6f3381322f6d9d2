#include "net/http_server.h"

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>

#include "net/accept.h"
#include "net/endpoints.h"
#include "net/http_connection.h"
#include "net/socket_path.h"

namespace stele::net {

using boost::system::error_code;

namespace {

// Closes what is past its deadline, about once a second: cheaper than a timer for each connection.
asio::awaitable<void> sweep_loop(std::weak_ptr<HttpServer::State> server) {
  asio::steady_timer tick(co_await asio::this_coro::executor);
  for (;;) {
    error_code ignored;
    tick.expires_after(std::chrono::seconds(1));
    co_await tick.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    const auto state = server.lock();
    if (state == nullptr) co_return;
    const std::int64_t now = now_seconds();
    for (const auto& connection : state->open.all()) {
      if (connection->deadline < now) asio::post(connection->executor(), [connection] { connection->time_out(); });
    }
  }
}

template <typename Acceptor>
void run_acceptor(std::shared_ptr<Acceptor> acceptor, std::shared_ptr<const TlsIdentity> tls,
                  const std::shared_ptr<HttpServer::State>& state) {
  state->closers.push_back([acceptor] { close_later(acceptor); });
  const auto make = [tls = std::move(tls), state](Socket socket, const Peer& peer) {
    error_code ignored;  // a Unix socket knows no delay
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    return std::make_shared<HttpConnection>(std::move(socket), tls == nullptr ? nullptr : context_of(*tls), peer, state);
  };
  const auto begin = [](const std::shared_ptr<HttpConnection>& connection) { return serve(connection); };
  asio::co_spawn(acceptor->get_executor(), accept_loop(acceptor, state, make, begin), asio::detached);
}

}  // namespace

HttpServer::HttpServer(Runtime& runtime, Handler handler, HttpLimits limits, std::function<bool(const Request&)> takes_stream,
                       TrustedProxies proxies)
    : state_(std::make_shared<State>(runtime, std::move(handler), limits)) {
  state_->takes_stream = std::move(takes_stream);
  state_->proxies = std::move(proxies);
  asio::co_spawn(runtime.loops().next(), sweep_loop(state_), asio::detached);
}

HttpServer::~HttpServer() { drain(0); }

Result<std::string> HttpServer::listen(const std::string& address, std::shared_ptr<const TlsIdentity> tls) {
  STELE_ASSIGN(const Listener listener, listen_at(state_->runtime.loops().next(), address));
  run_acceptor(listener.acceptor, std::move(tls), state_);
  return listener.address;
}

Status HttpServer::listen_unix(const std::string& path) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) == 0) {
    if (!S_ISSOCK(found.st_mode)) return invalid(path + " is to be the control socket, but something else is there");
    ::unlink(path.c_str());
  }
  auto acceptor = std::make_shared<asio::local::stream_protocol::acceptor>(state_->runtime.loops().next());
  error_code error;
  acceptor->open(asio::local::stream_protocol(), error);
  // Linux gives the file the socket's own mode: nothing to race with, unlike a umask of the whole process.
  if (!error && ::fchmod(acceptor->native_handle(), 0600) != 0) error.assign(errno, boost::system::system_category());
  const SocketPath place(path);
  if (place.text().size() >= sizeof(sockaddr_un{}.sun_path)) error = asio::error::name_too_long;
  if (!error) acceptor->bind(asio::local::stream_protocol::endpoint(place.text()), error);
  if (!error) acceptor->listen(asio::socket_base::max_listen_connections, error);
  if (error) return Error{Code::kIo, "cannot listen on " + path + ": " + error.message()};
  state_->socket_paths.push_back(path);
  run_acceptor(acceptor, nullptr, state_);
  return {};
}

void HttpServer::drain(std::int64_t millis) {
  state_->draining = true;  // before the connections are told: what begins to wait after that looks itself
  for (const auto& close : state_->closers) close();
  state_->closers.clear();
  for (const std::string& path : state_->socket_paths) ::unlink(path.c_str());
  state_->socket_paths.clear();
  for (const auto& connection : state_->open.all()) {
    asio::post(connection->executor(), [connection] {
      error_code ignored;
      if (connection->doing == HttpConnection::Doing::kIdle) connection->close();
      if (connection->doing == HttpConnection::Doing::kStreaming) connection->channel.socket().cancel(ignored);
    });
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(millis);
  constexpr std::chrono::seconds kToBeTaken{2};
  auto last_made = std::chrono::steady_clock::now();
  for (auto now = last_made; state_->under_way > 0 && now < deadline && now < last_made + kToBeTaken;) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    now = std::chrono::steady_clock::now();
    if (state_->under_way > state_->sending) last_made = now;
  }
}

const HttpCounters& HttpServer::counters() const { return state_->counters; }

Result<bool> is_loopback_address(const std::string& address) {
  STELE_ASSIGN(const auto endpoint, parse_endpoint(address));
  return endpoint.address().is_loopback();
}

}  // namespace stele::net
