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

// Goal: the files of segments before the wanted ones go, and nothing else.
TEST(WindowFile, goes_when_it_is_old) {
  SimFileSystem fs(1);
  ASSERT_TRUE(fs.make_dirs(kDir).ok());
  for (std::uint64_t first = 0; first < 2560; first += 256) ASSERT_TRUE(write_window_file(fs, kDir, first, 256, {}).ok());
  ASSERT_TRUE(io::write_file(fs, kDir + "/notes", "", 0600).ok());
  ASSERT_TRUE(remove_window_files_before(fs, kDir, 1792).ok());
  std::vector<std::string> left;
  for (std::uint64_t first = 1792; first < 2560; first += 256) {
    left.push_back("0000000000000000" + std::to_string(first) + "-256.keys");
  }
  left.emplace_back("notes");
  EXPECT_EQ(fs.list(kDir).value(), left);
}

// Goal: a segment is wanted while it is young and fewer keys than are promised lie behind it, however many entries do.
TEST(WindowReach, counts_keys_and_time_and_not_entries) {
  WindowReach reach(100, 10);
  EXPECT_EQ(reach.begin(0), 0U);
  for (std::uint64_t i = 0; i < 50; ++i) reach.add(1000 * i, static_cast<UnixNanos>(i), 0);
  EXPECT_EQ(reach.begin(49), 0U) << "no keys at all";
  reach.add(50'000, 50, 6);
  reach.add(51'000, 51, 3);
  EXPECT_EQ(reach.begin(51), 0U);
  reach.add(52'000, 52, 1);
  EXPECT_EQ(reach.begin(52), 50'000U) << "10 keys from there on";
  reach.add(53'000, 53, 6);
  EXPECT_EQ(reach.begin(53), 51'000U) << "10 keys behind the one before";
  EXPECT_EQ(reach.begin(251), 51'000U);
  EXPECT_EQ(reach.begin(252), 52'000U) << "older than twice the span";
  EXPECT_EQ(reach.begin(1000), 53'000U) << "the last stays";
}

}  // namespace
}  // namespace stele::log
