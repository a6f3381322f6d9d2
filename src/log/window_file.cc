#include "log/window_file.h"

#include <xxhash.h>

#include <array>

namespace stele::log {
namespace {

constexpr std::string_view kMagic = "STELEKEY";
constexpr std::string_view kSuffix = ".keys";
constexpr std::size_t kRecordBytes = 12;  // fingerprint, offset from the first index
constexpr std::size_t kHeadBytes = 16;    // magic, XXH3 of the records
constexpr std::uint64_t kFileBytesMax = 16U << 20;

std::string file_name(std::uint64_t first_index, std::uint32_t count) {
  return zero_padded(first_index, 20) + "-" + std::to_string(count) + std::string(kSuffix);
}

}  // namespace

Status write_window_file(io::FileSystem& fs, const std::string& dir, std::uint64_t first_index, std::uint32_t count,
                         std::span<const WindowKey> keys) {
  std::string content(kHeadBytes + keys.size() * kRecordBytes, '\0');
  char* p = content.data() + kHeadBytes;
  for (const WindowKey& key : keys) {
    store_le(p, key.key);
    store_le(p + 8, static_cast<std::uint32_t>(key.index - first_index));
    p += kRecordBytes;
  }
  std::memcpy(content.data(), kMagic.data(), kMagic.size());
  store_le(&content[8], static_cast<std::uint64_t>(XXH3_64bits(&content[kHeadBytes], content.size() - kHeadBytes)));
  return io::write_file(fs, dir + "/" + file_name(first_index, count), content, 0600);
}

Result<std::vector<WindowKey>> read_window_file(io::FileSystem& fs, const std::string& dir, std::uint64_t first_index,
                                                std::uint32_t count) {
  STELE_ASSIGN(const std::string content, io::read_file(fs, dir + "/" + file_name(first_index, count), kFileBytesMax));
  const std::size_t records = content.size() < kHeadBytes ? 0 : (content.size() - kHeadBytes) / kRecordBytes;
  if (!content.starts_with(kMagic) || content.size() != kHeadBytes + records * kRecordBytes ||
      load_le<std::uint64_t>(&content[8]) != XXH3_64bits(&content[kHeadBytes], content.size() - kHeadBytes)) {
    return corrupt("the delivery keys of entry " + std::to_string(first_index) + " are damaged");
  }
  std::vector<WindowKey> keys(records);
  for (std::size_t i = 0; i < records; ++i) {
    const char* p = &content[kHeadBytes + i * kRecordBytes];
    keys[i] = {load_le<std::uint64_t>(p), first_index + load_le<std::uint32_t>(p + 8)};
    if (keys[i].index >= first_index + count || keys[i].key == 0) return corrupt("a delivery key is out of range");
  }
  return keys;
}

Status remove_window_files_before(io::FileSystem& fs, const std::string& dir, std::uint64_t first_index) {
  STELE_ASSIGN(const auto names, fs.list(dir));
  for (const std::string& name : names) {
    if (!name.ends_with(kSuffix) || name.size() < 20) continue;
    const auto first = parse_zero_padded(std::string_view(name).substr(0, 20));
    if (first && *first < first_index) STELE_TRY(fs.remove(dir + "/" + name));
  }
  return {};
}

void WindowReach::add(std::uint64_t first_index, UnixNanos received_last, std::uint64_t keys) {
  segments_.push_back({first_index, received_last, keys});
  keys_ += keys;
}

std::uint64_t WindowReach::begin(UnixNanos now) {
  while (segments_.size() > 1) {
    const Segment& oldest = segments_.front();
    const bool is_past = now - oldest.received_last > 2 * span_;
    if (!is_past && keys_ - oldest.keys < keys_max_) break;
    keys_ -= oldest.keys;
    segments_.pop_front();
  }
  return segments_.empty() ? 0 : segments_.front().first_index;
}

}  // namespace stele::log
