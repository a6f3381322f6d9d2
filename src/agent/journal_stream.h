// Follows the journal of systemd, the machine's own or the files of a directory.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/journal_json.h"
#include "agent/journal_library.h"
#include "agent/stream.h"

namespace stele::agent {

// Its position is a cursor. Entries that are not there any more when it is taken up again are told as an event, with their
// number.
class JournalStream final : public Stream {
 public:
  // An empty `directory` is the machine's own journal.
  JournalStream(const JournalLibrary& library, std::string directory, const Positions& positions);
  ~JournalStream() override;

  void watch(std::vector<pollfd>& out) const override;
  bool collect(Batch& batch, std::int64_t now) override;
  void describe(std::vector<StreamState>& out) const override;

 private:
  void open(Batch& batch, std::int64_t now);
  void take_up(Batch& batch);
  bool read_entry(JournalEntry& out) const;
  void close();

  const JournalLibrary& library_;
  std::string directory_;
  std::string key_;     // of its position
  std::string cursor_;  // of the last entry that was taken
  sd_journal* journal_ = nullptr;
  int fd_ = -1;
  bool on_entry_ = false;  // the journal stands on an entry that is not taken yet
  std::int64_t next_try_ = 0;
  std::string problem_;
};

}  // namespace stele::agent
