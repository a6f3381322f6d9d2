// A file system whose last bytes are somebody else's.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "io/file.h"

namespace stele::io {

// `under`, but no file grows, and none is begun, once growing would leave less of the disk of `path` free than is kept: that is
// answered as a full disk is (docs/design/0017-the-record-of-use.md). `under` outlives it. Thread-safe as it is.
class Reserving final : public FileSystem {
 public:
  // Nothing is reserved before keep().
  Reserving(FileSystem& under, std::string path) : under_(under), path_(std::move(path)) {}

  // From now on so much is kept.
  void keep(std::uint64_t bytes) { bytes_ = bytes; }

  Result<std::unique_ptr<File>> open_read(const std::string& path) override { return under_.open_read(path); }
  Result<std::unique_ptr<Mapping>> map(const std::string& path) override { return under_.map(path); }
  Result<std::unique_ptr<File>> open_write(const std::string& path, unsigned mode) override;
  Status rename(const std::string& from, const std::string& to) override { return under_.rename(from, to); }
  Status remove(const std::string& path) override { return under_.remove(path); }
  bool exists(const std::string& path) override { return under_.exists(path); }
  Result<std::vector<std::string>> list(const std::string& dir) override { return under_.list(dir); }
  Status make_dirs(const std::string& dir) override { return under_.make_dirs(dir); }
  Status sync_dir(const std::string& dir) override { return under_.sync_dir(dir); }
  Result<std::unique_ptr<Lock>> lock(const std::string& path) override { return under_.lock(path); }

  // Whether `more` bytes can be had. The error names `path`, which wants them.
  [[nodiscard]] Status room_for(std::uint64_t more, const std::string& path) const;

 private:
  FileSystem& under_;
  std::string path_;
  std::atomic<std::uint64_t> bytes_{0};
};

// What is kept of the disk of `path`: 64 MiB, of a small disk a sixteenth.
Result<std::uint64_t> reserve_of(const std::string& path);

}  // namespace stele::io
