#include "net/http_server.h"

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>

#include "net/endpoints.h"
#include "net/http_connection.h"
#include "net/socket_path.h"

namespace stele::net {

using boost::system::error_code;

namespace {

template <typename Acceptor>
asio::awaitable<void> accept_loop(std::shared_ptr<Acceptor> acceptor, std::shared_ptr<const TlsIdentity> tls,
                                  std::shared_ptr<HttpServer::State> state) {
  for (;;) {
    error_code error;
    auto& context = state->runtime.loops().next();
    auto socket = co_await acceptor->async_accept(context, asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted || state->draining) co_return;
    if (error) {
      // Out of descriptors or memory: let some be freed.
      asio::steady_timer pause(acceptor->get_executor(), std::chrono::milliseconds(50));
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
      continue;
    }
    Peer peer;
    if constexpr (std::is_same_v<typename Acceptor::protocol_type, asio::ip::tcp>) {
      socket.set_option(asio::ip::tcp::no_delay(true), error);
      const auto remote = socket.remote_endpoint(error);
      if (error) continue;  // gone; what it sent would be nobody's
      peer = peer_of(remote.address(), remote.port());
    } else {
      peer = unix_peer(socket.native_handle());
    }
    if (!co_await find_place(state->open, state->counters, state->limits.connections_max)) {
      ++state->counters.refused;
      continue;  // closed by leaving scope
    }
    if (state->draining) co_return;
    std::shared_ptr<HttpConnection> connection;  // shared with the sweeper, and with who looks for a place
    try {
      connection = std::make_shared<HttpConnection>(Socket(std::move(socket)), tls == nullptr ? nullptr : context_of(*tls),
                                                    std::move(peer), state);
      state->open.add(connection);
      asio::co_spawn(context, serve(connection), asio::detached);
    } catch (const std::exception&) {  // out of memory: the door stays open
      ++state->counters.refused;
      if (connection != nullptr) connection->end();
    }
  }
}

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
  state->closers.push_back([acceptor] { asio::post(acceptor->get_executor(), [acceptor] { acceptor->close(); }); });
  asio::co_spawn(acceptor->get_executor(), accept_loop(acceptor, std::move(tls), state), asio::detached);
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
