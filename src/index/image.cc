#include "index/image.h"

#include <xxhash.h>

#include "base/bytes.h"

namespace stele::index {
namespace {

constexpr std::size_t kChecksumBytes = 8;

std::uint64_t checksum(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

}  // namespace

void ImageWriter::append(std::string_view bytes) {
  offset_ += bytes.size();
  waiting_ += bytes;
  constexpr std::size_t kAtOnce = 16 * kBlockBytes;
  if (waiting_.size() >= kAtOnce) flush();
}

// Writes the whole blocks that wait.
void ImageWriter::flush() {
  const std::size_t whole = waiting_.size() / kBlockBytes * kBlockBytes;
  const std::uint64_t at = offset_ - waiting_.size();
  for (std::size_t i = 0; i < whole; i += kBlockBytes)
    checksums_.push_back(checksum(std::string_view(waiting_).substr(i, kBlockBytes)));
  const ByteSpan part = as_byte_span(std::string_view(waiting_).substr(0, whole));
  if (failure_) failure_ = file_.write_at(at, {&part, 1});
  waiting_.erase(0, whole);
}

Status ImageWriter::finish(std::string_view trailer) {
  flush();
  const std::uint64_t at = offset_ - waiting_.size();
  if (!waiting_.empty()) checksums_.push_back(checksum(waiting_));
  for (const std::uint64_t one : checksums_) {
    char bytes[kChecksumBytes];
    store_le(bytes, one);
    waiting_.append(bytes, sizeof bytes);
  }
  const ByteSpan parts[] = {as_byte_span(waiting_), as_byte_span(trailer)};
  STELE_TRY(std::move(failure_));
  STELE_TRY(file_.write_at(at, parts));
  return file_.sync();
}

Result<std::unique_ptr<Image>> Image::open(io::FileSystem& fs, const std::string& path, std::uint64_t trailer_bytes) {
  auto mapping = fs.map(path);
  if (!mapping) return mapping.error();
  std::unique_ptr<Image> out(new Image);
  out->mapping_ = std::move(*mapping);
  const std::uint64_t size = out->mapping_->bytes().size();
  if (size < trailer_bytes + kChecksumBytes) return corrupt(path + " is cut off");
  out->trailer_at_ = size - trailer_bytes;
  // Whole blocks and their checksums, and perhaps a last one that is shorter.
  const std::uint64_t blocks = (out->trailer_at_ + kBlockBytes + kChecksumBytes - 1) / (kBlockBytes + kChecksumBytes);
  out->content_bytes_ = out->trailer_at_ - blocks * kChecksumBytes;
  if (out->content_bytes_ > out->trailer_at_ || (out->content_bytes_ + kBlockBytes - 1) / kBlockBytes != blocks)
    return corrupt(path + " has a size that no index has");
  if (!out->mapping_->load(out->content_bytes_, size - out->content_bytes_)) return corrupt(path + ": its end was changed");
  out->checked_ = std::vector<std::atomic<bool>>(blocks);
  return out;
}

bool Image::check(std::uint64_t block) const {
  if (checked_[block].load(std::memory_order_relaxed)) return true;
  const std::uint64_t at = block * kBlockBytes;
  const std::uint64_t size = std::min(kBlockBytes, content_bytes_ - at);
  if (!mapping_->load(at, size)) return false;
  const std::string_view bytes = mapping_->bytes().substr(at, size);
  if (checksum(bytes) != load_le<std::uint64_t>(mapping_->bytes().data() + content_bytes_ + block * kChecksumBytes)) return false;
  checked_[block].store(true, std::memory_order_relaxed);
  return true;
}

std::string_view Image::at(std::uint64_t offset, std::uint64_t size) const {
  if (offset > content_bytes_ || size > content_bytes_ - offset) {
    set_damaged();
    return {};
  }
  for (std::uint64_t block = offset / kBlockBytes; size > 0 && block <= (offset + size - 1) / kBlockBytes; ++block) {
    if (check(block)) continue;
    set_damaged();
    return {};
  }
  return mapping_->bytes().substr(offset, size);
}

bool Image::is_same_as(const Image& other) const {
  const std::uint64_t size = this->size();
  if (size != other.size()) return false;
  for (std::uint64_t at = 0; at < size; at += kBlockBytes) {
    const std::uint64_t part = std::min(kBlockBytes, size - at);
    if (!mapping_->load(at, part) || !other.mapping_->load(at, part)) return false;
    if (mapping_->bytes().substr(at, part) != other.mapping_->bytes().substr(at, part)) return false;
  }
  return true;
}

}  // namespace stele::index
