// A file or standard input that is imported: its bytes as they are once decompressed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "net/decompressor.h"

namespace stele::cli {

class ImportInput {
 public:
  // `path` "-" is standard input. gzip and zstd are known by their first bytes.
  static Result<ImportInput> open(const std::string& path);
  ~ImportInput();
  ImportInput(ImportInput&& other) noexcept;
  ImportInput& operator=(ImportInput&&) = delete;

  // The next bytes; empty at the end. kBusy when none came for a while (a pipe alone). kCorrupt and kIo after all bytes that
  // could be read were handed on.
  Result<std::string> next();
  // From the start again. Not for a pipe.
  Status rewind();

  [[nodiscard]] bool is_file() const { return size_.has_value(); }
  [[nodiscard]] const std::optional<std::uint64_t>& size() const { return size_; }  // on the disk, as `read` counts
  [[nodiscard]] std::uint64_t read() const { return read_; }

 private:
  ImportInput() = default;
  Result<std::string> read_some();
  std::string unpack();

  std::string name_;
  int fd_ = -1;
  std::optional<std::uint64_t> size_;
  std::uint64_t read_ = 0;
  bool begun_ = false;
  bool ended_ = false;
  std::unique_ptr<net::Decompressor> decompressor_;
  std::string packed_;            // read, not yet fed to it
  std::optional<Error> failure_;  // to be told once what came before it was handed on
};

}  // namespace stele::cli
