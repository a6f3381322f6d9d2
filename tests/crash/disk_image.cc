#include "crash/disk_image.h"

#include <gtest/gtest.h>

#include <array>

#include "io/file.h"

namespace stele::testing {
namespace {

constexpr std::uint64_t kFileBytesMax = 1U << 30;

void collect(SimFileSystem& fs, const std::string& dir, DiskImage& image) {
  const auto names = fs.list(dir);
  ASSERT_TRUE(names.ok());
  for (const std::string& name : *names) {
    const std::string path = dir == "." ? name : dir + "/" + name;
    if (fs.list(path).ok()) {
      collect(fs, path, image);
      continue;
    }
    auto content = io::read_file(fs, path, kFileBytesMax);
    ASSERT_TRUE(content.ok());
    image.files.emplace(path, std::move(*content));
  }
}

}  // namespace

DiskImage DiskImage::of(SimFileSystem& fs) {
  DiskImage image;
  collect(fs, ".", image);
  return image;
}

void DiskImage::write_to(SimFileSystem& fs) const {
  for (const auto& [path, content] : files) {
    ASSERT_TRUE(fs.make_dirs(io::parent_of(path)).ok());
    const auto file = fs.open_write(path, 0600);
    ASSERT_TRUE(file.ok());
    const std::array<ByteSpan, 1> part{as_byte_span(content)};
    ASSERT_TRUE((*file)->write_at(0, part).ok() && (*file)->sync().ok());
    ASSERT_TRUE(fs.sync_dir(io::parent_of(path)).ok());
  }
}

std::vector<std::string> DiskImage::paths(std::string_view suffix) const {
  std::vector<std::string> out;
  for (const auto& [path, content] : files) {
    if (path.ends_with(suffix)) out.push_back(path);
  }
  return out;
}

}  // namespace stele::testing
