// The bytes of an index file, written from front to back and read anywhere, with a checksum for every 64 KiB.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/file.h"

namespace stele::index {

inline constexpr std::uint64_t kBlockBytes = 65'536;

// Writes a file. One thread. The first failure sticks and is told by finish().
class ImageWriter {
 public:
  // The file is empty and outlives the writer.
  explicit ImageWriter(io::File& file) : file_(file) {}

  // Where the next byte goes.
  [[nodiscard]] std::uint64_t offset() const { return offset_; }
  void append(std::string_view bytes);
  // Writes the checksums and `trailer`, and makes all durable.
  Status finish(std::string_view trailer);

 private:
  void flush();
  io::File& file_;
  std::string waiting_;  // less than a block, or what append() was given
  std::uint64_t offset_ = 0;
  std::vector<std::uint64_t> checksums_;
  Status failure_;
};

// Reads a file. Thread-safe. What is damaged is noticed when it is first read: it reads as nothing, and damaged() says so from
// then on.
class Image {
 public:
  // `trailer_bytes` at the end are not covered by checksums. kCorrupt when there is no room for both.
  static Result<std::unique_ptr<Image>> open(io::FileSystem& fs, const std::string& path, std::uint64_t trailer_bytes);

  [[nodiscard]] std::string_view trailer() const { return mapping_->bytes().substr(trailer_at_); }
  // What stands at `offset`, checked; nothing when it is damaged or there are fewer bytes.
  [[nodiscard]] std::string_view at(std::uint64_t offset, std::uint64_t size) const;
  [[nodiscard]] bool damaged() const { return damaged_.load(std::memory_order_relaxed); }
  void set_damaged() const { damaged_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t size() const { return mapping_->bytes().size(); }
  // Whether nobody wrote to the file or took it away since it was opened: what was checked then is still so.
  [[nodiscard]] bool is_untouched() const { return mapping_->is_untouched(); }
  // Whether all bytes are alike, whatever checksums say.
  [[nodiscard]] bool is_same_as(const Image& other) const;
  // Bytes of memory that what was read takes: of an encrypted file, for as long as this lives.
  [[nodiscard]] std::uint64_t memory() const { return mapping_->memory(); }

 private:
  Image() = default;
  [[nodiscard]] bool check(std::uint64_t block) const;

  std::unique_ptr<io::Mapping> mapping_;
  std::uint64_t content_bytes_ = 0;  // what has checksums
  std::uint64_t trailer_at_ = 0;
  mutable std::vector<std::atomic<bool>> checked_;  // by block
  mutable std::atomic<bool> damaged_ = false;
};

}  // namespace stele::index
