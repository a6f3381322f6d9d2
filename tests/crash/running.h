// A log with its sequencer on some file system, and what tests say to it.
#pragma once

#include <future>
#include <memory>
#include <string>
#include <vector>

#include "crash/test_log.h"
#include "event/entry.h"
#include "log/identity.h"
#include "log/sequencer.h"

namespace stele::testing {

using Answer = Result<log::Delivered>;

// Publishes and opens anew within milliseconds.
log::SequencerOptions quick();

// Owns the sequencer; the file system must outlive it.
class Running {
 public:
  explicit Running(io::FileSystem& fs, const std::string& dir = "log", log::SequencerOptions options = quick());

  // Closes the log as drain() does, and opens it again.
  void start();

  std::future<Answer> submit(event::EntryBatch batch, bool want_bytes = false);

  log::Sequencer& operator*() { return *sequencer_; }
  log::Sequencer* operator->() { return sequencer_.get(); }
  [[nodiscard]] const log::Identity& identity() const { return identity_; }

 private:
  io::FileSystem& fs_;
  std::string dir_;
  log::SequencerOptions options_;
  log::Identity identity_;
  std::unique_ptr<log::Sequencer> sequencer_;
};

event::EntryBatch batch_of(const std::string& source);
std::string event_text(const std::string& id, const std::string& message);
void add(event::EntryBatch& batch, const std::string& id, const std::string& message);
event::EntryBatch one_event(const std::string& source, const std::string& id, const std::string& message);

// Every entry of the log, checked: in order of receipt, and under the latest root.
std::vector<std::string> all_entries(const log::Store& store);
std::string event_of(const std::string& entry);

// What holds of every answer: its ranges cover what was placed and prove it under a signed state.
void check_receipt(const log::Delivered& delivered, const merkle::VerifierKey& key);

}  // namespace stele::testing
