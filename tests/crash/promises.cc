#include "crash/promises.h"

#include <algorithm>

#include "crypto/sha256.h"
#include "merkle/checkpoint.h"

namespace stele::testing {
namespace {

// Puts leaf number `index` on the right edge of a tree: RFC 6962 section 2.1, leaf by leaf.
void grow(std::vector<Hash>& edge, std::uint64_t index, const Hash& leaf) {
  edge.push_back(leaf);
  for (; (index & 1) != 0; index >>= 1) {
    const Hash right = edge.back();
    edge.pop_back();
    edge.back() = crypto::hash_node(edge.back(), right);
  }
}

Hash root_of_edge(const std::vector<Hash>& edge) {
  if (edge.empty()) return crypto::sha256({});
  Hash root = edge.back();
  for (std::size_t i = edge.size() - 1; i-- > 0;) root = crypto::hash_node(edge[i], root);
  return root;
}

std::string at_size(std::uint64_t size) { return " at size " + std::to_string(size); }

}  // namespace

std::string_view Promises::bytes(std::uint64_t first, std::uint64_t count) const {
  if (count == 0) return {};
  const std::uint64_t begin = first == 0 ? 0 : ends_.at(first - 1);
  return std::string_view(bundle_).substr(begin, ends_.at(first + count - 1) - begin);
}

std::span<const Hash> Promises::leaves(std::uint64_t first, std::uint64_t count) const {
  return std::span(leaves_).subspan(first, count);
}

Hash Promises::root() const { return root_of_edge(edge_); }

void Promises::acknowledge(std::string_view bundle, UnixNanos received, std::span<const Delivery> deliveries) {
  std::uint64_t at = bundle_.size();
  bundle_ += bundle;
  std::vector<ByteSpan> entries;
  while (at < bundle_.size()) {
    const std::size_t size = load_be16(&bundle_[at]);
    entries.push_back(as_byte_span(bundle_).subspan(at + 2, size));
    at += 2 + size;
    ends_.push_back(at);
  }
  const std::size_t before = leaves_.size();
  leaves_.resize(before + entries.size());
  crypto::hash_leaves(entries, leaves_.data() + before);
  for (std::size_t i = before; i < leaves_.size(); ++i) grow(edge_, i, leaves_[i]);
  deliveries_.insert(deliveries_.end(), deliveries.begin(), deliveries.end());
  if (!entries.empty()) received_last_ = received;
}

std::string Promises::hand_out(const log::SignedState& state) {
  if (state.size != size())
    return "a state of " + std::to_string(state.size) + " entries was signed where " + std::to_string(size()) + " are promised";
  if (state.root != root()) return "the signed root" + at_size(state.size) + " is not that of the promised entries";
  if (!state.note.starts_with(merkle::Checkpoint{key_.name, state.size, state.root}.text()))
    return "the note of the state" + at_size(state.size) + " says something else";
  const auto [it, fresh] = signed_.emplace(state.size, state.root);
  if (!fresh && it->second != state.root) return "two different states were signed" + at_size(state.size);
  return {};
}

std::string Promises::publish(const log::SignedState& state) {
  const auto known = signed_.find(state.size);
  if (known == signed_.end()) return "a state was published that was never signed" + at_size(state.size);
  if (known->second != state.root) return "the published root" + at_size(state.size) + " is not the one that was signed";
  if (published_.empty() || published_.back() != state.size) published_.push_back(state.size);
  return {};
}

std::string Promises::check_published(const log::SignedState* state) {
  const std::uint64_t last = published_.empty() ? 0 : published_.back();
  if (state == nullptr) return published_.empty() ? "" : "the state published" + at_size(last) + " is forgotten";
  if (state->size > size()) return "a state beyond all entries is published," + at_size(state->size);
  if (!published_.empty() && state->size < last)
    return "the state published" + at_size(last) + " is forgotten; the last is one" + at_size(state->size);
  return publish(*state);
}

std::string Promises::check_signature(const log::SignedState& state) const {
  const auto opened = merkle::open_checkpoint(state.note, key_);
  if (!opened) return "the note" + at_size(state.size) + " does not verify: " + opened.error().message;
  if (opened->size != state.size || opened->root != state.root) return "the note" + at_size(state.size) + " says something else";
  return {};
}

std::string Promises::recompute() const {
  std::vector<Hash> edge;
  std::uint64_t at = 0;
  for (std::uint64_t i = 0; i <= ends_.size(); ++i) {
    const auto known = signed_.find(i);
    if (known != signed_.end() && known->second != root_of_edge(edge))
      return "the root signed" + at_size(i) + " is not that of the entries";
    if (i == ends_.size()) break;
    const ByteSpan entry = as_byte_span(bundle_).subspan(at + 2, ends_[i] - at - 2);
    grow(edge, i, crypto::hash_leaf(entry));
    at = ends_[i];
  }
  return {};
}

}  // namespace stele::testing
