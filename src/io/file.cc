#include "io/file.h"

#include <array>

namespace stele::io {
namespace {

// A write of megabytes through the page cache holds a processor for milliseconds (measured: 17 ms for 7 MB).
constexpr std::size_t kInBlocksFrom = 1U << 20;

Status write_whole(File& file, std::string_view content) {
  if (content.size() < kInBlocksFrom) {
    const std::array<ByteSpan, 1> parts{as_byte_span(content)};
    return file.write_at(0, parts);
  }
  static constexpr std::array<std::byte, kBlockBytes> kZeros{};
  file.write_in_blocks();
  const std::array<ByteSpan, 2> parts{as_byte_span(content),
                                      ByteSpan(kZeros).first((kBlockBytes - content.size() % kBlockBytes) % kBlockBytes)};
  STELE_TRY(file.write_at(0, parts));
  return file.truncate(content.size());
}

}  // namespace

Result<std::string> read_file(FileSystem& fs, const std::string& path, std::uint64_t limit) {
  STELE_ASSIGN(const auto file, fs.open_read(path));
  STELE_ASSIGN(const std::uint64_t size, file->size());
  if (size > limit) {
    return Error{Code::kTooLarge,
                 path + " has " + std::to_string(size) + " bytes; at most " + std::to_string(limit) + " are read"};
  }
  std::string content(size, '\0');
  STELE_ASSIGN(const std::size_t got, file->read_at(0, std::as_writable_bytes(std::span(content))));
  content.resize(got);
  return content;
}

Status write_file(FileSystem& fs, const std::string& path, std::string_view content, unsigned mode) {
  const std::string staged = path + ".new";
  if (fs.exists(staged)) STELE_TRY(fs.remove(staged));
  {
    STELE_ASSIGN(const auto file, fs.open_write(staged, mode));
    STELE_TRY(write_whole(*file, content));
    STELE_TRY(file->sync());
  }
  STELE_TRY(fs.rename(staged, path));
  return fs.sync_dir(parent_of(path));
}

Status read_exactly(const File& file, std::uint64_t offset, std::span<std::byte> out, std::string_view what) {
  STELE_ASSIGN(const std::size_t got, file.read_at(offset, out));
  if (got == out.size()) return {};
  return corrupt(std::string(what) + ": ends at byte " + std::to_string(offset + got) + " where " +
                 std::to_string(offset + out.size()) + " were expected");
}

std::string parent_of(const std::string& path) {
  const auto slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace stele::io
