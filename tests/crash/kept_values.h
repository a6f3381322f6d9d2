// The values that a log keeps apart and has promised to give back, or to have erased.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>

#include "event/apart_value.h"
#include "log/apart_store.h"
#include "support/prng.h"

namespace stele::testing {

class KeptValues {
 public:
  [[nodiscard]] bool empty() const { return values_.empty(); }

  // They are durable from now on.
  void keep(std::span<const event::ApartValue> values);
  // One whose erasure begins: until it is done it may be there, in part or not at all.
  const event::ApartValue& begin_erasure(Prng& prng);
  void end_erasure(const event::ApartValue& value);

  // What is not as promised of some of them, or of all; empty when all is.
  [[nodiscard]] std::string check(const log::ApartStore& store, Prng& prng) const;
  [[nodiscard]] std::string check_all(const log::ApartStore& store) const;

 private:
  enum class State { kKept, kBeingErased, kErased };
  struct Kept {
    event::ApartValue value;
    State state = State::kKept;
  };
  static std::string check_one(const log::ApartStore& store, const Kept& kept);
  [[nodiscard]] std::map<Hash, Kept>::const_iterator any(Prng& prng) const;

  std::map<Hash, Kept> values_;
};

}  // namespace stele::testing
