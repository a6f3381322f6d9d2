#include "log/checkpoints.h"

#include <xxhash.h>

#include <algorithm>
#include <array>

namespace stele::log {
namespace {

constexpr std::string_view kMagic = "STELECP1";
constexpr std::size_t kSizeAt = 8;
constexpr std::size_t kRootAt = 16;
constexpr std::size_t kSignatureAt = 48;
constexpr std::size_t kPublishedAt = 112;
constexpr std::size_t kChecksumAt = 120;
constexpr std::uint64_t kFileBytesMax = std::uint64_t{64} << 30;

}  // namespace

CheckpointRecord encode_checkpoint_record(const PublishedCheckpoint& checkpoint) {
  CheckpointRecord out{};
  std::byte* p = out.data();
  std::memcpy(p, kMagic.data(), kMagic.size());
  store_le(p + kSizeAt, checkpoint.size);
  std::memcpy(p + kRootAt, checkpoint.root.data(), checkpoint.root.size());
  std::memcpy(p + kSignatureAt, checkpoint.signature.data(), checkpoint.signature.size());
  store_le(p + kPublishedAt, checkpoint.published);
  store_le(p + kChecksumAt, static_cast<std::uint64_t>(XXH3_64bits(p, kChecksumAt)));
  return out;
}

Result<PublishedCheckpoint> decode_checkpoint_record(std::span<const std::byte, kCheckpointRecordBytes> record) {
  const std::byte* p = record.data();
  if (as_text(record.first(kMagic.size())) != kMagic) return corrupt("no checkpoint record starts here");
  if (load_le<std::uint64_t>(p + kChecksumAt) != XXH3_64bits(p, kChecksumAt))
    return corrupt("the checkpoint record's checksum does not match");
  PublishedCheckpoint out;
  out.size = load_le<std::uint64_t>(p + kSizeAt);
  std::memcpy(out.root.data(), p + kRootAt, out.root.size());
  std::memcpy(out.signature.data(), p + kSignatureAt, out.signature.size());
  out.published = load_le<UnixNanos>(p + kPublishedAt);
  return out;
}

Result<CheckpointScan> scan_checkpoints(io::FileSystem& fs, const std::string& path) {
  CheckpointScan scan;
  auto content = io::read_file(fs, path, kFileBytesMax);
  if (!content) {
    if (content.error().code == Code::kNotFound) return scan;
    return content.error();
  }
  const ByteSpan bytes = as_byte_span(*content);
  const std::uint64_t records = bytes.size() / kCheckpointRecordBytes;
  scan.torn_bytes = bytes.size() % kCheckpointRecordBytes;
  std::uint64_t last_good = 0;
  for (std::uint64_t i = 0; i < records; ++i) {
    const auto record = decode_checkpoint_record(bytes.subspan(i * kCheckpointRecordBytes).first<kCheckpointRecordBytes>());
    if (!record) {
      scan.damaged.push_back(i);
      continue;
    }
    scan.checkpoints.push_back(*record);
    last_good = i + 1;
  }
  // One append is under way at a time, so only the last record can be torn; with part of another behind it, it was whole.
  if (scan.torn_bytes == 0 && !scan.damaged.empty() && scan.damaged.back() + 1 == records && last_good + 1 == records) {
    scan.damaged.pop_back();
    scan.torn_bytes += kCheckpointRecordBytes;
  }
  return scan;
}

Result<std::unique_ptr<CheckpointFile>> CheckpointFile::open(io::FileSystem& fs, const std::string& path, std::uint64_t records) {
  auto out = std::make_unique<CheckpointFile>();
  STELE_ASSIGN(out->file_, fs.open_write(path, 0600));
  // Also when it is there: a crash may have come between its creation and the sync.
  STELE_TRY(fs.sync_dir(io::parent_of(path)));
  out->at_ = records * kCheckpointRecordBytes;
  return out;
}

Status CheckpointFile::append(const PublishedCheckpoint& checkpoint) {
  const CheckpointRecord record = encode_checkpoint_record(checkpoint);
  const std::array<ByteSpan, 1> part{ByteSpan(record)};
  STELE_TRY(file_->write_at(at_, part));
  STELE_TRY(file_->sync());
  at_ += record.size();
  return {};
}

}  // namespace stele::log
