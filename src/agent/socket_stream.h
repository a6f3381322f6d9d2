// A Unix socket to which programs on this machine write: lines, or native events as JSON, one a line.
#pragma once

#include <functional>
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
// Connections take turns. Of those that are too many, of a user or in all, the one that has written nothing for longest is
// closed, in the same way: its writer hears of it with its next line.
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
    std::uint32_t uid = 0;
    std::string peer;
    std::uint64_t turn = 0;  // of the last time when it had something to read
    std::unique_ptr<records::RecordCutter> cutter;
    WaitingRecords cut;
    std::uint64_t lines = 0;  // of the batch
    std::string answers;      // not taken yet; as long as there are some nothing more is read
    bool closing = false;     // nothing more can be written to it
    bool ended = false;
  };

  SocketStream(SocketConfig config, Descriptor fd);
  void accept_all();
  void drop_done();
  void close_idle(std::uint32_t uid);
  bool close_oldest(const std::function<bool(const Connection&)>& is_meant);
  bool read_connection(Connection& connection, Batch& batch, std::int64_t now);
  bool read_datagrams(Batch& batch, std::int64_t now);
  bool add(Batch& batch, Connection& from) const;
  void answer(Connection& connection) const;

  SocketConfig config_;
  Descriptor fd_;
  std::size_t connections_max_;
  std::vector<Connection> connections_;
  std::uint64_t turn_ = 0;
  std::size_t next_ = 0;           // goes first
  bool has_place_ = true;          // for a connection that waits
  bool backlog_is_empty_ = false;  // when it was looked at last
  Connection datagram_;            // the last one, until all its lines are taken
  bool finishing_ = false;         // nobody can write any more
  PeerCache peers_;
};

}  // namespace stele::agent
