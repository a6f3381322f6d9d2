// The thread that counts a log's sources: it comes on where the log is damaged, and keeps nobody waiting.
#include "sources/watch.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <future>

#include "base/clock.h"
#include "support/real_log.h"

namespace stele::sources {
namespace {

log::StoreOptions small_segments() {
  log::StoreOptions out;
  out.seal_bytes = 64U << 10;
  return out;
}

class WatchTest : public ::testing::Test {
 protected:
  void write(int count) {
    event::EntryBatch batch(event::Source{"app", "http", "127.0.0.1:1", ""});
    for (int i = 0; i < count; ++i) ASSERT_TRUE(batch.add(R"({"actor":{"type":"user","id":"u"},"action":"a"})", {}, {}, {}));
    ASSERT_TRUE(log_.write(std::move(batch)));
  }

  std::unique_ptr<Watch> watch() {
    WatchOptions options;
    options.ledger_file = log_.path("ledger.json");
    options.report = false;
    options.poll_every = 3600 * kSecond;  // it comes on by itself, or not within the test
    return std::make_unique<Watch>(*log_, io::posix(), Registry(), system_clock(), std::move(options));
  }

  testing::RealLog log_{small_segments()};
};

struct Seen {
  std::uint64_t size = 0;
  std::uint64_t unreadable = 0;
  std::optional<Code> error;
};

std::future<Seen> ask(const Watch& watch, std::uint64_t size, UnixNanos wait) {
  auto promise = std::make_shared<std::promise<Seen>>();
  watch.read_at(size, wait, [promise](const Result<const Ledger*>& ledger) {
    promise->set_value(ledger ? Seen{(*ledger)->size(), (*ledger)->unreadable(), {}} : Seen{0, 0, ledger.error().code});
  });
  return promise->get_future();
}

// Goal: whoever asks is answered at once when all is counted, is told so when it is not in time, and at the end in any case.
TEST_F(WatchTest, answers_when_it_has_counted) {
  auto watching = watch();
  write(5000);
  auto all = ask(*watching, 5000, 20 * kSecond);
  ASSERT_EQ(all.wait_for(std::chrono::seconds(10)), std::future_status::ready);
  EXPECT_EQ(all.get().size, 5000U);
  auto early = ask(*watching, 5001, 0);
  ASSERT_EQ(early.wait_for(std::chrono::seconds(10)), std::future_status::ready);
  EXPECT_EQ(early.get().error, Code::kBusy);
  auto never = ask(*watching, 5001, 3600 * kSecond);
  EXPECT_NE(never.wait_for(std::chrono::milliseconds(100)), std::future_status::ready);
  std::vector<std::future<Seen>> more;
  for (int i = 0; i < 100; ++i) more.push_back(ask(*watching, 5001, 3600 * kSecond));
  EXPECT_EQ(more.back().get().error, Code::kBusy);  // at once: too many wait
  watching->stop();
  EXPECT_EQ(never.get().error, Code::kUnavailable);
  EXPECT_EQ(ask(*watching, 0, 0).get().error, Code::kUnavailable);
}

// Goal: damage costs its bundle and no time: everything behind it is counted without a rest in between, and counts as no
// hindrance any more.
TEST_F(WatchTest, comes_on_behind_damage) {
  constexpr int kEntries = 40'000;
  for (int i = 0; i < 10; ++i) write(kEntries / 10);
  std::vector<std::string> segments;
  for (int i = 0; i < 3000 && log_->store()->sealed_size() < 30'000; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  ASSERT_GE(log_->store()->sealed_size(), 30'000U);
  log_->drain();
  for (const auto& file : std::filesystem::recursive_directory_iterator(log_.path("log"))) {
    if (file.path().extension() == ".segment") segments.push_back(file.path());
  }
  std::sort(segments.begin(), segments.end());
  ASSERT_FALSE(segments.empty());
  {
    const std::string& path = segments[0];
    const auto at = static_cast<long>(std::filesystem::file_size(path)) / 2;  // among the blocks (docs/formats/segment.md)
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(at);
    file << std::string(2000, '\0');
  }
  log_.open();
  auto watching = watch();
  auto all = ask(*watching, kEntries, 30 * kSecond);
  ASSERT_EQ(all.wait_for(std::chrono::seconds(40)), std::future_status::ready);
  const Seen seen = all.get();
  EXPECT_EQ(seen.size, static_cast<std::uint64_t>(kEntries));
  EXPECT_GT(seen.unreadable, 0U);
  EXPECT_EQ(watching->trouble(), std::nullopt);
}

}  // namespace
}  // namespace stele::sources
