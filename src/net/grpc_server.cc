#include "net/grpc_server.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/wire_format_lite.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <chrono>

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

// "ipv4:10.0.0.5:51230", "ipv6:%5B::1%5D:51230"
Peer peer_of(const std::string& uri) {
  Peer peer;
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

grpc::Status status_of(const Response& response) {
  std::int64_t seconds = 1;
  for (const Header& header : response.headers) {
    if (header.first == "Retry-After") seconds = static_cast<std::int64_t>(parse_decimal(header.second).value_or(1));
  }
  const std::string message = message_of(response.body);
  switch (response.status) {
    case 200: return grpc::Status::OK;
    case 400: return {grpc::StatusCode::INVALID_ARGUMENT, message, response.body};
    case 401: return {grpc::StatusCode::UNAUTHENTICATED, message, response.body};
    case 403: return {grpc::StatusCode::PERMISSION_DENIED, "not allowed"};  // by the gate, which words it as JSON
    case 404: return {grpc::StatusCode::NOT_FOUND, message, response.body};
    case 413: return {grpc::StatusCode::INVALID_ARGUMENT, message, response.body};
    case 429:
    case 503: return {grpc::StatusCode::UNAVAILABLE, message, with_retry(response.body, seconds)};
    default: return {grpc::StatusCode::INTERNAL, "no answer was given"};
  }
}

}  // namespace

struct GrpcServer::State final : grpc::CallbackGenericService {
  State(Runtime& r, net::Handler h, std::vector<GrpcMethod> m, std::uint64_t max)
      : runtime(r), handler(std::move(h)), methods(std::move(m)), message_bytes_max(max) {}

  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override;

  Runtime& runtime;
  net::Handler handler;
  std::vector<GrpcMethod> methods;
  std::uint64_t message_bytes_max;
  std::unique_ptr<grpc::Server> server;
};

namespace {

// One call. It is gone soon after it was finished, by an answer or because the client gave it up, whichever is first.
class Call final : public grpc::ServerGenericBidiReactor {
 public:
  Call(Runtime& runtime, const Handler& handler, const GrpcMethod& method, const grpc::GenericCallbackServerContext& context)
      : runtime_(runtime), handler_(handler), link_(std::make_shared<Link>(*this)) {
    request_.method = "POST";
    request_.path = method.path;
    request_.headers.emplace_back("Content-Type", method.content_type);
    request_.peer = peer_of(context.peer());
    StartRead(&received_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) {
      if (link_->take()) Finish({grpc::StatusCode::INVALID_ARGUMENT, "there is no message in the call"});
      return;
    }
    request_.body = bytes_of(received_);
    // On a thread of ours: gRPC's have its connections to serve.
    auto request = std::make_shared<Request>(std::move(request_));  // std::function copies its captures
    runtime_.after(0, [&handler = handler_, request, reply = Reply(std::make_shared<CallReply>(runtime_, link_))] {
      handler(std::move(*request), reply);
    });
  }

  void OnCancel() override {
    if (link_->take()) Finish(grpc::Status::CANCELLED);
  }
  void OnDone() override { delete this; }

 private:
  // Between the call and its reply, of which either may be gone first.
  struct Link {
    explicit Link(Call& c) : call(c) {}
    // True for the one who may finish the call; nobody else touches it from then on.
    bool take() { return !taken.exchange(true); }
    Call& call;
    std::atomic<bool> taken{false};
  };

  struct CallReply final : Reply::State {
    CallReply(Runtime& r, std::shared_ptr<Link> l) : runtime(r), link(std::move(l)) {}
    ~CallReply() override { CallReply::send(no_answer()); }
    CallReply(const CallReply&) = delete;
    CallReply& operator=(const CallReply&) = delete;
    void send(Response response) override {
      if (link->take()) link->call.answer(response);
    }
    void post(std::function<void()> f) override { runtime.after(0, std::move(f)); }
    Runtime& runtime;
    std::shared_ptr<Link> link;
  };

  void answer(const Response& response) {
    const grpc::Status status = status_of(response);
    if (!status.ok()) return Finish(status);
    const grpc::Slice slice(response.body);
    answer_ = grpc::ByteBuffer(&slice, 1);
    StartWriteAndFinish(&answer_, grpc::WriteOptions(), status);
  }

  Runtime& runtime_;
  const Handler& handler_;
  std::shared_ptr<Link> link_;
  grpc::ByteBuffer received_;
  grpc::ByteBuffer answer_;
  Request request_;
};

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
  return new Call(runtime, handler, *method, *context);
}

GrpcServer::GrpcServer(Runtime& runtime, Handler handler, std::vector<GrpcMethod> methods, std::uint64_t message_bytes_max)
    : state_(std::make_unique<State>(runtime, std::move(handler), std::move(methods), message_bytes_max)) {}

GrpcServer::~GrpcServer() { drain(0); }

Result<std::string> GrpcServer::listen(const std::string& address) {
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port);
  builder.RegisterCallbackGenericService(state_.get());
  builder.SetMaxReceiveMessageSize(static_cast<int>(std::min<std::uint64_t>(state_->message_bytes_max, 1U << 30)));
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // two servers at one port would each get some of the calls
  state_->server = builder.BuildAndStart();
  if (state_->server == nullptr || port == 0)
    return Error{Code::kIo, "cannot listen for gRPC on " + address + "; is the port taken?"};
  return address.substr(0, address.rfind(':') + 1) + std::to_string(port);
}

void GrpcServer::drain(std::int64_t millis) {
  if (state_->server == nullptr) return;
  state_->server->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(millis));
  state_->server->Wait();
  state_->server.reset();
}

}  // namespace stele::net
