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

std::unique_ptr<Spool> opened_spool(io::FileSystem& fs, std::uint64_t bytes_max = 1U << 30) {
  testing::SeededRandom random(7);
  std::vector<std::string> notes;
  return Spool::open(fs, random, {"spool", "web-1", bytes_max}, notes).value();
}

// Goal: a batch that is longer than a frame may be becomes several; its position is that of the last.
TEST(Collector, splits_what_is_too_long_for_a_frame) {
  SimFileSystem fs(1);
  auto spool = opened_spool(fs);
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

// Forgets a file and tells so; once the one is durable it looks for the other.
class OneLoss final : public Stream {
 public:
  OneLoss(Spool& spool, int stop_fd) : spool_(spool), stop_fd_(stop_fd) {}

  void watch(std::vector<pollfd>&) const override {}
  bool collect(Batch& batch, std::int64_t) override {
    batch.set_position("s", "");
    batch.tell({"file_lost", "warning", "failure", "it is gone", {}});
    return false;
  }
  void committed() override {
    EXPECT_NE(spool_.read(10, 8U << 20).value().text.find("it is gone"), std::string::npos);
    const std::uint64_t one = 1;
    (void)!::write(stop_fd_, &one, sizeof one);
  }
  void describe(std::vector<StreamState>&) const override {}

 private:
  Spool& spool_;
  int stop_fd_;
};

// Goal: a position that is forgotten and the word of it are durable together, also while the spool is full.
TEST(Collector, tells_of_a_loss_in_the_batch_that_forgets_it) {
  for (const std::uint32_t waiting : {0U, 2U}) {
    SimFileSystem fs(1);
    auto spool = opened_spool(fs, 1U << 20);
    for (std::uint32_t i = 0; i < waiting; ++i) ASSERT_TRUE(spool->append(1, std::string(1U << 20, 'x') + "\n", {}).ok());
    const Descriptor stop(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    Collector collector(*spool, system_clock(), {"web-1", 1}, {});
    collector.add(std::make_unique<OneLoss>(*spool, stop.get()));
    EXPECT_TRUE(collector.run(stop.get()).ok());
  }
}

// Goal: who stops an agent whose spool cannot be written hears that what was read is not kept.
TEST(Collector, says_that_it_could_not_keep_what_it_read) {
  SimFileSystem fs(1);
  auto spool = opened_spool(fs);
  const Descriptor stop(::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
  Collector collector(*spool, system_clock(), {"web-1", 1}, {});
  fs.set_capacity(fs.used());
  const Status kept = collector.run(stop.get());
  ASSERT_FALSE(kept.ok());
  EXPECT_NE(kept.error().code, Code::kTooLarge);
}

}  // namespace
}  // namespace stele::agent
