// Where records come from, and what is gathered from all streams at once to be made durable.
#pragma once

#include <poll.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/record.h"
#include "agent/spool_format.h"

namespace stele::agent {

// Something that the agent itself has to tell: becomes a record of format "event" with the action "stele.agent.<name>".
struct Notice {
  std::string name;
  std::string_view severity = "info";  // as event/schema.h lists them, like the outcome
  std::string_view outcome = "success";
  std::string message;                                          // one sentence
  std::vector<std::pair<std::string, std::string>> attributes;  // values are JSON
};

// Attributes of a notice.
std::pair<std::string, std::string> text_attribute(std::string name, std::string_view value);  // of any bytes
std::pair<std::string, std::string> number_attribute(std::string name, std::uint64_t value);

// The records and positions that become durable together.
class Batch {
 public:
  // Begins anew: the first record gets `first_seq`; there is room for about so many bytes of lines, none with 0.
  void begin(const Sequence& sequence, std::uint64_t first_seq, std::uint64_t bytes_max);

  // Who adds records asks before each of them: a batch is longer by one record at most.
  [[nodiscard]] bool has_room() const { return lines_.size() < bytes_max_ && count_ < kRecordsMax; }
  void add(const CapturedRecord& record);
  void set_position(const std::string& key, std::string value) { positions_.insert_or_assign(key, std::move(value)); }
  // To be told as a record of this batch, behind those of the streams: durable together with the positions that go with it.
  void tell(Notice notice) { notices_.push_back(std::move(notice)); }

  [[nodiscard]] bool empty() const { return count_ == 0 && positions_.empty(); }
  [[nodiscard]] std::uint32_t count() const { return count_; }
  [[nodiscard]] const std::string& lines() const { return lines_; }
  [[nodiscard]] const Positions& positions() const { return positions_; }
  [[nodiscard]] std::vector<Notice> take_notices() { return std::exchange(notices_, {}); }

 private:
  static constexpr std::uint32_t kRecordsMax = 20'000;
  const Sequence* sequence_ = nullptr;
  std::uint64_t first_seq_ = 1;
  std::uint64_t bytes_max_ = 0;
  std::uint32_t count_ = 0;
  std::string lines_;
  Positions positions_;
  std::vector<Notice> notices_;
};

struct StreamState {
  std::string name;
  std::string state;            // "following", "waiting for it to appear", why it cannot be read
  std::uint64_t lag_bytes = 0;  // that are there and not read; 0 where nobody knows
};

// All calls come from one thread.
class Stream {
 public:
  virtual ~Stream() = default;

  // The descriptors that become readable when there is something to collect.
  virtual void watch(std::vector<pollfd>& out) const = 0;
  // Takes what is there as long as the batch has room, and keeps an eye on what must not get lost meanwhile also when it has
  // none. `now` is monotonic, in nanoseconds. True when there is more at once.
  virtual bool collect(Batch& batch, std::int64_t now) = 0;
  // What the batch held is durable.
  virtual void committed() {}
  // The agent stops: what was begun is taken, as far as it would be lost and the batch has room. True when there is more, for
  // the next one.
  virtual bool finish(Batch& batch) {
    (void)batch;
    return false;
  }
  virtual void describe(std::vector<StreamState>& out) const = 0;
};

}  // namespace stele::agent
