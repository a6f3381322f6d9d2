#include "log/tail.h"

#include <algorithm>
#include <cassert>

#include "base/bytes.h"

namespace stele::log {

std::string_view TailBlock::encoded(std::uint64_t first, std::uint64_t count) const {
  assert(first >= first_index && first + count <= end_index());
  const std::size_t from = first - first_index;
  const std::size_t begin = from == 0 ? 0 : ends[from - 1];
  return std::string_view(bytes).substr(begin, ends[from + count - 1] - begin);
}

TailBlock join_batches(std::span<Batch> batches) {
  TailBlock block;
  std::size_t bytes = 0;
  std::size_t entries = 0;
  bool keyed = false;
  for (const Batch& batch : batches) {
    bytes += batch.bytes.size();
    entries += batch.leaves.size();
    keyed = keyed || !batch.keys.empty();
  }
  block.ends.reserve(entries);
  if (keyed) block.keys.reserve(entries);
  for (Batch& batch : batches) {
    if (batch.leaves.empty()) continue;
    if (block.ends.empty()) block.first_index = batch.first_index;
    block.received = batch.received;
    if (keyed) {
      block.keys.insert(block.keys.end(), batch.keys.begin(), batch.keys.end());
      block.keys.resize(block.ends.size() + batch.leaves.size());
    }
    const std::size_t base = block.bytes.size();
    for (std::size_t at = 0; at < batch.bytes.size();) {
      at += 2U + load_be16(&batch.bytes[at]);
      block.ends.push_back(static_cast<std::uint32_t>(base + at));
    }
    if (batch.bytes.size() == bytes) {
      block.bytes = std::move(batch.bytes);
    } else {
      block.bytes.reserve(bytes);
      block.bytes += batch.bytes;
    }
  }
  return block;
}

void Tail::append(TailBlock block) {
  bytes_ += block.bytes.size();
  blocks_.push_back(std::make_shared<TailBlock>(std::move(block)));
}

void Tail::set_last_digest(const Hash& digest) {
  if (!blocks_.empty()) blocks_.back()->commit_digest = digest;
}

std::vector<Tail::BlockPtr> Tail::drop_before(std::uint64_t index) {
  std::vector<BlockPtr> dropped;
  while (!blocks_.empty() && blocks_.front()->end_index() <= index) {
    bytes_ -= blocks_.front()->bytes.size();
    dropped.push_back(std::move(blocks_.front()));
    blocks_.pop_front();
  }
  return dropped;
}

Tail::Blocks::const_iterator Tail::find(std::uint64_t index) const {
  const auto it = std::upper_bound(blocks_.begin(), blocks_.end(), index,
                                   [](std::uint64_t i, const auto& block) { return i < block->end_index(); });
  return it != blocks_.end() && (*it)->first_index <= index ? it : blocks_.end();
}

std::uint64_t Tail::end_within(std::uint64_t first, std::uint64_t bytes) const {
  for (auto it = find(first); it != blocks_.end(); ++it) {
    const TailBlock& block = **it;
    const std::size_t from = first - block.first_index;
    const std::uint64_t begin = from == 0 ? 0 : block.ends[from - 1];
    if (block.ends.back() - begin > bytes) {
      const auto end = std::upper_bound(block.ends.begin() + static_cast<std::ptrdiff_t>(from), block.ends.end(), begin + bytes);
      return block.first_index + static_cast<std::uint64_t>(end - block.ends.begin());
    }
    bytes -= block.ends.back() - begin;
    first = block.end_index();
  }
  return first;
}

std::uint64_t Tail::read(std::uint64_t first, std::uint64_t end, std::string& out) const {
  for (auto it = find(first); it != blocks_.end() && first < end; ++it) {
    const std::uint64_t take = std::min(end, (*it)->end_index()) - first;
    out += (*it)->encoded(first, take);
    first += take;
  }
  return first;
}

}  // namespace stele::log
