// A file system whose last bytes are somebody else's.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "io/forwarding.h"

namespace stele::io {

// `under`, but no file grows, and none is begun, once growing would leave less of the disk of `path` free than is kept: that is
// answered as a full disk is (docs/design/0017-the-record-of-use.md). `under` outlives it. Thread-safe as it is.
class Reserving final : public ForwardingFileSystem {
 public:
  // Nothing is reserved before keep().
  Reserving(FileSystem& under, std::string path) : ForwardingFileSystem(under), path_(std::move(path)) {}

  // From now on so much is kept.
  void keep(std::uint64_t bytes) { bytes_ = bytes; }

  Result<std::unique_ptr<File>> open_write(const std::string& path, unsigned mode) override;

  // Whether `more` bytes can be had. The error names `path`, which wants them.
  [[nodiscard]] Status room_for(std::uint64_t more, const std::string& path) const;

 private:
  std::string path_;
  std::atomic<std::uint64_t> bytes_{0};
};

// What is kept of the disk of `path`: 64 MiB, of a small disk a sixteenth.
Result<std::uint64_t> reserve_of(const std::string& path);

}  // namespace stele::io
