// Records that were cut and wait until a batch has room for them.
#pragma once

#include <vector>

#include "agent/stream.h"
#include "records/cutter.h"

namespace stele::agent {

class WaitingRecords {
 public:
  // Where a cutter appends more.
  [[nodiscard]] std::vector<records::Record>& more() { return records_; }
  [[nodiscard]] bool empty() const { return records_.empty(); }

  // Calls f(record) for one after the other while `batch`, which f adds it to, has room. True when none is left.
  template <typename F>
  bool hand_on(const Batch& batch, F&& f) {
    while (next_ < records_.size() && batch.has_room()) f(records_[next_++]);
    if (next_ < records_.size()) return false;
    records_.clear();
    next_ = 0;
    return true;
  }

 private:
  std::vector<records::Record> records_;
  std::size_t next_ = 0;
};

}  // namespace stele::agent
