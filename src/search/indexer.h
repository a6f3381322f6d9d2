// Keeps the index of a log: follows it, writes files, merges them, makes again what is missing or damaged.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "io/file.h"
#include "log/sequencer.h"
#include "search/snapshot.h"

namespace stele::search {

struct IndexerOptions {
  std::string dir;                              // of the index' files; made when absent
  std::uint64_t bytes_left_to_log = 64U << 20;  // of the disk: an index file that would take of them is not written
  std::uint64_t memory_max = 256U << 20;        // that encrypted files may take, about; what searches use meanwhile is beyond it
  std::function<void(const std::string&)> say = [](const std::string&) {};  // what an operator should know; from any thread
};

// "00000000000000065536-1.index"
std::string index_file_name(const index::IndexFile& file);

struct IndexerStatus {
  std::uint64_t covered = 0;  // entries in files and in memory
  std::uint64_t files = 0;
  std::uint64_t file_bytes = 0;
  std::uint64_t damaged = 0;  // files found so since the start
};

// Two threads: one follows the log and has the chunk that grows, one writes, merges and repairs at low priority. A failure of the
// disk costs time and no answer: what has no file stays in memory for a while, or is read. The last of the disk is the log's.
// Thread-safe.
class Indexer {
 public:
  // Opens what is there. A file that is damaged, of another log or of other entries is removed and said.
  static Result<std::unique_ptr<Indexer>> start(io::FileSystem& fs, const log::Sequencer& log, IndexerOptions options);
  // Stops as drain() does.
  ~Indexer();
  Indexer(const Indexer&) = delete;
  Indexer& operator=(const Indexer&) = delete;

  [[nodiscard]] std::shared_ptr<const Snapshot> snapshot() const;

  [[nodiscard]] io::FileSystem& fs() { return fs_; }
  [[nodiscard]] const std::string& dir() const { return options_.dir; }
  // The right to check the index, as long as what is returned lives. Nothing while another has it.
  [[nodiscard]] std::unique_lock<std::mutex> begin_check() { return std::unique_lock(check_mutex_, std::try_to_lock); }

  // Takes out the files that are about some of these entries: they are made again.
  void take_out(std::uint64_t first_index, std::uint64_t end_index);
  void rebuild() { take_out(0, UINT64_MAX); }

  // That a file turned out to be damaged: it is taken out, and made again.
  void report_damage(const index::IndexFile& file);

  [[nodiscard]] IndexerStatus status() const;

  // Stops within moments. Idempotent.
  void drain();

 private:
  struct Run;  // a file's place
  Indexer(io::FileSystem& fs, const log::Sequencer& log, IndexerOptions options);
  Status open_files();
  [[nodiscard]] Status check_file(const index::IndexFile& file) const;
  void follow();
  bool follow_some(log::Store& store);
  void begin_chunk(std::uint64_t first_index);
  void build();
  bool write_next();
  bool merge_next();
  bool repair_next();
  void give_back_memory();
  [[nodiscard]] Status room_for(std::uint64_t bytes) const;
  Status write_chunk(const index::LiveChunk& chunk);
  Status add_file(std::uint64_t first_index, std::uint64_t chunks, const std::function<Status(index::ImageWriter&)>& write);
  void change(const std::function<void(Snapshot&)>& f);
  [[nodiscard]] std::string path(std::uint64_t first_index, std::uint64_t chunks) const;
  void rest(const Error& error, const std::string& what);

  io::FileSystem& fs_;
  const log::Sequencer& log_;
  IndexerOptions options_;
  index::LogId log_id_{};

  std::mutex check_mutex_;    // held by who checks
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::uint64_t damaged_ = 0;
  bool cannot_write_ = false;  // said

  std::shared_ptr<SharedChunk> growing_;  // of the thread that follows
  std::atomic<std::uint64_t> growing_first_{0};
  std::atomic<std::uint64_t> growing_rows_{0};
  std::atomic<bool> stopping_{false};
  std::thread follower_;
  std::thread builder_;
};

}  // namespace stele::search
