// Delivery keys beside a segment: kept, checked, and cleared away.
#include "log/window_file.h"

#include <gtest/gtest.h>

#include "support/sim_fs.h"

namespace stele::log {
namespace {

using testing::SimFileSystem;

const std::string kDir = "window";
const std::string kPath = "window/00000000000000000512-256.keys";
const std::vector<WindowKey> kKeys{{1, 512}, {UINT64_MAX, 600}, {77, 767}};

// Goal: what is written is read, also when there is no key.
TEST(WindowFile, comes_back_from_its_bytes) {
  SimFileSystem fs(1);
  ASSERT_TRUE(fs.make_dirs(kDir).ok());
  for (const auto& keys : {kKeys, std::vector<WindowKey>{}}) {
    ASSERT_TRUE(write_window_file(fs, kDir, 512, 256, keys).ok());
    if (keys.empty()) break;
    const auto read = read_window_file(fs, kDir, 512, 256);
    ASSERT_TRUE(read.ok()) << read.error().message;
    ASSERT_EQ(read->size(), keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      EXPECT_EQ((*read)[i].key, keys[i].key);
      EXPECT_EQ((*read)[i].index, keys[i].index);
    }
  }
  EXPECT_EQ(read_window_file(fs, kDir, 768, 256).error().code, Code::kNotFound);
}

// Goal: whatever byte is changed or missing, the file does not tell.
TEST(WindowFile, is_refused_when_damaged) {
  SimFileSystem fs(1);
  ASSERT_TRUE(fs.make_dirs(kDir).ok());
  ASSERT_TRUE(write_window_file(fs, kDir, 512, 256, kKeys).ok());
  const std::string content = io::read_file(fs, kPath, 1000).value();
  for (std::size_t at = 0; at < content.size(); ++at) {
    std::string other = content;
    other[at] = static_cast<char>(other[at] ^ 1);
    ASSERT_TRUE(io::write_file(fs, kPath, other, 0600).ok());
    EXPECT_EQ(read_window_file(fs, kDir, 512, 256).error().code, Code::kCorrupt) << at;
    ASSERT_TRUE(io::write_file(fs, kPath, content.substr(0, at), 0600).ok());
    EXPECT_EQ(read_window_file(fs, kDir, 512, 256).error().code, Code::kCorrupt) << at;
  }
  // Right in itself, but under another run's name.
  ASSERT_TRUE(io::write_file(fs, kDir + "/00000000000000000512-200.keys", content, 0600).ok());
  EXPECT_EQ(read_window_file(fs, kDir, 512, 200).error().code, Code::kCorrupt);
}

// Goal: files go once twice the promised number of entries lies behind them, and nothing else goes.
TEST(WindowFile, goes_when_it_is_old) {
  SimFileSystem fs(1);
  ASSERT_TRUE(fs.make_dirs(kDir).ok());
  for (std::uint64_t first = 0; first < 2560; first += 256) ASSERT_TRUE(write_window_file(fs, kDir, first, 256, {}).ok());
  ASSERT_TRUE(io::write_file(fs, kDir + "/notes", "", 0600).ok());
  ASSERT_TRUE(remove_old_window_files(fs, kDir, 2560, 500).ok());
  std::vector<std::string> left;
  for (std::uint64_t first = 1792; first < 2560; first += 256) {
    left.push_back("0000000000000000" + std::to_string(first) + "-256.keys");
  }
  left.emplace_back("notes");
  EXPECT_EQ(fs.list(kDir).value(), left);
}

}  // namespace
}  // namespace stele::log
