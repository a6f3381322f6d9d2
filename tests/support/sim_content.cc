#include "support/sim_content.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "support/prng.h"

namespace stele::testing {
namespace {

// Calls visit(sector, from, length) for each sector that [offset, offset + length) touches.
template <typename Visit>
void for_each_sector(std::uint64_t offset, std::uint64_t length, Visit visit) {
  const std::uint64_t end = offset + length;
  while (offset < end) {
    const std::uint64_t sector = offset / kSectorSize;
    const std::uint64_t until = std::min(end, (sector + 1) * kSectorSize);
    visit(sector, offset, until - offset);
    offset = until;
  }
}

void copy_bytes(std::byte* to, const std::byte* from, std::size_t n) {
  if (n > 0) std::memcpy(to, from, n);
}

// How many of the pending changes each sector, and the size, has seen at a power cut. All sectors at random would
// hardly ever give the plain outcomes, so the shapes that real crashes have are drawn first.
class Lottery {
 public:
  Lottery(std::uint64_t salt, std::uint64_t changes) : salt_(mix64(salt)), changes_(changes) {
    Prng prng(salt);
    shape_ = static_cast<Shape>(prng.below(6));
    prefix_ = prng.below(changes + 1);
    odds_ = std::array<std::uint64_t, 3>{1, 4, 7}[prng.below(3)];
    const std::uint64_t apart = prng.below(changes + 1);
    switch (shape_) {
      case kAll: size_ = changes; break;
      case kNone: size_ = prng.chance(1, 2) ? 0 : apart; break;
      case kPrefix: size_ = prng.chance(1, 2) ? prefix_ : apart; break;
      case kTornPrefix: size_ = prng.chance(1, 2) ? prefix_ + (prefix_ < changes ? 1 : 0) : apart; break;
      default: size_ = prng.chance(1, 2) ? changes : apart; break;
    }
  }

  [[nodiscard]] std::uint64_t seen_by_size() const { return size_; }
  [[nodiscard]] std::uint64_t seen_by(std::uint64_t sector) const {
    const std::uint64_t draw = mix64(salt_, sector);
    switch (shape_) {
      case kAll: return changes_;
      case kNone: return 0;
      case kPrefix: return prefix_;
      case kTornPrefix: return std::min(changes_, prefix_ + (draw & 1));
      case kEachAllOrNone: return draw % 8 < odds_ ? changes_ : 0;
      case kEachAny: break;
    }
    return draw % (changes_ + 1);
  }

 private:
  enum Shape : std::uint8_t { kAll, kNone, kPrefix, kTornPrefix, kEachAllOrNone, kEachAny };

  std::uint64_t salt_;
  std::uint64_t changes_;
  Shape shape_ = kAll;
  std::uint64_t prefix_ = 0;
  std::uint64_t odds_ = 0;
  std::uint64_t size_ = 0;
};

}  // namespace

void SimContent::write(std::uint64_t offset, std::span<const ByteSpan> parts, std::uint64_t limit) {
  std::uint64_t total = 0;
  for (const ByteSpan part : parts) total += part.size();
  const std::uint64_t length = std::min(limit, total);
  if (length == 0) return;
  const std::uint64_t before = bytes_.size();
  const std::uint64_t end = offset + length;
  const std::uint64_t old_length = offset < before ? std::min(end, before) - offset : 0;
  changes_.push_back({false, offset, length, before, std::max(before, end), log_.size(), old_length});
  log_.resize(log_.size() + old_length + length);
  std::byte* log = log_.data() + changes_.back().log_at;
  if (old_length > 0) copy_bytes(log, bytes_.data() + offset, old_length);
  if (end > before) bytes_.resize(end);
  std::uint64_t done = 0;
  for (const ByteSpan part : parts) {
    const std::uint64_t n = std::min<std::uint64_t>(part.size(), length - done);
    copy_bytes(bytes_.data() + offset + done, part.data(), n);
    done += n;
  }
  copy_bytes(log + old_length, bytes_.data() + offset, length);
}

void SimContent::truncate(std::uint64_t size) {
  const std::uint64_t before = bytes_.size();
  if (size == before) return;
  const std::uint64_t cut = size < before ? before - size : 0;
  changes_.push_back({true, size, cut, before, size, log_.size(), cut});
  if (cut > 0) log_.insert(log_.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(size), bytes_.end());
  bytes_.resize(size);
}

void SimContent::sync() {
  for (const Change& change : changes_) {
    if (change.size_after != change.size_before) {
      lost_size_.reset();
      forget_lost_from(std::min(change.size_before, change.size_after));
    } else if (lost_size_ && !change.truncate) {
      // What is written again behind the end that the disk knows can be read back after a sync, so the end moves.
      const std::uint64_t end = change.offset + change.length;
      if (end >= bytes_.size())
        lost_size_.reset();
      else if (end > *lost_size_)
        lost_size_ = end;
    }
    if (lost_.empty()) continue;
    for_each_sector(change.offset, change.length, [&](std::uint64_t s, std::uint64_t, std::uint64_t) { lost_.erase(s); });
  }
  changes_.clear();
  log_.clear();
}

void SimContent::sync_failed(std::uint64_t salt) {
  if (changes_.empty()) return;
  Prng prng(salt);
  const bool all = prng.chance(1, 2);
  const bool size_lost = prng.chance(1, 2);
  std::size_t unlucky = prng.below(changes_.size());
  for (std::size_t i = 0; i < changes_.size() && changes_[unlucky].length == 0; ++i) unlucky = (unlucky + 1) % changes_.size();
  const std::uint64_t certain = (changes_[unlucky].offset + prng.below(changes_[unlucky].length)) / kSectorSize;
  const std::uint64_t size_now = bytes_.size();
  bool resized = false;

  undo_all();
  const std::uint64_t durable_size = lost_size_.value_or(bytes_.size());
  for (const Change& change : changes_) {
    resized = resized || change.size_after != change.size_before;
    for_each_sector(change.offset, change.length, [&](std::uint64_t s, std::uint64_t, std::uint64_t) {
      if (all || s == certain || (mix64(salt, s) & 1) != 0) {
        lost_.try_emplace(s, sector_now(s));  // lost twice: the disk still holds what it held before the first
      } else {
        lost_.erase(s);
      }
    });
  }
  redo_all();
  if (resized) {
    lost_size_.reset();
    if (size_lost && durable_size != size_now) lost_size_ = durable_size;
  }
  changes_.clear();
  log_.clear();
}

void SimContent::drop_clean() {
  for (auto it = lost_.begin(); it != lost_.end();) {
    if (is_pending(it->first)) {
      ++it;
      continue;
    }
    overlay(it->first, it->second);
    it = lost_.erase(it);
  }
}

SimContent::Survival SimContent::power_cut(std::uint64_t salt, const std::vector<std::byte>* stale) {
  Survival survival;
  if (!uncertain()) return survival;
  undo_all();
  const std::uint64_t durable_size = lost_size_.value_or(bytes_.size());
  const Lottery lottery(salt, changes_.size());
  // A truncation that the size has seen is seen by every sector it cut: their blocks were freed, or zeroed with it.
  // Before the size has seen it, the sectors wholly past the cut keep their blocks and see nothing later.
  struct Bound {
    std::uint64_t first_sector;
    std::uint64_t seen;
  };
  std::vector<Bound> at_least;
  std::vector<Bound> at_most;
  std::uint64_t size = durable_size;
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    const Change& change = changes_[i];
    const bool size_seen = i < lottery.seen_by_size();
    if (size_seen && change.size_after != change.size_before) size = change.size_after;
    if (!change.truncate) continue;
    if (size_seen) at_least.push_back({change.size_after / kSectorSize, i + 1});
    if (!size_seen) at_most.push_back({(change.size_after + kSectorSize - 1) / kSectorSize, i});
  }
  const auto seen_by = [&](std::uint64_t sector) {
    std::uint64_t seen = lottery.seen_by(sector);
    for (const Bound& bound : at_least) seen = sector >= bound.first_sector ? std::max(seen, bound.seen) : seen;
    for (const Bound& bound : at_most) seen = sector >= bound.first_sector ? std::min(seen, bound.seen) : seen;
    return seen;
  };
  std::set<std::uint64_t> written;
  std::set<std::uint64_t> unwritten;  // sectors of new space that did not get their data
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    const Change& change = changes_[i];
    if (change.truncate && i < lottery.seen_by_size()) {
      forget_lost_from(change.size_after);
      unwritten.clear();
    }
    for_each_sector(change.offset, change.length, [&](std::uint64_t s, std::uint64_t from, std::uint64_t length) {
      if (i < seen_by(s)) {
        redo_chunk(change, from, length);
        if (!lost_.empty()) lost_.erase(s);
        if (stale != nullptr) written.insert(s);
        ++survival.kept;
      } else {
        if (stale != nullptr && !change.truncate && s * kSectorSize >= durable_size && !written.contains(s)) unwritten.insert(s);
        ++survival.dropped;
      }
    });
  }
  bytes_.resize(size);
  for (const auto& [sector, on_disk] : lost_) overlay(sector, on_disk);
  for (const std::uint64_t sector : unwritten) fill_stale(sector, salt, *stale);
  changes_.clear();
  log_.clear();
  lost_.clear();
  lost_size_.reset();
  return survival;
}

void SimContent::undo_all() {
  for (auto change = changes_.rbegin(); change != changes_.rend(); ++change) {
    bytes_.resize(change->size_before);
    if (change->old_length > 0) copy_bytes(bytes_.data() + change->offset, log_.data() + change->log_at, change->old_length);
  }
}

void SimContent::redo_all() {
  for (const Change& change : changes_) {
    redo_chunk(change, change.offset, change.length);
    bytes_.resize(change.size_after);
  }
}

void SimContent::redo_chunk(const Change& change, std::uint64_t from, std::uint64_t length) {
  if (length == 0) return;
  if (bytes_.size() < from + length) bytes_.resize(from + length);
  if (change.truncate) {
    std::memset(bytes_.data() + from, 0, length);
    return;
  }
  copy_bytes(bytes_.data() + from, log_.data() + change.log_at + change.old_length + (from - change.offset), length);
}

void SimContent::overlay(std::uint64_t sector, const Sector& with) {
  const std::uint64_t from = sector * kSectorSize;
  if (from >= bytes_.size()) return;
  copy_bytes(bytes_.data() + from, with.data(), std::min<std::uint64_t>(kSectorSize, bytes_.size() - from));
}

SimContent::Sector SimContent::sector_now(std::uint64_t sector) const {
  Sector out{};
  const std::uint64_t from = sector * kSectorSize;
  if (from < bytes_.size()) {
    copy_bytes(out.data(), bytes_.data() + from, std::min<std::uint64_t>(kSectorSize, bytes_.size() - from));
  }
  return out;
}

void SimContent::forget_lost_from(std::uint64_t size) {
  if (!lost_.empty()) lost_.erase(lost_.lower_bound((size + kSectorSize - 1) / kSectorSize), lost_.end());
}

bool SimContent::is_pending(std::uint64_t sector) const {
  return std::any_of(changes_.begin(), changes_.end(), [&](const Change& change) {
    return change.length > 0 && sector >= change.offset / kSectorSize &&
           sector <= (change.offset + change.length - 1) / kSectorSize;
  });
}

void SimContent::fill_stale(std::uint64_t sector, std::uint64_t salt, const std::vector<std::byte>& stale) {
  const std::uint64_t from = sector * kSectorSize;
  Sector filling{};
  if (stale.size() >= from + kSectorSize) {
    copy_bytes(filling.data(), stale.data() + from, kSectorSize);
  } else {
    Prng(mix64(salt, sector)).fill(filling);
  }
  overlay(sector, filling);
}

}  // namespace stele::testing
