// What was delivered lately: (source, event id) → index, so that a repeated delivery is recognised.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace stele::log {

// 64 bits stand for a key; whoever finds one compares the stored entry before believing it. Never 0.
using KeyFingerprint = std::uint64_t;
KeyFingerprint fingerprint(std::string_view source_id, std::string_view event_id, std::uint64_t seed);

// Remembers at least the keys of the last `span` or the last `keys_max` of them, whichever is fewer, in a few
// generations that are dropped whole. About 16 to 32 bytes a key. Not synchronised.
class DeliveryWindow {
 public:
  DeliveryWindow(UnixNanos span, std::uint64_t keys_max) : span_(span), keys_max_(keys_max) {}

  // The index under which `key` was delivered, when it is remembered.
  [[nodiscard]] std::optional<std::uint64_t> find(KeyFingerprint key) const;

  // Remembers `key`, received at `now`, under `index`; a key that is there gets the new index.
  void put(KeyFingerprint key, std::uint64_t index, UnixNanos now);

  // Brings the slots that find(key) will read into the cache.
  void prefetch(KeyFingerprint key) const;

  [[nodiscard]] std::uint64_t size() const;

 private:
  // Three whole ones and the one being filled; up to twice as many where keys come in bursts.
  static constexpr std::uint64_t kGenerations = 4;

  // Open addressing with linear probing; grows by doubling.
  class Table {
   public:
    struct Slot {
      KeyFingerprint key = 0;
      std::uint64_t index = 0;
    };
    // Where `key` is, or belongs; null while there are no slots.
    [[nodiscard]] const Slot* slot(KeyFingerprint key) const;
    // Where the search for `key` begins; null while there are no slots.
    [[nodiscard]] const Slot* home(KeyFingerprint key) const {
      return slots_.empty() ? nullptr : slots_.data() + (key & (slots_.size() - 1));
    }
    // Whether the key was not there before.
    bool put(KeyFingerprint key, std::uint64_t index);

   private:
    void grow();

    std::vector<Slot> slots_;
    std::size_t used_ = 0;
  };

  // Many small tables: each grows in microseconds and in memory that an older one gave back, where one large table would
  // hold up every sender while it grows.
  struct Generation {
    static constexpr unsigned kTableBits = 10;

    std::vector<Table> tables = std::vector<Table>(1U << kTableBits);
    std::uint64_t used = 0;
    UnixNanos started = 0;

    Table& table(KeyFingerprint key) { return tables[key >> (64 - kTableBits)]; }
    [[nodiscard]] const Table& table(KeyFingerprint key) const { return tables[key >> (64 - kTableBits)]; }
  };

  [[nodiscard]] bool is_past(UnixNanos now) const;

  UnixNanos span_;
  std::uint64_t keys_max_;
  std::deque<Generation> generations_;  // newest first
};

}  // namespace stele::log
