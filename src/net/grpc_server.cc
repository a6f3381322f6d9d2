#include "net/grpc_server.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/wire_format_lite.h>
#include <grpc/support/log.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <mutex>

#include "base/bytes.h"
#include "net/accept.h"
#include "net/grpc_connection.h"
#include "net/http_server.h"

namespace stele::net {
namespace {

using boost::system::error_code;
using google::protobuf::internal::WireFormatLite;

constexpr std::int64_t kToBeTakenMillis = 2000;  // so long an answer has that nobody waits for any more

std::string bytes_of(grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string out;
  if (!buffer.Dump(&slices).ok()) return out;
  for (const grpc::Slice& slice : slices) out.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return out;
}

// No message begins so: 0x1f would be a field of wire type 7, which there is not.
bool is_gzip(const std::string& message) { return message.starts_with("\x1f\x8b"); }

// As peer_name() of net/tls_context.h.
std::string client_name(const grpc::GenericCallbackServerContext& context) {
  const auto session = context.auth_context();
  if (session == nullptr || !session->IsPeerAuthenticated()) return {};
  for (const char* property : {GRPC_X509_CN_PROPERTY_NAME, GRPC_X509_SAN_PROPERTY_NAME}) {
    for (const grpc::string_ref& value : session->FindPropertyValues(property)) {
      if (!value.empty()) return {value.data(), value.size()};
    }
  }
  return {};
}

// Of "ipv4:10.0.0.5:51230" or "ipv6:%5B::1%5D:51230".
std::string address_of(const grpc::GenericCallbackServerContext& context) {
  const std::string uri = context.peer();
  return percent_decode(uri.substr(std::min(uri.size(), uri.find(':') + 1)));
}

Peer peer_at(const std::string& address) {
  Peer peer;
  peer.address = address;
  peer.loopback = is_loopback_address(address).ok() && *is_loopback_address(address);
  return peer;
}

// The message of a google.rpc.Status.
std::string message_of(const std::string& status) {
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(status.data()),
                                            static_cast<int>(status.size()));
  constexpr int kMessage = 2;
  std::string message;
  while (const std::uint32_t tag = in.ReadTag()) {
    const bool read = WireFormatLite::GetTagFieldNumber(tag) == kMessage ? WireFormatLite::ReadBytes(&in, &message)
                                                                         : WireFormatLite::SkipField(&in, tag);
    if (!read) break;
  }
  return message;
}

// A google.rpc.Status of the same code and message with a RetryInfo (retry_delay = 1) among its details (3).
std::string with_retry(std::string status, std::int64_t seconds) {
  google::protobuf::Duration delay;
  delay.set_seconds(seconds);
  google::protobuf::Any any;
  any.set_type_url("type.googleapis.com/google.rpc.RetryInfo");
  const auto append_message = [](std::string& out, int field, const std::string& message) {
    google::protobuf::io::StringOutputStream stream(&out);
    google::protobuf::io::CodedOutputStream coded(&stream);
    WireFormatLite::WriteBytes(field, message, &coded);
  };
  append_message(*any.mutable_value(), 1, delay.SerializeAsString());
  append_message(status, 3, any.SerializeAsString());
  return status;
}

// As when a handler answers 429.
grpc::Status busy(const std::string& message, std::int64_t seconds = 1) {
  constexpr int kCode = 1;
  constexpr int kMessage = 2;
  std::string status;
  {
    google::protobuf::io::StringOutputStream stream(&status);
    google::protobuf::io::CodedOutputStream coded(&stream);
    WireFormatLite::WriteInt32(kCode, grpc::StatusCode::UNAVAILABLE, &coded);
    WireFormatLite::WriteString(kMessage, message, &coded);
  }
  return {grpc::StatusCode::UNAVAILABLE, message, with_retry(std::move(status), seconds)};
}

grpc::Status status_of(const Response& response) {
  std::int64_t seconds = 1;
  bool by_handler = false;  // else by the gate, which words it as JSON
  for (const Header& header : response.headers) {
    if (header.first == "Retry-After") seconds = static_cast<std::int64_t>(parse_decimal(header.second).value_or(1));
    if (header.first == "Content-Type") by_handler = header.second == "application/x-protobuf";
  }
  if (!by_handler && (response.status == 429 || response.status == 503)) return busy("not now", seconds);
  const std::string message = message_of(response.body);
  switch (response.status) {
    case 200: return grpc::Status::OK;
    case 400: return {grpc::StatusCode::INVALID_ARGUMENT, message, response.body};
    case 401: return {grpc::StatusCode::UNAUTHENTICATED, "this needs a valid token: the metadata authorization, Bearer stele_…"};
    case 403: return {grpc::StatusCode::PERMISSION_DENIED, "not allowed"};
    case 404: return {grpc::StatusCode::NOT_FOUND, message, response.body};
    case 413: return {grpc::StatusCode::INVALID_ARGUMENT, message};  // whose body says another code
    case 429:
    case 503: return {grpc::StatusCode::UNAVAILABLE, message, with_retry(response.body, seconds)};
    default: return {grpc::StatusCode::INTERNAL, "no answer was given"};
  }
}

class Call;

// Between a call and what may finish it: its reply, the client's leaving, and the time that its message may take.
struct Link {
  explicit Link(Call& c) : call(c) {}
  // True for the one who may finish the call; nobody else touches it from then on.
  bool take() { return !taken.exchange(true); }
  Call& call;
  std::atomic<bool> taken{false};
};

// The calls whose messages have not arrived, oldest first, looked at once a second.
class Awaited : public std::enable_shared_from_this<Awaited> {
 public:
  Awaited(Runtime& runtime, std::int64_t seconds) : runtime_(runtime), limit_(seconds) {}

  std::uint64_t add(std::shared_ptr<Link> link) {
    const std::lock_guard lock(mutex_);
    calls_.emplace(++last_, One{Clock::now() + limit_, std::move(link)});
    return last_;
  }
  void arrived(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    calls_.erase(number);
  }
  // Again and again, until it is gone.
  void watch() {
    constexpr std::int64_t kMillis = 1000;
    runtime_.after(kMillis, [self = weak_from_this()] {
      const auto there = self.lock();
      if (there == nullptr) return;
      there->end_late();
      there->watch();
    });
  }

 private:
  using Clock = std::chrono::steady_clock;
  struct One {
    Clock::time_point until;
    std::shared_ptr<Link> link;
  };
  void end_late();

  Runtime& runtime_;
  std::chrono::seconds limit_;
  std::mutex mutex_;
  std::map<std::uint64_t, One> calls_;
  std::uint64_t last_ = 0;
};

// So many bytes are under way, for as long as this lives.
class Held {
 public:
  Held(std::shared_ptr<std::atomic<std::uint64_t>> count, std::uint64_t bytes) : count_(std::move(count)), bytes_(bytes) {
    *count_ += bytes_;
  }
  ~Held() { *count_ -= bytes_; }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

 private:
  std::shared_ptr<std::atomic<std::uint64_t>> count_;
  std::uint64_t bytes_;
};

}  // namespace

struct GrpcServer::State final : grpc::CallbackGenericService, std::enable_shared_from_this<State> {
  State(Runtime& r, net::Handler h, std::vector<GrpcMethod> m, GrpcLimits l)
      : runtime(r),
        handler(std::move(h)),
        methods(std::move(m)),
        limits(l),
        awaited(std::make_shared<Awaited>(r, l.request_seconds)) {}
  [[nodiscard]] std::uint32_t connections_max() const { return limits.connections_max; }

  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override;
  Result<std::string> listen(const std::string& address, const std::shared_ptr<grpc::ServerCredentials>& credentials);
  // Gives the connection to gRPC. std::exception: it does not get it.
  void hand_over(const std::shared_ptr<GrpcConnection>& connection);

  Runtime& runtime;
  net::Handler handler;
  std::function<bool(const Request&)> takes_stream;  // may be empty
  std::vector<GrpcMethod> methods;
  GrpcLimits limits;
  ConnectionCounters counters;
  OpenConnections<GrpcConnection> open;
  GrpcPeers peers;
  std::shared_ptr<Awaited> awaited;                         // shared with its timer
  std::shared_ptr<std::atomic<std::uint64_t>> held_bytes =  // shared with the requests, which may outlive this
      std::make_shared<std::atomic<std::uint64_t>>(0);
  std::mutex mutex;  // of what is handed over, and of the end of that
  std::atomic<bool> draining{false};
  bool over_tls = false;
  std::shared_ptr<asio::ip::tcp::acceptor> acceptor;                   // shared with its loop
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> in;  // where its connections go
  std::unique_ptr<grpc::Server> server;
};

namespace {

// The body of a request whose message was not asked for.
class Unread final : public BodyStream {
 public:
  explicit Unread(Runtime& runtime) : runtime_(runtime) {}
  void next(Got got) override { got(Error{Code::kUnavailable, "the message was not read"}); }
  void after(std::int64_t millis, std::function<void()> f) override { runtime_.after(millis, std::move(f)); }
  [[nodiscard]] bool draining() const override { return false; }

 private:
  Runtime& runtime_;
};

// One call. It is gone soon after it was finished, by an answer or because the client gave it up, whichever is first.
class Call final : public grpc::ServerGenericBidiReactor {
 public:
  // `method` null: there is no such. `connection` null: nobody knows which.
  Call(GrpcServer::State& server, const GrpcMethod* method, std::shared_ptr<GrpcConnection> connection, Request request)
      : server_(server),
        method_(method),
        connection_(std::move(connection)),
        link_(std::make_shared<Link>(*this)),
        request_(std::move(request)) {
    if (method_ == nullptr || (server_.takes_stream && server_.takes_stream(request_))) {
      request_.stream = std::make_shared<Unread>(server_.runtime);
      hand_on(nullptr);  // its connection goes on waiting, and may be ended for another
      return;
    }
    number_ = server_.awaited->add(link_);
    StartRead(&received_);
  }
  ~Call() override { rest(); }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  void OnReadDone(bool ok) override {
    server_.awaited->arrived(number_);
    if (!ok) {
      if (link_->take()) Finish({grpc::StatusCode::INVALID_ARGUMENT, "there is no message in the call"});
      return;
    }
    auto held = std::make_unique<Held>(server_.held_bytes, received_.Length());
    if (*server_.held_bytes > server_.limits.held_bytes_max) {
      if (link_->take()) Finish(busy("too many bytes of messages are under way"));
      return;
    }
    if (connection_ != nullptr) {
      if (connection_->is_asked()) {
        if (link_->take()) Finish(busy("this connection ends, for others"));
        return;
      }
      connection_->begin_call();
      works_ = true;
      if (link_->taken) return rest();  // it was finished before its message came
    }
    request_.body = bytes_of(received_);
    received_.Clear();
    if (is_gzip(request_.body)) request_.headers.emplace_back("Content-Encoding", "gzip");
    hand_on(std::move(held));
  }

  void OnCancel() override {
    if (!link_->take()) return;
    rest();
    Finish(grpc::Status::CANCELLED);
  }
  void OnDone() override { delete this; }

 private:
  struct CallReply final : Reply::State {
    CallReply(Runtime& r, std::shared_ptr<Link> l, std::unique_ptr<Held> h)
        : runtime(r), link(std::move(l)), held(std::move(h)) {}
    ~CallReply() override { CallReply::send(no_answer()); }
    CallReply(const CallReply&) = delete;
    CallReply& operator=(const CallReply&) = delete;
    void send(Response response) override {
      if (link->take()) link->call.answer(response);
    }
    void post(std::function<void()> f) override { runtime.after(0, std::move(f)); }
    Runtime& runtime;
    std::shared_ptr<Link> link;
    std::unique_ptr<Held> held;
  };

  void hand_on(std::unique_ptr<Held> held) {
    // On a thread of ours: gRPC's have its connections to serve.
    auto request = std::make_shared<Request>(std::move(request_));  // std::function copies its captures
    const Reply reply(std::make_shared<CallReply>(server_.runtime, link_, std::move(held)));
    server_.runtime.after(0, [&handler = server_.handler, request, reply] {
      try {
        handler(std::move(*request), reply);
      } catch (const std::exception&) {}  // out of memory: whoever asked is told so when the reply is let go
    });
  }

  // From here on its connection waits for the answer to be taken, if not for other calls of it.
  void rest() {
    if (!works_.exchange(false) || !connection_->end_call()) return;
    server_.runtime.after(kToBeTakenMillis, [connection = connection_] { Connection::close_later(connection); });
  }

  void answer(const Response& response) {
    rest();
    if (method_ == nullptr && response.status == 404)
      return Finish({grpc::StatusCode::UNIMPLEMENTED, "there is no such method here"});
    const grpc::Status status = status_of(response);
    if (!status.ok()) return Finish(status);
    const grpc::Slice slice(response.body);
    answer_ = grpc::ByteBuffer(&slice, 1);
    StartWriteAndFinish(&answer_, grpc::WriteOptions(), status);
  }

  GrpcServer::State& server_;
  const GrpcMethod* method_;
  std::shared_ptr<GrpcConnection> connection_;  // shared with who looks for a place
  std::shared_ptr<Link> link_;
  std::uint64_t number_ = 0;  // among the awaited
  std::atomic<bool> works_{false};
  grpc::ByteBuffer received_;
  grpc::ByteBuffer answer_;
  Request request_;
};

void Awaited::end_late() {
  std::vector<std::shared_ptr<Link>> late;
  {
    const std::lock_guard lock(mutex_);
    while (!calls_.empty() && calls_.begin()->second.until < Clock::now()) {
      late.push_back(std::move(calls_.begin()->second.link));
      calls_.erase(calls_.begin());
    }
  }
  for (const auto& link : late) {
    if (link->take()) link->call.Finish({grpc::StatusCode::DEADLINE_EXCEEDED, "the message did not arrive in time"});
  }
}

}  // namespace

grpc::ServerGenericBidiReactor* GrpcServer::State::CreateReactor(grpc::GenericCallbackServerContext* context) {
  const auto method =
      std::find_if(methods.begin(), methods.end(), [&](const GrpcMethod& one) { return one.name == context->method(); });
  const std::string address = address_of(*context);
  auto connection = peers.find(address);
  Request request;
  request.method = "POST";
  request.peer = connection == nullptr ? peer_at(address) : connection->peer;
  request.peer.certificate = client_name(*context);
  request.peer.tls = over_tls;
  const auto shown = context->client_metadata().find("authorization");
  if (shown != context->client_metadata().end())
    request.headers.emplace_back("Authorization", std::string(shown->second.data(), shown->second.size()));
  if (method == methods.end()) {
    request.path = "/grpc" + context->method();
    return new Call(*this, nullptr, std::move(connection), std::move(request));
  }
  request.path = method->path;
  request.headers.emplace_back("Content-Type", method->content_type);
  request.headers.emplace_back("Transfer-Encoding", "chunked");  // how long it is shows when it is there
  return new Call(*this, &*method, std::move(connection), std::move(request));
}

void GrpcServer::State::hand_over(const std::shared_ptr<GrpcConnection>& connection) {
  const std::lock_guard lock(mutex);
  if (draining) throw std::runtime_error("gRPC takes no more connections");
  grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters handed;
  handed.fd = connection->descriptor();
  peers.add(connection);
  in->HandleNewConnection(&handed);
}

namespace {

asio::awaitable<void> serve_grpc(std::shared_ptr<GrpcConnection> connection, std::shared_ptr<GrpcServer::State> server) {
  const Served served(server->open, connection);
  co_await connection->until_shut();
  connection->close();
  server->peers.remove(*connection);
}

// The library waits for calls whose answers nobody takes, also past the deadline of its stop.
void end_who_takes_nothing(const std::shared_ptr<GrpcServer::State>& server, std::chrono::steady_clock::time_point until) {
  const auto now = std::chrono::steady_clock::now();
  const std::int64_t long_ago = std::chrono::nanoseconds(now.time_since_epoch()).count() - kToBeTakenMillis * 1'000'000;
  const auto open = server->open.all();
  for (const auto& connection : open) {
    if (now >= until || connection->since() < long_ago) Connection::close_later(connection);
  }
  constexpr std::int64_t kMillis = 200;
  if (now < until && !open.empty()) server->runtime.after(kMillis, [server, until] { end_who_takes_nothing(server, until); });
}

}  // namespace

Result<std::string> GrpcServer::State::listen(const std::string& address,
                                              const std::shared_ptr<grpc::ServerCredentials>& credentials) {
  gpr_set_log_function([](gpr_log_func_args*) {});  // it would write a line for each handshake that fails
  constexpr int kHandshakeMillis = 10'000;          // of TLS, and of HTTP/2
  constexpr int kCallsMax = 100;                    // at a time over one connection
  STELE_ASSIGN(const Listener listener, listen_at(runtime.loops().next(), address));
  grpc::ServerBuilder builder;
  in = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD, credentials);
  builder.RegisterCallbackGenericService(this);
  builder.SetMaxReceiveMessageSize(static_cast<int>(std::min<std::uint64_t>(limits.message_bytes_max, 1U << 30)));
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);  // it knows no limit
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeMillis);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kCallsMax);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, static_cast<int>(limits.idle_seconds * 1000));
  server = builder.BuildAndStart();
  if (server == nullptr) return Error{Code::kIo, "gRPC does not start on " + address};
  awaited->watch();
  acceptor = listener.acceptor;
  const auto self = shared_from_this();
  const auto make = [self](Socket socket, const Peer& peer) {
    error_code ignored;
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    socket.native_non_blocking(true, ignored);  // the library waits for it, and not within a call to it
    return std::make_shared<GrpcConnection>(std::move(socket), peer, self->counters);
  };
  const auto begin = [self](const std::shared_ptr<GrpcConnection>& connection) {
    auto serving = serve_grpc(connection, self);
    self->hand_over(connection);
    return serving;
  };
  asio::co_spawn(acceptor->get_executor(), accept_loop(acceptor, self, make, begin), asio::detached);
  return listener.address;
}

GrpcServer::GrpcServer(Runtime& runtime, Handler handler, std::vector<GrpcMethod> methods, GrpcLimits limits,
                       std::function<bool(const Request&)> takes_stream)
    : state_(std::make_shared<State>(runtime, std::move(handler), std::move(methods), limits)) {
  state_->takes_stream = std::move(takes_stream);
}

GrpcServer::~GrpcServer() { drain(0); }

Result<std::string> GrpcServer::listen(const std::string& address) {
  return state_->listen(address, grpc::InsecureServerCredentials());
}

Result<std::string> GrpcServer::listen_tls(const std::string& address, const TlsFiles& files) {
  STELE_TRY(TlsIdentity::read(files));  // says what is wrong with a file, which gRPC does not
  constexpr unsigned kSeconds = 1;
  namespace grpcx = grpc::experimental;
  grpcx::TlsServerCredentialsOptions options(
      std::make_shared<grpcx::FileWatcherCertificateProvider>(files.key, files.certificate, files.client_ca, kSeconds));
  options.watch_identity_key_cert_pairs();
  if (!files.client_ca.empty()) {
    options.watch_root_certs();
    options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  }
  state_->over_tls = true;
  return state_->listen(address, grpcx::TlsServerCredentials(options));
}

void GrpcServer::drain(std::int64_t millis) {
  if (state_->server == nullptr) return;
  {
    const std::lock_guard lock(state_->mutex);
    state_->draining = true;
  }
  close_later(state_->acceptor);
  end_who_takes_nothing(state_, std::chrono::steady_clock::now() + std::chrono::milliseconds(millis));
  state_->server->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(millis));
  state_->server->Wait();
  state_->server.reset();
}

const ConnectionCounters& GrpcServer::counters() const { return state_->counters; }

}  // namespace stele::net
