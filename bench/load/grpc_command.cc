// bench_load grpc: unary calls whose messages were made beforehand, by gRPC's own client.
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <vector>

#include "commands.h"
#include "measure.h"
#include "replay.h"

namespace stele::bench {
namespace {

// One call at a time over a connection of its own.
struct Caller {
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<grpc::GenericStub> stub;
  std::unique_ptr<grpc::ClientContext> context;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
  grpc::ByteBuffer answer;
  grpc::Status status;
  std::uint32_t events = 0;
  std::uint64_t since_ns = 0;
};

class Run {
 public:
  Run(const std::string& where, std::string method, std::size_t connections, Replay& replay)
      : method_(std::move(method)), replay_(replay), callers_(connections) {
    for (Caller& caller : callers_) {
      grpc::ChannelArguments arguments;
      arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
      caller.channel = grpc::CreateCustomChannel(where, grpc::InsecureChannelCredentials(), arguments);
      caller.stub = std::make_unique<grpc::GenericStub>(caller.channel);
      if (!caller.channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(10)))
        give_up("cannot connect to " + where);
    }
  }

  void run(double limit_seconds) {
    const std::uint64_t start = now_ns();
    const std::uint64_t stop = start + static_cast<std::uint64_t>(limit_seconds * 1e9);
    std::uint64_t last = start;
    for (Caller& caller : callers_) call(caller);
    void* tag = nullptr;
    bool ok = false;
    for (std::size_t open = callers_.size(); open > 0 && queue_.Next(&tag, &ok);) {
      Caller& caller = *static_cast<Caller*>(tag);
      last = now_ns();
      finish(caller, last);
      if (last < stop)
        call(caller);
      else
        --open;
    }
    seconds = static_cast<double>(last - start) * 1e-9;
  }

  Histogram latency;
  std::uint64_t events = 0;
  std::uint64_t requests = 0;
  std::uint64_t refused = 0;
  std::uint64_t overloaded = 0;
  double seconds = 0;
  std::string bad;

 private:
  void call(Caller& caller) {
    const Slice slice = replay_.next();
    caller.events = slice.events;
    caller.since_ns = now_ns();
    const grpc::Slice message(slice.bytes.data(), slice.bytes.size(), grpc::Slice::STATIC_SLICE);
    const grpc::ByteBuffer buffer(&message, 1);
    caller.context = std::make_unique<grpc::ClientContext>();
    caller.reader = caller.stub->PrepareUnaryCall(caller.context.get(), method_, buffer, &queue_);
    caller.reader->StartCall();
    caller.reader->Finish(&caller.answer, &caller.status, &caller);
  }

  void finish(Caller& caller, std::uint64_t now) {
    if (caller.status.ok()) {
      latency.record(now - caller.since_ns);
      ++requests;
      events += caller.events;
    } else {
      ++(caller.status.error_code() == grpc::StatusCode::UNAVAILABLE ? overloaded : refused);
      if (bad.empty()) bad = std::to_string(caller.status.error_code()) + " " + caller.status.error_message();
    }
  }

  std::string method_;
  Replay& replay_;
  grpc::CompletionQueue queue_;
  std::vector<Caller> callers_;
};

}  // namespace

int run_grpc(Options& options) {
  const std::string requests = options.required("requests");
  const std::string where = options.required("connect");
  const std::string method = options.required("method");
  const std::uint64_t connections = options.count("connections", 1);
  const double seconds = options.real("seconds", 5);
  const std::uint64_t round = options.count("id-round", 0);
  options.finish();
  if (connections == 0) give_up("--connections must be at least 1");

  Replay replay(requests, connections, round);
  Run run(where, method, connections, replay);
  const double cpu_before = own_cpu_seconds();
  run.run(seconds);
  const double cpu = own_cpu_seconds() - cpu_before;
  if (!run.bad.empty()) std::fprintf(stderr, "bench_load: first bad answer: %s\n", run.bad.c_str());
  JsonLine()
      .text("bench", "grpc")
      .count("batch", replay.batch())
      .count("connections", connections)
      .real("seconds", run.seconds)
      .count("events", run.events)
      .count("requests", run.requests)
      .count("refused_requests", run.refused)
      .count("overloaded_requests", run.overloaded)
      .real("events_per_second", run.seconds > 0 ? static_cast<double>(run.events) / run.seconds : 0)
      .quantiles_us("latency_us", run.latency)
      .real("client_cpu_seconds", cpu)
      .print();
  return run.refused == 0 ? 0 : 1;
}

}  // namespace stele::bench
