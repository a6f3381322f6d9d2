// Audit events as audisp's af_unix plugin hands them out (audisp-af_unix(8)): a client of its socket. Nothing is kept there for
// who does not listen; the file /var/log/audit/audit.log, followed as a file, loses nothing.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/followed_file.h"
#include "agent/stream.h"
#include "agent/waiting_records.h"
#include "records/cutter.h"

namespace stele::agent {

class AuditSocketStream final : public Stream {
 public:
  explicit AuditSocketStream(std::string path) : path_(std::move(path)) {}

  void watch(std::vector<pollfd>& out) const override;
  // Connects where it is not, every second.
  bool collect(Batch& batch, std::int64_t now) override;
  bool finish(Batch& batch) override;
  void describe(std::vector<StreamState>& out) const override;

 private:
  void connect(Batch& batch, std::int64_t now);
  bool add(Batch& batch);

  std::string path_;
  Descriptor fd_;
  std::unique_ptr<records::RecordCutter> cutter_;
  WaitingRecords cut_;
  std::int64_t next_try_ = 0;
  std::string problem_ = "not connected yet";
};

}  // namespace stele::agent
