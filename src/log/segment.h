// A sealed segment: a run of whole bundles, compressed, self-contained and immutable (docs/formats/segment.md).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "io/file.h"
#include "log/frame.h"

namespace stele::log {

inline constexpr std::uint64_t kBundleEntries = 256;
inline constexpr std::uint64_t kSegmentEntriesMax = 65'536;  // one level-1 tile
// Entries in one compressed block: what a single read decompresses.
inline constexpr std::uint32_t kBlockEntries = 16;

struct SegmentInfo {
  std::uint64_t first_index = 0;  // multiple of 256
  std::uint32_t count = 0;        // multiple of 256; the run lies within one level-1 tile
  std::uint64_t commit = 0;       // the commit that wrote the last entry, and the digest of its frame
  Hash commit_digest{};
  UnixNanos received_last = 0;

  [[nodiscard]] std::uint64_t end_index() const { return first_index + count; }
};

// "00000000000000065536-65536.segment": first index in 20 digits, count.
std::string segment_name(std::uint64_t first_index, std::uint32_t count);
struct SegmentName {
  std::uint64_t first_index;
  std::uint32_t count;
};
// Nothing for what a log never gives as a name: it is of whole bundles within one level-1 tile.
std::optional<SegmentName> parse_segment_name(std::string_view name);

// Compresses entries into segments. Keeps its dictionary from one segment to the next while it fits. One thread.
class SegmentWriter {
 public:
  explicit SegmentWriter(LogId log_id);
  SegmentWriter(SegmentWriter&&) noexcept;
  SegmentWriter& operator=(SegmentWriter&&) noexcept;
  ~SegmentWriter();

  // The whole file for `entries` (info.count of them) whose bundles have `bundle_roots`. Takes about 1.3 µs an entry;
  // `breathe` is called every few entries.
  std::string encode(
      const SegmentInfo& info, std::span<const std::string_view> entries, std::span<const Hash> bundle_roots,
      const std::function<void()>& breathe = [] {});

 private:
  struct State;
  std::unique_ptr<State> state_;
  LogId log_id_;
};

// An open segment. Reading is thread-safe.
class SegmentReader {
 public:
  // Reads header, dictionary, footer and trailer. kCorrupt when they are damaged or of another log.
  static Result<std::unique_ptr<SegmentReader>> open(io::FileSystem& fs, const std::string& path, const LogId& log_id);
  ~SegmentReader();
  SegmentReader(const SegmentReader&) = delete;
  SegmentReader& operator=(const SegmentReader&) = delete;

  [[nodiscard]] const SegmentInfo& info() const { return info_; }
  [[nodiscard]] std::span<const Hash> bundle_roots() const { return bundle_roots_; }
  [[nodiscard]] std::uint64_t file_bytes() const { return file_bytes_; }

  // The entries [first, first + count) of the log in bundle encoding; they lie within the segment.
  // kCorrupt when a block does not decompress to what it should hold.
  [[nodiscard]] Result<std::string> read(std::uint64_t first, std::uint64_t count) const;

  // Whether the whole file is what was written: the checksum over every byte before the trailer's own.
  [[nodiscard]] Status check_bytes() const;

 private:
  struct State;
  SegmentReader();
  std::unique_ptr<io::File> file_;
  std::unique_ptr<State> state_;
  SegmentInfo info_;
  std::vector<Hash> bundle_roots_;
  std::vector<std::uint64_t> block_ends_;  // where each block ends in the file; the first starts at blocks_at_
  std::uint64_t blocks_at_ = 0;
  std::uint64_t file_bytes_ = 0;
};

}  // namespace stele::log
