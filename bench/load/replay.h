// Requests that were made beforehand, held in memory, and what keeps them distinct when they are sent more than once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "corpus.h"

namespace stele::bench {

// Every time that this stands in a request, eight hexadecimal digits are written over it, others in each round: ids that are
// made with it never meet again.
inline constexpr std::string_view kRoundMark = "qzROUND0";

// A file of requests: of each its length and its number of events, four bytes each, little-endian, then its bytes.
class Replay {
 public:
  // Reads the whole file. `in_flight_max` is how many requests may be unanswered at a time. `first_round` starts the ids
  // elsewhere, so that two runs against one log do not collide. Gives up if the file cannot be read or has too few requests.
  Replay(const std::string& path, std::uint64_t in_flight_max, std::uint64_t first_round);

  // The next request; its `first` is its number. Its bytes stay unchanged until all others were sent.
  Slice next();

  [[nodiscard]] std::uint64_t size() const { return requests_.size(); }
  // Events in the first request; the others have as many.
  [[nodiscard]] std::uint64_t batch() const { return requests_.front().events; }

 private:
  struct Made {
    std::size_t offset = 0;
    std::size_t length = 0;
    std::uint32_t events = 0;
    std::vector<std::uint32_t> marks;  // where in it the rounds are written
  };

  std::string bytes_;
  std::vector<Made> requests_;
  std::size_t cursor_ = 0;
  std::uint64_t round_;
};

}  // namespace stele::bench
