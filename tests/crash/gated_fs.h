// A file system whose syncs wait as long as a gate is closed: a disk that hangs.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "io/file.h"

namespace stele::testing {

// Everything but waiting is done by `below`, which outlives it. Thread-safe.
class GatedFileSystem final : public io::FileSystem {
 public:
  explicit GatedFileSystem(io::FileSystem& below) : below_(below) {}

  void close();
  void open();
  // Lets the next `syncs` pass the closed gate.
  void let_through(int syncs);
  // Waits until a sync waits at the closed gate.
  void wait_for_arrival();

  [[nodiscard]] Result<std::unique_ptr<io::File>> open_read(const std::string& path) override { return below_.open_read(path); }
  [[nodiscard]] Result<std::unique_ptr<io::File>> open_write(const std::string& path, unsigned mode) override;
  [[nodiscard]] Status rename(const std::string& from, const std::string& to) override { return below_.rename(from, to); }
  [[nodiscard]] Status remove(const std::string& path) override { return below_.remove(path); }
  [[nodiscard]] bool exists(const std::string& path) override { return below_.exists(path); }
  [[nodiscard]] Result<std::vector<std::string>> list(const std::string& dir) override { return below_.list(dir); }
  [[nodiscard]] Status make_dirs(const std::string& dir) override { return below_.make_dirs(dir); }
  [[nodiscard]] Status sync_dir(const std::string& dir) override { return below_.sync_dir(dir); }
  [[nodiscard]] Result<std::unique_ptr<io::Lock>> lock(const std::string& path) override { return below_.lock(path); }

 private:
  class GatedFile;
  void pass();

  io::FileSystem& below_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool closed_ = false;
  bool arrived_ = false;
  int let_through_ = 0;
};

}  // namespace stele::testing
