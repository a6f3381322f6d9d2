#include "agent/followed_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <fstream>

#include "support/temp_folder.h"

namespace stele::agent {
namespace {

// Goal: of a file of short lines no more are taken at once than a batch has room for, and its position is that of the last one.
TEST(FollowedFile, takes_short_lines_in_batches) {
  const testing::TempFolder folder;
  const std::string path = folder.path() + "/app.log";
  constexpr std::uint64_t kLines = 50'000;
  {
    std::ofstream file(path);
    for (std::uint64_t i = 0; i < kLines; ++i) file << "a\n";
  }
  const auto open = [&] { return Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC)); };
  FilePosition position;
  position.digest = digest_of("");
  auto file = std::make_unique<FollowedFile>(open(), position, "app.log", "line");
  constexpr std::uint64_t kBatchBytes = 64U << 10;
  const Sequence sequence{"00ff", "web-1"};
  Batch batch;
  std::uint64_t records = 0;
  for (bool more = true; more;) {
    batch.begin(sequence, 1 + records, kBatchBytes);
    more = file->collect(batch, 1);
    EXPECT_LE(batch.lines().size(), kBatchBytes + (2U << 10)) << "more than one record beyond its room";
    records += batch.count();
    ASSERT_EQ(file->position().at.offset, 2 * records);
    // Whoever goes on from there, after a crash, gets what follows.
    if (records > kLines / 2 && more) file = std::make_unique<FollowedFile>(open(), file->position(), "app.log", "line");
  }
  EXPECT_EQ(records, kLines);
}

}  // namespace
}  // namespace stele::agent
