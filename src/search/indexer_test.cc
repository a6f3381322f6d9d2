// Goal: searches are exact whatever the index does meanwhile: while it follows, writes, and begins anew.
#include "search/indexer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "query/parse.h"
#include "search/aggregate.h"
#include "search/searcher.h"
#include "support/real_log.h"
#include "support/test_ring.h"

namespace stele::search {
namespace {

constexpr std::uint64_t kKinds = 7;  // entry i is of kind i % kKinds
constexpr std::uint64_t kBatch = 1'000;
constexpr std::uint64_t kEntries = index::kChunkRows + 3 * kBatch;
constexpr std::chrono::seconds kPatience{120};
constexpr std::chrono::milliseconds kPause{20};

// Of a plain log, and of an encrypted one that gives back what it decrypted as often as it can.
class IndexerTest : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override { start({.dir = log_.path("index")}); }

  static log::StoreOptions store_options() {
    log::StoreOptions options;
    if (GetParam()) options.ring = testing::test_ring();
    options.random = &crypto::system_random();
    return options;
  }

  void start(IndexerOptions options) {
    indexer_.reset();
    if (GetParam()) options.memory_max = 0;
    auto indexer = Indexer::start(GetParam() ? static_cast<io::FileSystem&>(files_) : io::posix(), *log_, std::move(options));
    ASSERT_TRUE(indexer) << indexer.error().message;
    indexer_ = std::move(*indexer);
  }

  // Entries [first, first + kBatch), acknowledged.
  bool write(std::uint64_t first) {
    event::EntryBatch batch(event::Source{"app", "http", "127.0.0.1:1", ""});
    for (std::uint64_t i = first; i < first + kBatch; ++i) {
      const std::string kind = std::to_string(i % kKinds);
      if (!batch.add(R"({"actor":{"type":"user","id":"u)" + kind + R"("},"action":"kind.)" + kind +
                         R"(","message":"one of kind )" + kind + " of " + std::to_string(i) + R"("})",
                     {}, {}, {}))
        return false;
    }
    return log_.write(std::move(batch));
  }

  testing::RealLog log_{store_options()};
  keyring::EncryptedFiles files_{io::posix(), testing::test_ring(), crypto::system_random()};
  std::unique_ptr<Indexer> indexer_;
};

std::uint64_t of_kind(std::uint64_t kind, std::uint64_t size) { return (size + kKinds - 1 - kind) / kKinds; }

TEST_P(IndexerTest, AnswersExactlyWhileTheLogGrows) {
  const GoOn always = [] { return true; };
  std::atomic<std::uint64_t> acknowledged = 0;
  std::atomic<bool> over = false;
  std::atomic<unsigned> searches = 0;
  const auto ask = [&](const std::string& text, std::uint64_t kind) {
    const auto parsed = query::parse_query(text, 0);
    ASSERT_TRUE(std::holds_alternative<query::Query>(parsed));
    while (!over) {
      const std::uint64_t least = acknowledged;
      const auto result = search({&*log_, indexer_.get(), {}}, std::get<query::Query>(parsed).term, {}, always);
      ASSERT_TRUE(result) << result.error().message;
      ASSERT_GE(result->size, least);
      ASSERT_EQ(result->total, of_kind(kind, result->size)) << text << " of " << result->size;
      ++searches;
      std::this_thread::sleep_for(kPause);
    }
  };
  const auto count = [&] {
    AggregateRequest request;
    request.by = {{.paths = {"action"}, .unit = {}}};
    while (!over) {
      const auto result = aggregate({&*log_, indexer_.get(), {}}, {}, request, always);
      ASSERT_TRUE(result) << result.error().message;
      ASSERT_EQ(result->total, result->size);
      ASSERT_EQ(result->groups_total, std::min(result->size, kKinds));
      std::this_thread::sleep_for(kPause);
    }
  };
  std::vector<std::thread> threads;
  threads.emplace_back(ask, "action:kind.3", 3);
  threads.emplace_back(ask, "message:\"kind 5\"", 5);
  threads.emplace_back(count);
  for (std::uint64_t first = 0; first < kEntries; first += kBatch) {
    ASSERT_TRUE(write(first));
    acknowledged = first + kBatch;
  }
  const auto end = std::chrono::steady_clock::now() + kPatience;
  const auto indexed = [&] {
    while (indexer_->status().files == 0 && std::chrono::steady_clock::now() < end)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return indexer_->status().files == 1;
  };
  EXPECT_TRUE(indexed());
  indexer_->rebuild();
  EXPECT_TRUE(indexed());
  const unsigned before = searches;
  while (searches < before + 4 && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  over = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_GE(searches, before + 4);
}

TEST_P(IndexerTest, TheLastOfTheDiskIsTheLogs) {
  std::atomic<bool> said = false;
  const auto say = [&](const std::string& words) { said = said || words.find("MiB are the log's") != std::string::npos; };
  start({.dir = log_.path("index"), .bytes_left_to_log = UINT64_MAX / 2, .say = say});
  for (std::uint64_t first = 0; first < kEntries; first += kBatch) ASSERT_TRUE(write(first));
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!said && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(kPause);
  EXPECT_TRUE(said);
  EXPECT_EQ(indexer_->status().files, 0U);
  const auto parsed = query::parse_query("action:kind.3", 0);
  const auto result = search({&*log_, indexer_.get(), {}}, std::get<query::Query>(parsed).term, {}, [] { return true; });
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->total, of_kind(3, log_->store()->size()));
}

INSTANTIATE_TEST_SUITE_P(AtRest, IndexerTest, ::testing::Values(false, true),
                         [](const auto& one) { return one.param ? "encrypted" : "plain"; });

}  // namespace
}  // namespace stele::search
