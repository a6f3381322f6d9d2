// The delivery window against a plain list of what was delivered.
#include "log/delivery_window.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "support/prng.h"

namespace stele::log {
namespace {

using testing::Prng;

struct Put {
  KeyFingerprint key;
  std::uint64_t index;
  UnixNanos at;
};

// What must be found: the latest index of each key that was put within `span` and among the last `keys_max` times.
void expect_promise_kept(const DeliveryWindow& window, const std::vector<Put>& puts, UnixNanos span, std::uint64_t keys_max) {
  std::set<KeyFingerprint> seen;
  for (std::size_t i = puts.size(); i-- > 0 && puts.size() - i <= keys_max;) {
    const Put& put = puts[i];
    if (puts.back().at - put.at >= span) break;
    if (!seen.insert(put.key).second) continue;
    ASSERT_EQ(window.find(put.key), put.index)
        << "put " << puts.size() - 1 - i << " before the last, " << puts.back().at - put.at << " ns ago";
  }
}

// Goal: however deliveries come (steadily, in bursts, with pauses), as many and as long as promised are remembered.
TEST(DeliveryWindow, remembers_the_promised_span_and_number) {
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Prng random(seed);
    const auto span = static_cast<UnixNanos>(1 + random.below(2000));
    const std::uint64_t keys_max = random.below(120);
    DeliveryWindow window(span, keys_max);
    std::vector<Put> puts;
    UnixNanos now = 1'000'000;
    std::uint64_t pace = 10;
    const std::uint64_t keys = 5 + random.below(400);
    for (std::uint64_t i = 0; i < 700; ++i) {
      if (random.chance(1, 40)) pace = random.chance(1, 2) ? 0 : random.below(static_cast<std::uint64_t>(span));
      now += static_cast<UnixNanos>(random.below(pace + 1));
      puts.push_back({1 + random.below(keys), i, now});
      window.put(puts.back().key, i, now);
      expect_promise_kept(window, puts, span, keys_max);
      if (HasFatalFailure()) return;
    }
  }
}

// Goal: bursts between pauses, the hardest case for generations: full ones and old ones alternate.
TEST(DeliveryWindow, remembers_through_alternating_bursts_and_pauses) {
  constexpr UnixNanos kSpan = 900;
  constexpr std::uint64_t kKeysMax = 90;
  DeliveryWindow window(kSpan, kKeysMax);
  std::vector<Put> puts;
  UnixNanos now = 0;
  for (int round = 0; round < 30; ++round) {
    for (int i = 0; i < (round % 2 == 0 ? 30 : 1); ++i) {
      puts.push_back({puts.size() + 1, puts.size(), now});
      window.put(puts.back().key, puts.back().index, now);
      ASSERT_NO_FATAL_FAILURE(expect_promise_kept(window, puts, kSpan, kKeysMax)) << "round " << round;
    }
    now += round % 3 == 0 ? 300 : 1;
  }
}

// Goal: what it holds stays bounded by number under load, and by time when it is quiet.
TEST(DeliveryWindow, forgets) {
  constexpr std::uint64_t kKeysMax = 1000;
  DeliveryWindow busy(1'000'000'000, kKeysMax);
  for (std::uint64_t i = 1; i <= 50'000; ++i) {
    busy.put(i, i, 0);
    ASSERT_LE(busy.size(), 2 * kKeysMax);
  }
  EXPECT_FALSE(busy.find(1).has_value());
  EXPECT_EQ(busy.find(50'000), 50'000U);
  DeliveryWindow quiet(1000, kKeysMax);
  for (std::uint64_t i = 1; i <= 5000; ++i) {
    quiet.put(i, i, static_cast<UnixNanos>(i) * 100);
    ASSERT_LE(quiet.size(), 20U);
  }
  DeliveryWindow mixed(1000, kKeysMax);
  constexpr std::uint64_t kSeed = 3;
  Prng random(kSeed);
  UnixNanos now = 0;
  for (std::uint64_t i = 1; i <= 50'000; ++i) {
    if (random.chance(1, 300)) now += static_cast<UnixNanos>(random.below(500));
    mixed.put(i, i, now);
    ASSERT_LE(mixed.size(), 3 * kKeysMax) << "seed " << kSeed;
  }
}

// Goal: a key that is put again has its new index, wherever the old one was; a key that was never put is not found.
TEST(DeliveryWindow, has_the_latest_index_of_a_key) {
  DeliveryWindow window(1'000'000, 3000);
  std::map<KeyFingerprint, std::uint64_t> latest;
  constexpr std::uint64_t kSeed = 4;
  Prng random(kSeed);
  EXPECT_FALSE(window.find(7).has_value());
  for (std::uint64_t i = 0; i < 4000; ++i) {
    const KeyFingerprint key = 1 + random.below(2000);
    window.put(key, i, 0);
    latest[key] = i;
    window.prefetch(key);
  }
  for (const auto& [key, index] : latest) EXPECT_EQ(window.find(key), index) << "seed " << kSeed;
  for (std::uint64_t key = 3000; key < 4000; ++key) EXPECT_FALSE(window.find(key).has_value());
}

// Goal: keys that fall into one place of the table are kept apart.
TEST(DeliveryWindow, keeps_colliding_keys_apart) {
  DeliveryWindow window(1000, 30'000);
  for (std::uint64_t i = 0; i < 5000; ++i) window.put((i << 32) | 0x3ff, i, 0);
  for (std::uint64_t i = 0; i < 5000; ++i) ASSERT_EQ(window.find((i << 32) | 0x3ff), i);
}

// Goal: fingerprints differ by source, id and seed, never run the two together, never are 0, and stay the same for ever:
// files beside the segments hold them.
TEST(Fingerprint, is_fixed_and_tells_its_parts_apart) {
  EXPECT_EQ(fingerprint("billing-api", "evt_91", 0), fingerprint("billing-api", "evt_91", 0));
  std::set<KeyFingerprint> all;
  const std::string_view texts[] = {"", "a", "b", "ab", "ba", "abc", "bc", "c"};
  for (const std::string_view source : texts) {
    for (const std::string_view id : texts) {
      for (const std::uint64_t seed : {0U, 1U}) all.insert(fingerprint(source, id, seed));
    }
  }
  EXPECT_EQ(all.size(), 8U * 8U * 2U);
  EXPECT_FALSE(all.contains(0));
  EXPECT_EQ(fingerprint("billing-api", "evt_91", 0x0123'4567'89ab'cdef), 17'752'569'930'935'375'114U);
}

}  // namespace
}  // namespace stele::log
