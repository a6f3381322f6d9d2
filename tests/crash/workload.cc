#include "crash/workload.h"

#include <algorithm>

#include "apart/commitment.h"
#include "crypto/sha256.h"
#include "event/entry.h"
#include "log/delivery_window.h"

namespace stele::testing {
namespace {

constexpr std::size_t kProseBytes = 16'384;

}  // namespace

Workload::Workload(std::uint64_t seed) : prng_(mix64(seed, 1)), random_(mix64(seed, 2)), keeps_values_(mix64(seed, 3) % 4 == 0) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz     ";
  while (prose_.size() < kProseBytes) prose_.push_back(kLetters[prng_.below(kLetters.size())]);
}

Group Workload::group(std::uint64_t first_index, UnixNanos received, std::uint64_t count_max, std::uint64_t fingerprint_seed) {
  const std::uint64_t draw = prng_.below(100);
  const std::uint64_t most = std::min<std::uint64_t>(count_max, draw < 70 ? 6 : draw < 92 ? 30 : draw < 98 ? 150 : 600);
  Group group;
  group.received = received;
  std::uint64_t left = 1 + prng_.below(most);
  while (left > 0) {
    if (prng_.chance(1, 8)) group.batches.emplace_back();  // all its events were repeats
    const std::uint64_t count = group.batches.size() >= 3 ? left : 1 + prng_.below(left);
    add_batch(group, first_index + group.count, count, 3'000, fingerprint_seed);
    left -= count;
  }
  return group;
}

Group Workload::bulk(std::uint64_t first_index, UnixNanos received, std::uint64_t count, std::uint64_t fingerprint_seed) {
  Group group;
  group.received = received;
  add_batch(group, first_index, count, 100, fingerprint_seed);
  return group;
}

// The store keeps what a batch brings, whether its entries name it or not.
void Workload::add_values(Group& group, log::Batch& batch) {
  for (std::uint64_t count = 1 + prng_.below(2); count > 0; --count) {
    const std::uint64_t bytes = prng_.below(prng_.chance(1, 8) ? kProseBytes : 400);
    batch.apart.push_back(
        apart::commit(event::ApartKind::kAttachment, prose_.substr(prng_.below(kProseBytes - bytes), bytes), random_));
    group.values.push_back(batch.apart.back());
  }
}

void Workload::add_batch(Group& group, std::uint64_t first_index, std::uint64_t count, std::uint64_t event_bytes_max,
                         std::uint64_t fingerprint_seed) {
  const std::string source = "source-" + std::to_string(prng_.below(3));
  const bool has_ids = prng_.chance(1, 2);
  event::EntryBatch entries(event::Source{source, "http", "", ""});
  log::Batch batch;
  batch.first_index = first_index;
  batch.received = group.received;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string id = has_ids && prng_.chance(3, 4) ? "evt_" + std::to_string(next_id_++) : "";
    std::string event = R"({"time":"2026-11-18T00:00:00Z","actor":{"type":"user","id":"u_1"},"action":"a.b")";
    if (!id.empty()) event += R"(,"id":")" + id + '"';
    const std::uint64_t draw = prng_.below(100);
    const std::uint64_t bytes = prng_.below(std::min<std::uint64_t>(event_bytes_max, draw < 75 ? 200 : draw < 97 ? 900 : 3'000));
    event += R"(,"message":")";
    event.append(prose_, prng_.below(kProseBytes - bytes), bytes);
    event += "\"}";
    const bool added = entries.add(event, {}, {}, id).ok();
    if (!added) std::abort();  // no event of this size is refused
    if (has_ids) batch.keys.push_back(id.empty() ? 0 : log::fingerprint(source, id, fingerprint_seed));
    if (!id.empty()) group.deliveries.push_back({batch.keys.back(), first_index + i, group.received});
  }
  entries.stamp(group.received, random_);
  std::vector<ByteSpan> spans(entries.count());
  for (std::size_t i = 0; i < spans.size(); ++i) spans[i] = as_byte_span(entries.entry(i));
  batch.leaves.resize(spans.size());
  crypto::hash_leaves(spans, batch.leaves.data());
  batch.bytes = std::move(entries).take_bytes();
  if (keeps_values_ && prng_.chance(1, 6)) add_values(group, batch);
  group.bundle += batch.bytes;
  group.count += count;
  group.batches.push_back(std::move(batch));
}

}  // namespace stele::testing
