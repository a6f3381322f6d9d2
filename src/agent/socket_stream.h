// A Unix socket to which programs on this machine write: lines, or native events as JSON, one a line.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/config.h"
#include "agent/followed_file.h"
#include "agent/peer.h"
#include "agent/stream.h"
#include "agent/waiting_records.h"
#include "base/result.h"
#include "records/cutter.h"

namespace stele::agent {

// A line that begins with '{' becomes a record of format "event", any other one of format "line"; blank ones are passed over.
// Each has its writer as `peer`. While the spool is full nothing is read, and writers wait. Once it finishes, who writes is told
// so by the kernel, and what was written before is taken.
class SocketStream final : public Stream {
 public:
  // Takes the place of a socket that nobody listens at; kBusy when somebody does. Its folder is made where it is missing.
  static Result<std::unique_ptr<SocketStream>> open(const SocketConfig& config);
  ~SocketStream() override;

  void watch(std::vector<pollfd>& out) const override;
  bool collect(Batch& batch, std::int64_t now) override;
  void committed() override;
  bool finish(Batch& batch) override;
  void describe(std::vector<StreamState>& out) const override;

 private:
  struct Connection {
    Descriptor fd;
    std::string peer;
    std::unique_ptr<records::RecordCutter> cutter;
    WaitingRecords cut;
    std::uint64_t lines = 0;  // of the batch
    std::string answers;      // not taken yet; as long as there are some nothing more is read
    bool ended = false;
  };
  static bool is_done(const Connection& one) { return one.ended && one.cut.empty() && one.lines == 0 && one.answers.empty(); }

  SocketStream(SocketConfig config, Descriptor fd) : config_(std::move(config)), fd_(std::move(fd)) {}
  bool accept_all();
  bool read_connection(Connection& connection, Batch& batch, std::int64_t now);
  bool read_datagrams(Batch& batch, std::int64_t now);
  bool add(Batch& batch, Connection& from) const;
  void answer(Connection& connection) const;

  SocketConfig config_;
  Descriptor fd_;
  std::vector<Connection> connections_;
  Connection datagram_;     // the last one, until all its lines are taken
  bool finishing_ = false;  // nobody can write any more
  PeerCache peers_;
};

}  // namespace stele::agent
