// The published checkpoints of a log, kept for ever, one fixed record each (docs/formats/checkpoints.md).
#pragma once

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

// What a file of records holds. A last record that is cut off or damaged was never published: it is dropped and
// counted in `torn_bytes`. A damaged record before others is in `damaged`, by number.
struct CheckpointScan {
  std::vector<PublishedCheckpoint> checkpoints;
  std::vector<std::uint64_t> damaged;
  std::uint64_t torn_bytes = 0;
};
Result<CheckpointScan> scan_checkpoints(io::FileSystem& fs, const std::string& path);

// Appends records. One thread.
class CheckpointFile {
 public:
  // Opens or creates; `records` whole ones are there.
  static Result<std::unique_ptr<CheckpointFile>> open(io::FileSystem& fs, const std::string& path, std::uint64_t records);

  // On success the record is durable.
  Status append(const PublishedCheckpoint& checkpoint);

 private:
  std::unique_ptr<io::File> file_;
  std::uint64_t at_ = 0;
};

}  // namespace stele::log
