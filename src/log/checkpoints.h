// The published checkpoints of a log, kept for ever, one fixed record each (docs/formats/checkpoints.md).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "crypto/ed25519.h"
#include "io/file.h"

namespace stele::log {

inline constexpr std::size_t kCheckpointRecordBytes = 128;

struct PublishedCheckpoint {
  std::uint64_t size = 0;
  Hash root{};
  crypto::Signature signature{};  // Ed25519 over the checkpoint's text
  UnixNanos published = 0;
};

using CheckpointRecord = std::array<std::byte, kCheckpointRecordBytes>;
CheckpointRecord encode_checkpoint_record(const PublishedCheckpoint& checkpoint);
// kCorrupt when magic or checksum are not right.
Result<PublishedCheckpoint> decode_checkpoint_record(std::span<const std::byte, kCheckpointRecordBytes> record);

// How a file of records ends.
struct CheckpointEnd {
  std::uint64_t records = 0;                // that were published
  std::optional<PublishedCheckpoint> last;  // of them; none when there are none
};
// Reads the last records alone, however many there are; changes nothing. A last record that is cut off or damaged was never
// published, and is not counted. kCorrupt when one that was published is damaged: it stands before another, or before a part
// of one.
Result<CheckpointEnd> read_checkpoint_end(io::FileSystem& fs, const std::string& path);

// Appends records, and finds them again. One thread appends; finding is thread-safe.
class CheckpointFile {
 public:
  // Opens or creates; the file ends as `end` says, and what may stand behind is written over.
  static Result<std::unique_ptr<CheckpointFile>> open(io::FileSystem& fs, const std::string& path, const CheckpointEnd& end);

  // On success the record is durable.
  Status append(const PublishedCheckpoint& checkpoint);

  // The checkpoint of that size, when one was published: a search by halves, past damaged records. kCorrupt when too many of
  // them stand together to tell.
  [[nodiscard]] Result<std::optional<PublishedCheckpoint>> find(std::uint64_t size) const;

 private:
  std::unique_ptr<io::File> file_;
  std::atomic<std::uint64_t> records_ = 0;
};

}  // namespace stele::log
