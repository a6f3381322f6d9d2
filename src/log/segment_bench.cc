// What sealing costs: entries a second and bytes an entry, and reading them back.
#include "log/segment.h"

#include <benchmark/benchmark.h>

#include <random>

#include "crypto/random.h"
#include "event/entry.h"

namespace stele::log {
namespace {

// Events of about 700 bytes with a few dozen bytes of real information each.
std::string entries_bundle(std::size_t count) {
  std::mt19937_64 random(7);
  event::EntryBatch batch({"bench", "http", "127.0.0.1:40000", ""});
  for (std::size_t i = 0; i < count; ++i) {
    const std::string user = std::to_string(random() % 5000);
    const std::string target = std::to_string(random() % 50'000);
    std::string request(32, '0');
    for (char& c : request) c = "0123456789abcdef"[random() % 16];
    std::string event =
        R"({"time":"2026-11-23T16:)" + std::to_string(10 + i / 6000 % 50) + ":" + std::to_string(10 + i / 100 % 50) + "." +
        std::to_string(100 + i % 900) + R"(Z","actor":{"type":"user","id":"u_)" + user + R"(","name":"Person Number )" + user +
        R"(","email":"person.)" + user + R"(@example.com"},"action":"document.)" + std::to_string(random() % 200) +
        R"(","category":"data_access","outcome":"success","targets":[{"type":"document","id":"document_)" + target +
        R"("}],"origin":{"ip":"10.)" + std::to_string(random() % 250) + "." + std::to_string(random() % 250) +
        R"(.7","user_agent":"Mozilla/5.0 X11 Linux x86_64"
  }
  , "context" : {
    "request_id"
        : ")" +
        request + R"(","session":"s_)" + user + R"("},"severity":"info","message":"Person Number )" + user + " opened document_" +
        target +
        R"( via reporting","attributes":{"service":"reporting","region":"eu-central-1","host":"reporting-2","status":200,)"
        R"("duration_ms":)" +
        std::to_string(random() % 400) + R"(,"response_bytes":)" + std::to_string(random() % 90'000) + "}}";
    if (!batch.add(event, {}, {}, {}).ok()) std::abort();
    if (i % 100 == 99) batch.stamp(1'790'000'000'000'000'000 + static_cast<UnixNanos>(i) * 1000, crypto::system_random());
  }
  return std::move(batch).take_bytes();
}

void seal(benchmark::State& state) {
  const std::string bundle = entries_bundle(kSegmentEntriesMax);
  std::vector<std::string_view> entries;
  if (!event::for_each_entry(bundle, [&](std::string_view e) { entries.push_back(e); }).ok()) std::abort();
  const std::vector<Hash> roots(entries.size() / kBundleEntries);
  SegmentInfo info;
  info.count = static_cast<std::uint32_t>(entries.size());
  SegmentWriter writer{LogId{}};
  std::size_t bytes = 0;
  for (auto _ : state) bytes = writer.encode(info, entries, roots).size();
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(entries.size()));
  state.counters["raw_bytes_an_entry"] = static_cast<double>(bundle.size()) / static_cast<double>(entries.size());
  state.counters["bytes_an_entry"] = static_cast<double>(bytes) / static_cast<double>(entries.size());
}
BENCHMARK(seal)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace stele::log
