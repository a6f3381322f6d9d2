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

Result<PublishedCheckpoint> read_record(const io::File& file, std::uint64_t number) {
  CheckpointRecord record{};
  STELE_TRY(io::read_exactly(file, number * kCheckpointRecordBytes, std::span(record), "checkpoint record"));
  auto checkpoint = decode_checkpoint_record(record);
  if (!checkpoint) return checkpoint.error().in("record " + std::to_string(number));
  return checkpoint;
}

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

Result<CheckpointEnd> read_checkpoint_end(io::FileSystem& fs, const std::string& path) {
  CheckpointEnd end;
  const auto file = fs.open_read(path);
  if (!file) {
    if (file.error().code == Code::kNotFound) return end;
    return file.error();
  }
  STELE_ASSIGN(const std::uint64_t bytes, (*file)->size());
  end.records = bytes / kCheckpointRecordBytes;
  if (end.records == 0) return end;
  auto last = read_record(**file, end.records - 1);
  // One append is under way at a time, so only the last record can be torn; with part of another behind it, it was whole.
  if (!last && last.error().code == Code::kCorrupt && bytes % kCheckpointRecordBytes == 0) {
    if (--end.records == 0) return end;
    last = read_record(**file, end.records - 1);
  }
  if (!last && last.error().code == Code::kCorrupt)
    return corrupt(path + ": " + last.error().message + "; run `stele verify` and restore the file from a copy");
  if (!last) return last.error();
  end.last = *last;
  return end;
}

Result<std::unique_ptr<CheckpointFile>> CheckpointFile::open(io::FileSystem& fs, const std::string& path,
                                                             const CheckpointEnd& end) {
  auto out = std::make_unique<CheckpointFile>();
  STELE_ASSIGN(out->file_, fs.open_write(path, 0600));
  // Also when it is there: a crash may have come between its creation and the sync.
  STELE_TRY(fs.sync_dir(io::parent_of(path)));
  if (end.last) {
    // So with the last record, which is written again where it stands.
    out->records_ = end.records - 1;
    STELE_TRY(out->append(*end.last));
  }
  return out;
}

Status CheckpointFile::append(const PublishedCheckpoint& checkpoint) {
  const CheckpointRecord record = encode_checkpoint_record(checkpoint);
  const std::array<ByteSpan, 1> part{ByteSpan(record)};
  STELE_TRY(file_->write_at(records_ * kCheckpointRecordBytes, part));
  STELE_TRY(file_->sync());
  ++records_;
  return {};
}

Result<std::optional<PublishedCheckpoint>> CheckpointFile::find(std::uint64_t size) const {
  constexpr std::uint64_t kDamagedMax = 1024;
  std::uint64_t first = 0;
  for (std::uint64_t end = records_; first < end;) {
    const std::uint64_t middle = first + (end - first) / 2;
    // The next whole record from the middle on.
    std::uint64_t at = middle;
    auto checkpoint = read_record(*file_, at);
    while (!checkpoint && checkpoint.error().code == Code::kCorrupt && ++at < end) {
      if (at - middle == kDamagedMax) return checkpoint.error();
      checkpoint = read_record(*file_, at);
    }
    if (!checkpoint && checkpoint.error().code != Code::kCorrupt) return checkpoint.error();
    if (checkpoint && checkpoint->size == size) return std::optional(*checkpoint);
    if (checkpoint && checkpoint->size < size)
      first = at + 1;
    else
      end = middle;
  }
  return std::optional<PublishedCheckpoint>();
}

}  // namespace stele::log
