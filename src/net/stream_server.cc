#include "net/stream_server.h"

#include <chrono>
#include <map>
#include <mutex>

#include "net/accept.h"
#include "net/endpoints.h"

namespace stele::net {

using asio::ip::tcp;
using asio::ip::udp;
using boost::system::error_code;

struct StreamConnection;

struct StreamServer::State {
  State(Runtime& r, std::uint32_t m) : runtime(r), most(m) {}
  [[nodiscard]] std::uint32_t connections_max() const { return most; }

  Runtime& runtime;
  std::uint32_t most;
  StreamCounters counters;
  OpenConnections<StreamConnection> open;
  std::atomic<bool> draining{false};
  std::atomic<std::uint64_t> under_way{0};  // loops that have not ended
  std::mutex mutex;
  std::uint64_t next_closer = 0;
  std::map<std::uint64_t, std::function<void()>> closers;  // of what listens or reads, each posts to its own loop
};

using StatePtr = std::shared_ptr<StreamServer::State>;

// Until it has said anything it may be ended for another.
struct StreamConnection : Connection {
  StreamConnection(Socket socket, Channel::Context context, const Peer& p, StatePtr s)
      : Connection(std::move(socket), std::move(context), p, network_of(p), s->counters, Kind::kHeard), state(std::move(s)) {}

  StatePtr state;
};

namespace {

constexpr std::size_t kReadBytes = 256U << 10;
constexpr std::size_t kDatagramBytes = 65'536;
constexpr std::size_t kDatagramsAtOnce = 256;

// Registers how to close something for as long as its loop runs.
class Registered {
 public:
  Registered(StatePtr state, std::function<void()> close) : state_(std::move(state)) {
    const std::lock_guard lock(state_->mutex);
    id_ = state_->next_closer++;
    state_->closers.emplace(id_, std::move(close));
    ++state_->under_way;
  }
  ~Registered() {
    const std::lock_guard lock(state_->mutex);
    state_->closers.erase(id_);
    --state_->under_way;
  }
  Registered(const Registered&) = delete;
  Registered& operator=(const Registered&) = delete;

 private:
  StatePtr state_;
  std::uint64_t id_ = 0;
};

asio::awaitable<void> read_all(StreamConnection& connection, StreamSink& sink) {
  StreamServer::State& state = *connection.state;
  const auto executor = co_await asio::this_coro::executor;
  constexpr std::size_t kFirstBytes = 4096;  // who says nothing costs little
  std::string buffer(kFirstBytes, '\0');
  while (!state.draining) {
    error_code error;
    const std::size_t n =
        co_await connection.channel.async_read_some(asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, error));
    if (error) break;
    connection.works();
    state.counters.bytes += n;
    auto resumed = std::make_shared<Signal>(executor);  // owned by the callback alone
    const std::weak_ptr<Signal> pause = resumed;
    auto answer = std::make_shared<StreamAnswer>();  // shared with the callback
    sink.on_bytes(std::string_view(buffer).substr(0, n), [resumed = std::move(resumed), answer](StreamAnswer given) {
      *answer = std::move(given);
      resumed->fire();
    });
    co_await Signal::wait(pause);
    buffer.resize(kReadBytes);
    if (!answer->bytes.empty()) {
      co_await asio::async_write(connection.channel, asio::buffer(answer->bytes),
                                 asio::redirect_error(asio::use_awaitable, error));
    }
    if (error || answer->close) break;
  }
  auto ended = std::make_shared<Signal>(executor);
  const std::weak_ptr<Signal> end = ended;
  sink.on_end([ended = std::move(ended)] { ended->fire(); });
  co_await Signal::wait(end);
}

asio::awaitable<void> serve(std::shared_ptr<StreamConnection> connection, std::unique_ptr<StreamSink> sink) {
  const Served served(connection->state->open, connection);
  const auto close = [connection] { connection->close(); };
  const Registered registered(connection->state, [connection] { Connection::close_later(connection); });
  asio::steady_timer limit(connection->executor(), std::chrono::seconds(10));
  limit.async_wait([close](const error_code& error) {
    if (!error) close();
  });
  const error_code error = co_await connection->channel.handshake(false);
  limit.cancel();
  if (error) {
    if (!connection->has_left()) ++connection->state->counters.bad_handshakes;
    co_return;
  }
  co_await read_all(*connection, *sink);
}

asio::awaitable<void> take_all(std::shared_ptr<tcp::acceptor> acceptor, std::shared_ptr<const TlsIdentity> tls,
                               SinkFactory factory, StatePtr state) {
  const Registered registered(state, [acceptor] { close_later(acceptor); });
  const auto make = [&](Socket socket, const Peer& peer) {
    error_code ignored;
    socket.set_option(asio::socket_base::keep_alive(true), ignored);
    return std::make_shared<StreamConnection>(std::move(socket), tls == nullptr ? nullptr : context_of(*tls), peer, state);
  };
  const auto begin = [&](const std::shared_ptr<StreamConnection>& connection) {
    return serve(connection, factory(connection->peer));
  };
  co_await accept_loop(acceptor, state, make, begin);
}

// Datagrams as the kernel holds them: all that are there are handed on together.
asio::awaitable<void> datagram_loop(std::shared_ptr<udp::socket> socket, DatagramHandler handler, StatePtr state) {
  const Registered registered(state, [socket] {
    asio::post(socket->get_executor(), [socket] {
      error_code ignored;
      socket->close(ignored);
    });
  });
  const auto executor = co_await asio::this_coro::executor;
  std::string buffer(kDatagramBytes, '\0');
  socket->non_blocking(true);
  while (!state->draining) {
    error_code error;
    co_await socket->async_wait(udp::socket::wait_read, asio::redirect_error(asio::use_awaitable, error));
    if (error) break;
    std::vector<std::string> texts;
    std::vector<Datagram> datagrams;
    texts.reserve(kDatagramsAtOnce);
    while (texts.size() < kDatagramsAtOnce) {
      udp::endpoint from;
      const std::size_t n = socket->receive_from(asio::buffer(buffer), from, 0, error);
      if (error) break;
      state->counters.bytes += n;
      texts.emplace_back(buffer, 0, n);
      datagrams.push_back({peer_of(from.address(), from.port()), texts.back()});
    }
    if (datagrams.empty()) continue;
    auto resumed = std::make_shared<Signal>(executor);
    const std::weak_ptr<Signal> pause = resumed;
    handler(datagrams, [resumed = std::move(resumed)] { resumed->fire(); });
    co_await Signal::wait(pause);
  }
}

Result<std::string> run(const StatePtr& state, const std::string& address, std::shared_ptr<const TlsIdentity> tls,
                        SinkFactory factory) {
  STELE_ASSIGN(const Listener listener, listen_at(state->runtime.loops().next(), address));
  asio::co_spawn(listener.acceptor->get_executor(), take_all(listener.acceptor, std::move(tls), std::move(factory), state),
                 asio::detached);
  return listener.address;
}

}  // namespace

StreamServer::StreamServer(Runtime& runtime, std::uint32_t connections_max)
    : state_(std::make_shared<State>(runtime, connections_max)) {}

StreamServer::~StreamServer() { drain(0); }

Result<std::string> StreamServer::listen_tcp(const std::string& address, SinkFactory factory) {
  return run(state_, address, nullptr, std::move(factory));
}

Result<std::string> StreamServer::listen_tls(const std::string& address, std::shared_ptr<const TlsIdentity> tls,
                                             SinkFactory factory) {
  return run(state_, address, std::move(tls), std::move(factory));
}

Result<std::string> StreamServer::listen_udp(const std::string& address, DatagramHandler handler) {
  STELE_ASSIGN(const auto endpoint, parse_endpoint(address));
  auto socket = std::make_shared<udp::socket>(state_->runtime.loops().next());  // shared with its loop and closer
  const udp::endpoint at(endpoint.address(), endpoint.port());
  error_code error;
  socket->open(at.protocol(), error);
  if (!error) socket->bind(at, error);
  if (error) return Error{Code::kIo, "cannot listen on UDP " + address + ": " + error.message()};
  socket->set_option(asio::socket_base::receive_buffer_size(8 << 20), error);  // as much as the kernel allows
  const auto bound = socket->local_endpoint(error);
  asio::co_spawn(socket->get_executor(), datagram_loop(socket, std::move(handler), state_), asio::detached);
  return endpoint_text(bound.address(), bound.port());
}

void StreamServer::drain(std::int64_t millis) {
  state_->draining = true;
  {
    const std::lock_guard lock(state_->mutex);
    for (const auto& [id, close] : state_->closers) close();
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(millis);
  while (state_->under_way > 0 && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

const StreamCounters& StreamServer::counters() const { return state_->counters; }

}  // namespace stele::net
