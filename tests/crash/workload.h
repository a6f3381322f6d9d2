// Random groups of entries, as a sequencer hands them to the store: stamped, hashed, some with ids of their own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "crash/promises.h"
#include "crash/test_log.h"
#include "log/store.h"
#include "support/prng.h"

namespace stele::testing {

// Batches for one commit, and what they promise once it succeeds.
struct Group {
  std::vector<log::Batch> batches;
  std::string bundle;
  std::uint64_t count = 0;
  UnixNanos received = 0;
  std::vector<Delivery> deliveries;
  std::vector<event::ApartValue> values;  // what the batches keep apart
};

class Workload {
 public:
  explicit Workload(std::uint64_t seed);

  // One to four batches (some of them empty) of 1 to `count_max` entries together; mostly few and small ones.
  Group group(std::uint64_t first_index, UnixNanos received, std::uint64_t count_max, std::uint64_t fingerprint_seed);
  // Exactly `count` small entries in one batch.
  Group bulk(std::uint64_t first_index, UnixNanos received, std::uint64_t count, std::uint64_t fingerprint_seed);

 private:
  void add_values(Group& group, log::Batch& batch);
  void add_batch(Group& group, std::uint64_t first_index, std::uint64_t count, std::uint64_t event_bytes_max,
                 std::uint64_t fingerprint_seed);

  Prng prng_;
  SeededRandom random_;
  bool keeps_values_;  // some logs do; reading them again takes time
  std::string prose_;
  std::uint64_t next_id_ = 1;
};

}  // namespace stele::testing
