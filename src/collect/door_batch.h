// What a door hands to the log at once: events as the rules understood them, and what could not be taken as one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "collect/sender.h"
#include "event/entry.h"
#include "normalise/ruleset.h"

namespace stele::collect {

class DoorBatch {
 public:
  DoorBatch(const event::Source& source, const normalise::Ruleset& rules, UnixNanos now)
      : batch_(source), rules_(rules), door_(source.kind), now_(now) {}

  // When the request came.
  [[nodiscard]] UnixNanos now() const { return now_; }

  // What is added from now on was handed on by `sender`.
  void set_sender(Sender sender) { sender_ = std::move(sender); }
  [[nodiscard]] const Sender& sender() const { return sender_; }

  // A draft and a record to fill: empty, but for the id that a sender gave. They are the same each time.
  normalise::Draft& draft();
  normalise::Record& record();
  // One more field of the record.
  void also(std::string_view name, std::string_view bytes) { record_.set(name, bytes); }

  // Lets the rules conclude from the record, and adds the draft as an event. `original` is the input, of any bytes; empty when
  // the event says it all. What is longer than an entry is quarantined. `id_is_given`: the source chose the id, so that it may
  // have used it for something else before; the original is then kept for quarantine_conflict(). Where no rule concluded it is
  // quarantined, if `else_why` says why.
  void add(std::string_view original, bool id_is_given, std::string_view else_why = {});
  // Adds an event in Stele's own shape, under the id that it has or none. `sent` is what came, and is kept where asked.
  void add_native(std::string_view event, std::string_view derived, std::string_view id, std::string_view sent, bool keep);
  // Keeps the start of what is no event, with the reason. `length`: on the wire, where that is more than `bytes`.
  void quarantine(std::string_view why, std::string_view bytes, std::uint64_t length = 0);

  // What the log did not take because its id stands for other bytes: the originals of these, by their place in the batch.
  [[nodiscard]] const std::vector<std::string>& originals() const { return originals_; }

  [[nodiscard]] std::size_t count() const { return batch_.count(); }
  [[nodiscard]] std::uint64_t quarantined() const { return quarantined_; }
  [[nodiscard]] event::EntryBatch take() && { return std::move(batch_); }

 private:
  event::EntryBatch batch_;
  const normalise::Ruleset& rules_;
  std::string door_;
  UnixNanos now_;
  Sender sender_;
  normalise::Draft draft_;
  normalise::Record record_;
  std::string event_;
  std::string derived_;
  std::string original_;
  std::vector<std::string> originals_;  // one an event, empty where no conflict is possible
  std::uint64_t quarantined_ = 0;
};

}  // namespace stele::collect
