// The bytes of one simulated file: what the page cache shows, and what of it the disk does not surely hold yet.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"

namespace stele::testing {

inline constexpr std::uint64_t kSectorSize = 512;  // what a disk writes whole or not at all

// Keeps the visible bytes and a log that undoes and redoes every change since the last sync, so that a sync and a
// power cut cost what is pending and not what the file is long. Not thread-safe.
class SimContent {
 public:
  // What a power cut did to this file, in sectors of pending writes.
  struct Survival {
    std::uint64_t kept = 0;
    std::uint64_t dropped = 0;
  };

  [[nodiscard]] std::uint64_t size() const { return bytes_.size(); }
  [[nodiscard]] ByteSpan bytes() const { return bytes_; }
  // True when a power cut may change what is read.
  [[nodiscard]] bool uncertain() const { return !changes_.empty() || !lost_.empty() || lost_size_.has_value(); }

  // Applies the first `limit` bytes of `parts` at `offset`; a gap before `offset` reads as zeros.
  void write(std::uint64_t offset, std::span<const ByteSpan> parts, std::uint64_t limit);
  // Cuts the file, or extends it with zeros.
  void truncate(std::uint64_t size);

  // Everything changed since the last sync becomes durable; what an earlier sync_failed lost does not, unless its
  // sector was written again.
  void sync();
  // Linux after a failed writeback: some of the pending sectors (at least one) and perhaps the size do not reach the
  // disk, yet nothing is pending any more and reads still see the new bytes.
  void sync_failed(std::uint64_t salt);
  // Clean pages leave the cache: sectors lost by sync_failed read as what the disk holds.
  void drop_clean();

  // The machine lost its power: each sector written since the last sync holds, independently, what it held after some
  // number of the writes (none up to all) that touched it; the size is independent of the data. `stale` is null for a
  // file system whose new space reads as zeros, else the former content of freed blocks, which new space that did not
  // get its data reads as instead (noise where it is too short). The outcome is a function of `salt` alone.
  Survival power_cut(std::uint64_t salt, const std::vector<std::byte>* stale);

 private:
  using Sector = std::array<std::byte, kSectorSize>;

  struct Change {
    bool truncate;
    std::uint64_t offset;  // first byte written, or first byte cut
    std::uint64_t length;  // bytes written, or cut
    std::uint64_t size_before;
    std::uint64_t size_after;
    std::size_t log_at;  // in log_: old_length bytes of before, then (for a write) `length` of after
    std::size_t old_length;
  };

  void undo_all();
  void redo_all();
  void redo_chunk(const Change& change, std::uint64_t from, std::uint64_t length);
  void overlay(std::uint64_t sector, const Sector& with);
  [[nodiscard]] Sector sector_now(std::uint64_t sector) const;
  void forget_lost_from(std::uint64_t size);  // the sectors wholly past `size`
  [[nodiscard]] bool is_pending(std::uint64_t sector) const;
  void fill_stale(std::uint64_t sector, std::uint64_t salt, const std::vector<std::byte>& stale);

  std::vector<std::byte> bytes_;
  std::vector<Change> changes_;
  std::vector<std::byte> log_;
  // What the disk holds where it differs from the clean cache, after a failed sync.
  std::map<std::uint64_t, Sector> lost_;
  std::optional<std::uint64_t> lost_size_;
};

}  // namespace stele::testing
