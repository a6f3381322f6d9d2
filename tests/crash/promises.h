// What a log has promised: each entry that it acknowledged, each state that it signed, each that it published. Kept
// outside the log, and computed by other code than the log's own.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "log/delivery_window.h"
#include "log/store.h"
#include "merkle/note.h"

namespace stele::testing {

// An event with an id of its own, where it was stored.
struct Delivery {
  log::KeyFingerprint key = 0;
  std::uint64_t index = 0;
  UnixNanos received = 0;
};

// The functions that hand back a string complain: empty when all is as promised.
class Promises {
 public:
  explicit Promises(merkle::VerifierKey key) : key_(std::move(key)) {}

  [[nodiscard]] std::uint64_t size() const { return ends_.size(); }
  // Entries [first, first + count) in bundle encoding, and their leaves.
  [[nodiscard]] std::string_view bytes(std::uint64_t first, std::uint64_t count) const;
  [[nodiscard]] std::span<const Hash> leaves(std::uint64_t first, std::uint64_t count) const;
  // MTH of all entries; that of a state signed before.
  [[nodiscard]] Hash root() const;
  [[nodiscard]] const std::map<std::uint64_t, Hash>& signed_roots() const { return signed_; }
  [[nodiscard]] const std::vector<std::uint64_t>& published_sizes() const { return published_; }
  [[nodiscard]] const std::vector<Delivery>& deliveries() const { return deliveries_; }
  [[nodiscard]] UnixNanos received_last() const { return received_last_; }

  // Entries in bundle encoding, acknowledged from now on.
  void acknowledge(std::string_view bundle, UnixNanos received, std::span<const Delivery> deliveries);
  // A state was handed out: it is of all that is promised and no other was signed at its size.
  [[nodiscard]] std::string hand_out(const log::SignedState& state);
  // A state was published: it was handed out before.
  [[nodiscard]] std::string publish(const log::SignedState& state);
  // The published state after a recovery: none that was published before is missing. It may be one more.
  [[nodiscard]] std::string check_published(const log::SignedState* state);

  // Whether the text of `state` says what the state says, signed by the log's key. Slow.
  [[nodiscard]] std::string check_signature(const log::SignedState& state) const;

  // Hashes everything again, and compares the roots at every signed size with those handed out. Slow.
  [[nodiscard]] std::string recompute() const;

 private:
  merkle::VerifierKey key_;
  std::string bundle_;
  std::vector<std::uint64_t> ends_;
  std::vector<Hash> leaves_;
  std::vector<Hash> edge_;  // roots of the perfect subtrees of D[size], largest first
  std::vector<Delivery> deliveries_;
  UnixNanos received_last_ = 0;
  std::map<std::uint64_t, Hash> signed_;
  std::vector<std::uint64_t> published_;
};

}  // namespace stele::testing
