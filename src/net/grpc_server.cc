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
#include "net/http_server.h"

namespace stele::net {
namespace {

using google::protobuf::internal::WireFormatLite;

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

// "ipv4:10.0.0.5:51230", "ipv6:%5B::1%5D:51230"
Peer peer_of(const grpc::GenericCallbackServerContext& context) {
  const std::string uri = context.peer();
  Peer peer;
  peer.certificate = client_name(context);
  peer.address = uri.substr(std::min(uri.size(), uri.find(':') + 1));
  for (const auto& [escaped, plain] : {std::pair{"%5B", "["}, {"%5D", "]"}}) {
    if (const auto at = peer.address.find(escaped); at != std::string::npos) peer.address.replace(at, 3, plain);
  }
  peer.loopback = is_loopback_address(peer.address).ok() && *is_loopback_address(peer.address);
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
grpc::Status busy() {
  constexpr int kCode = 1;
  constexpr int kMessage = 2;
  const std::string message = "too many bytes of messages are under way";
  std::string status;
  {
    google::protobuf::io::StringOutputStream stream(&status);
    google::protobuf::io::CodedOutputStream coded(&stream);
    WireFormatLite::WriteInt32(kCode, grpc::StatusCode::UNAVAILABLE, &coded);
    WireFormatLite::WriteString(kMessage, message, &coded);
  }
  return {grpc::StatusCode::UNAVAILABLE, message, with_retry(std::move(status), 1)};
}

grpc::Status status_of(const Response& response) {
  std::int64_t seconds = 1;
  for (const Header& header : response.headers) {
    if (header.first == "Retry-After") seconds = static_cast<std::int64_t>(parse_decimal(header.second).value_or(1));
  }
  const std::string message = message_of(response.body);
  switch (response.status) {
    case 200: return grpc::Status::OK;
    case 400: return {grpc::StatusCode::INVALID_ARGUMENT, message, response.body};
    // By the gate, which words them as JSON.
    case 401: return {grpc::StatusCode::UNAUTHENTICATED, "this needs a valid token: the metadata authorization, Bearer stele_…"};
    case 403: return {grpc::StatusCode::PERMISSION_DENIED, "not allowed"};
    case 404: return {grpc::StatusCode::NOT_FOUND, message, response.body};
    case 413: return {grpc::StatusCode::INVALID_ARGUMENT, message, response.body};
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

struct GrpcServer::State final : grpc::CallbackGenericService {
  State(Runtime& r, net::Handler h, std::vector<GrpcMethod> m, GrpcLimits l)
      : runtime(r),
        handler(std::move(h)),
        methods(std::move(m)),
        limits(l),
        awaited(std::make_shared<Awaited>(r, l.request_seconds)) {}

  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override;
  Result<std::string> listen(const std::string& address, const std::shared_ptr<grpc::ServerCredentials>& credentials);

  Runtime& runtime;
  net::Handler handler;
  std::vector<GrpcMethod> methods;
  GrpcLimits limits;
  std::shared_ptr<Awaited> awaited;                         // shared with its timer
  std::shared_ptr<std::atomic<std::uint64_t>> held_bytes =  // shared with the requests, which may outlive this
      std::make_shared<std::atomic<std::uint64_t>>(0);
  std::unique_ptr<grpc::Server> server;
};

namespace {

// One call. It is gone soon after it was finished, by an answer or because the client gave it up, whichever is first.
class Call final : public grpc::ServerGenericBidiReactor {
 public:
  Call(GrpcServer::State& server, const GrpcMethod& method, Peer peer, std::string authorization)
      : server_(server), link_(std::make_shared<Link>(*this)), number_(server.awaited->add(link_)) {
    request_.method = "POST";
    request_.path = method.path;
    request_.headers.emplace_back("Content-Type", method.content_type);
    if (!authorization.empty()) request_.headers.emplace_back("Authorization", std::move(authorization));
    request_.peer = std::move(peer);
    StartRead(&received_);
  }

  void OnReadDone(bool ok) override {
    server_.awaited->arrived(number_);
    if (!ok) {
      if (link_->take()) Finish({grpc::StatusCode::INVALID_ARGUMENT, "there is no message in the call"});
      return;
    }
    auto held = std::make_unique<Held>(server_.held_bytes, received_.Length());
    if (*server_.held_bytes > server_.limits.held_bytes_max) {
      if (link_->take()) Finish(busy());
      return;
    }
    request_.body = bytes_of(received_);
    received_.Clear();
    if (is_gzip(request_.body)) request_.headers.emplace_back("Content-Encoding", "gzip");
    // On a thread of ours: gRPC's have its connections to serve.
    auto request = std::make_shared<Request>(std::move(request_));  // std::function copies its captures
    const Reply reply(std::make_shared<CallReply>(server_.runtime, link_, std::move(held)));
    server_.runtime.after(0, [&handler = server_.handler, request, reply] { handler(std::move(*request), reply); });
  }

  void OnCancel() override {
    if (link_->take()) Finish(grpc::Status::CANCELLED);
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

  void answer(const Response& response) {
    const grpc::Status status = status_of(response);
    if (!status.ok()) return Finish(status);
    const grpc::Slice slice(response.body);
    answer_ = grpc::ByteBuffer(&slice, 1);
    StartWriteAndFinish(&answer_, grpc::WriteOptions(), status);
  }

  GrpcServer::State& server_;
  std::shared_ptr<Link> link_;
  std::uint64_t number_;  // among the awaited
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

class Unknown final : public grpc::ServerGenericBidiReactor {
 public:
  Unknown() { Finish({grpc::StatusCode::UNIMPLEMENTED, "there is no such method here"}); }
  void OnDone() override { delete this; }
};

}  // namespace

grpc::ServerGenericBidiReactor* GrpcServer::State::CreateReactor(grpc::GenericCallbackServerContext* context) {
  const auto method =
      std::find_if(methods.begin(), methods.end(), [&](const GrpcMethod& one) { return one.name == context->method(); });
  if (method == methods.end()) return new Unknown();
  const auto shown = context->client_metadata().find("authorization");
  std::string authorization;
  if (shown != context->client_metadata().end()) authorization.assign(shown->second.data(), shown->second.size());
  return new Call(*this, *method, peer_of(*context), std::move(authorization));
}

Result<std::string> GrpcServer::State::listen(const std::string& address,
                                              const std::shared_ptr<grpc::ServerCredentials>& credentials) {
  gpr_set_log_function([](gpr_log_func_args*) {});  // it would write a line for each handshake that fails
  constexpr int kHandshakeMillis = 10'000;          // of TLS, and of HTTP/2
  constexpr int kCallsMax = 100;                    // at a time over one connection
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(address, credentials, &port);
  builder.RegisterCallbackGenericService(this);
  builder.SetMaxReceiveMessageSize(static_cast<int>(std::min<std::uint64_t>(limits.message_bytes_max, 1U << 30)));
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);  // it knows no limit
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // two servers at one port would each get some of the calls
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeMillis);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kCallsMax);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, static_cast<int>(limits.idle_seconds * 1000));
  server = builder.BuildAndStart();
  awaited->watch();
  if (server == nullptr || port == 0) return Error{Code::kIo, "cannot listen for gRPC on " + address + "; is the port taken?"};
  return address.substr(0, address.rfind(':') + 1) + std::to_string(port);
}

GrpcServer::GrpcServer(Runtime& runtime, Handler handler, std::vector<GrpcMethod> methods, GrpcLimits limits)
    : state_(std::make_unique<State>(runtime, std::move(handler), std::move(methods), limits)) {}

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
  return state_->listen(address, grpcx::TlsServerCredentials(options));
}

void GrpcServer::drain(std::int64_t millis) {
  if (state_->server == nullptr) return;
  state_->server->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(millis));
  state_->server->Wait();
  state_->server.reset();
}

}  // namespace stele::net
