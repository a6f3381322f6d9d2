// The corpus held in memory, and what keeps its events distinct when it is sent more than once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stele::bench {

// An id that `bench_load corpus --ids` writes: `"id":"evt_` + 6 hex digits of the round + 10 of the event's number.
inline constexpr std::string_view kIdHead = "{\"id\":\"evt_";
inline constexpr std::string_view kRequestIdHead = "\"request_id\":\"";
inline constexpr std::size_t kRoundDigits = 6;
inline constexpr std::size_t kIdDigits = 16;

// A run of whole lines of the corpus, without the newline at its end.
struct Slice {
  std::string_view bytes;
  std::uint64_t first = 0;  // number of the first event within the corpus
  std::uint32_t events = 0;
};

// NDJSON as `bench_load corpus` wrote it, cut into batches beforehand. Every time the corpus has been used up a new round
// begins, in which each event gets another id and another request id (written over the bytes in memory, same length):
// a log never sees the same event twice.
class Corpus {
 public:
  // Reads the whole file into memory. `batch` events make one slice; what does not fill a batch is left out.
  // `in_flight_max` is how many slices may be unanswered at a time. `first_round` starts the ids elsewhere, so that two
  // runs against one log do not collide. Gives up if the file cannot be read or is too small for a slice in every
  // connection with room to spare.
  Corpus(const std::string& path, std::uint64_t batch, std::uint64_t in_flight_max, std::uint64_t first_round);
  ~Corpus();
  Corpus(const Corpus&) = delete;
  Corpus& operator=(const Corpus&) = delete;

  // The next batch. Its bytes stay unchanged until the corpus has been used up once more.
  Slice next();

  // The event with this number (less than `size`), as the file has it or as the last round wrote it.
  [[nodiscard]] std::string_view event(std::uint64_t number) const;
  [[nodiscard]] std::uint64_t size() const { return events_.size(); }

 private:
  struct Event {
    std::uint64_t offset = 0;
    std::uint32_t length = 0;
    std::uint16_t id_at = 0;       // offset of the id's digits, 0 without an id
    std::uint16_t request_at = 0;  // offset of the request id, 0 without one
  };

  void load(const std::string& path);
  void find_events();
  void rename(std::uint64_t first);

  char* bytes_ = nullptr;
  std::size_t length_ = 0;
  std::vector<Event> events_;
  std::uint64_t batch_;
  std::uint64_t batches_ = 0;  // in one round
  std::uint64_t cursor_ = 0;   // next batch of this round
  std::uint64_t round_;
};

}  // namespace stele::bench
