// What one destination has still to be told, and in which order: no I/O, no clock of its own.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "base/clock.h"
#include "notify/notice.h"

namespace stele::notify {

// Notices of one kind and subject are one topic. The first goes out at once; those that follow within the quiet time after it
// was sent wait for its end and go out as one: the last of them, with the number of the others. Those that wait because the
// destination is not reached are summed up in the same way. What is being tried stays as it is until it was taken, so that a
// repeat is the same message. Nothing is dropped. Not thread-safe.
class Outbox {
 public:
  // Topics that wait at a time. Further ones of one kind are summed up whatever their subject.
  static constexpr std::size_t kTopicsMax = 200;

  explicit Outbox(std::int64_t quiet_nanos) : quiet_(quiet_nanos) {}

  void take(const Notice& notice, UnixNanos now);

  // What is to be tried now, oldest first: the same again until sent(). Nothing when nothing is due.
  const Notice* next(UnixNanos now);
  // When next() may have something, if it has nothing now.
  [[nodiscard]] std::optional<UnixNanos> due(UnixNanos now) const;
  // What next() gave was taken by the other side.
  void sent(UnixNanos now);

  // Notices, those that are summed up among them.
  [[nodiscard]] std::uint64_t pending() const;

  // For the state file: one JSON object, and back. kInvalid when it is none of these.
  [[nodiscard]] std::string json() const;
  Status restore(event::JsonValue json);

 private:
  using Topic = std::tuple<std::string, std::string, std::string>;  // kind, subject's type and id
  struct Waiting {
    Notice notice;
    UnixNanos due = 0;
  };
  static Topic topic_of(const Notice& notice) { return {notice.kind, notice.subject_type, notice.subject}; }
  // A wall clock that was set back must not hold anything for longer than the quiet time.
  [[nodiscard]] bool is_due(UnixNanos due, UnixNanos now) const { return due <= now || due - now > quiet_; }
  Waiting* find(const Topic& topic);

  std::int64_t quiet_;
  std::optional<Notice> trying_;
  std::deque<Waiting> waiting_;
  std::map<Topic, UnixNanos> quiet_until_;
};

}  // namespace stele::notify
