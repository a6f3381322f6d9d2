// The committed entries that no segment holds yet.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "crypto/sha256.h"
#include "event/apart_value.h"
#include "log/delivery_window.h"

namespace stele::log {

// Entries that have their place: stamped, hashed, in log order.
struct Batch {
  std::uint64_t first_index = 0;
  UnixNanos received = 0;
  std::string bytes;  // bundle encoding
  std::vector<Hash> leaves;
  std::vector<KeyFingerprint> keys;      // one an entry (0: none), or empty
  std::vector<event::ApartValue> apart;  // what the entries keep apart
};

// The entries of one commit.
struct TailBlock {
  std::uint64_t first_index = 0;
  UnixNanos received = 0;  // of the last entry
  std::uint64_t commit = 0;
  Hash commit_digest{};
  std::string bytes;                 // bundle encoding
  std::vector<std::uint32_t> ends;   // where each entry ends
  std::vector<KeyFingerprint> keys;  // one an entry (0: none), or empty

  [[nodiscard]] std::uint64_t end_index() const { return first_index + ends.size(); }
  // Entries [first, first + count), which are all in the block.
  [[nodiscard]] std::string_view encoded(std::uint64_t first, std::uint64_t count) const;
};

// The block of batches that follow one another; those without entries count for nothing. What they hold is moved out of
// them. There is at least one entry.
TailBlock join_batches(std::span<Batch> batches);

// Blocks in log order, each beginning where the one before ends. Not thread-safe; a block that was handed out stays as it
// is for as long as it is held.
class Tail {
 public:
  using BlockPtr = std::shared_ptr<const TailBlock>;

  void append(TailBlock block);
  // The last block's commit got another frame.
  void set_last_digest(const Hash& digest);

  // Removes the blocks that end at or before `index`, and hands them back: to free them takes a while.
  [[nodiscard]] std::vector<BlockPtr> drop_before(std::uint64_t index);

  [[nodiscard]] bool empty() const { return blocks_.empty(); }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  // When the first block's entries came; there is one.
  [[nodiscard]] UnixNanos oldest() const { return blocks_.front()->received; }
  [[nodiscard]] std::vector<BlockPtr> blocks() const { return {blocks_.begin(), blocks_.end()}; }

  // The largest index up to which the entries from `first` on have at most `bytes` in bundle encoding; `first` when the tail
  // does not hold it.
  [[nodiscard]] std::uint64_t end_within(std::uint64_t first, std::uint64_t bytes) const;

  // Appends what it has of the entries [first, end) to `out`, in bundle encoding. Returns the index of the first that it
  // has not: `first` when it begins later.
  [[nodiscard]] std::uint64_t read(std::uint64_t first, std::uint64_t end, std::string& out) const;

 private:
  using Blocks = std::deque<std::shared_ptr<TailBlock>>;
  // The block that holds entry `index`; the end when none does.
  [[nodiscard]] Blocks::const_iterator find(std::uint64_t index) const;

  Blocks blocks_;
  std::uint64_t bytes_ = 0;
};

}  // namespace stele::log
