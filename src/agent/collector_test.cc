#include "agent/collector.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "agent/followed_file.h"
#include "support/fixed.h"
#include "support/sim_fs.h"

namespace stele::agent {
namespace {

using testing::SimFileSystem;

// Gives what it has in one go, and ends the collector once that is durable.
class OneBatch final : public Stream {
 public:
  OneBatch(std::uint32_t records, std::size_t bytes, int stop_fd) : records_(records), text_(bytes, 'x'), stop_fd_(stop_fd) {}

  void watch(std::vector<pollfd>&) const override {}
  bool collect(Batch& batch, std::int64_t) override {
    for (; records_ > 0; --records_) batch.add({"line", "s", text_, 0, ""});
    batch.set_position("s", "all");
    return false;
  }
  void committed() override {
    const std::uint64_t one = 1;
    (void)!::write(stop_fd_, &one, sizeof one);
  }
  void describe(std::vector<StreamState>&) const override {}

 private:
  std::uint32_t records_;
  std::string text_;
  int stop_fd_;
};

std::unique_ptr<Spool> opened(io::FileSystem& fs) {
  testing::SeededRandom random(7);
  std::vector<std::string> notes;
  return Spool::open(fs, random, {"spool", "web-1", 1U << 30}, notes).value();
}

// Goal: a batch that is longer than a frame may be becomes several; its position is that of the last.
TEST(Collector, splits_what_is_too_long_for_a_frame) {
  SimFileSystem fs(1);
  auto spool = opened(fs);
  const Descriptor stop(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  Collector collector(*spool, system_clock(), {"web-1", 1}, {});
  collector.add(std::make_unique<OneBatch>(70, 1U << 20, stop.get()));
  ASSERT_TRUE(collector.run(stop.get()).ok());
  std::uint64_t records = 0;
  while (spool->wait(0)) {
    const SpoolBatch batch = spool->read(10, 16U << 20).value();
    ASSERT_EQ(batch.lines[0].seq, records + 1);
    records += batch.lines.size();
    ASSERT_TRUE(spool->acknowledge(records).ok());
  }
  EXPECT_EQ(records, 71U) << "and the word that it stops";
  EXPECT_EQ(spool->positions().at("s"), "all");
}

// Goal: who stops an agent whose spool cannot be written hears that what was read is not kept.
TEST(Collector, says_that_it_could_not_keep_what_it_read) {
  SimFileSystem fs(1);
  auto spool = opened(fs);
  const Descriptor stop(::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
  Collector collector(*spool, system_clock(), {"web-1", 1}, {});
  fs.set_capacity(fs.used());
  const Status kept = collector.run(stop.get());
  ASSERT_FALSE(kept.ok());
  EXPECT_NE(kept.error().code, Code::kTooLarge);
}

}  // namespace
}  // namespace stele::agent
