// What a door hands to the log at once: events as the rules understood them, and what could not be taken as one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "apart/keeper.h"
#include "base/clock.h"
#include "collect/sender.h"
#include "event/entry.h"
#include "normalise/ruleset.h"

namespace stele::collect {

// What every door makes of what came: the rules that say what it means, and who keeps apart what may not stand in an entry. Both
// outlive it.
struct Understanding {
  const normalise::Ruleset& rules;
  const apart::Keeper& keeper;
};

class DoorBatch {
 public:
  DoorBatch(const event::Source& source, const Understanding& understanding, UnixNanos now)
      : batch_(source), understanding_(understanding), door_(source.kind), now_(now) {}

  // When the request came.
  [[nodiscard]] UnixNanos now() const { return now_; }

  // What is added from now on was handed on by `sender`.
  void set_sender(Sender sender) { sender_ = std::move(sender); }
  [[nodiscard]] const Sender& sender() const { return sender_; }

  // What nobody can be named for is quarantined ("unattributed"), as the source's owner wants it.
  void set_strict(bool strict) { strict_ = strict; }

  // A draft and a record to fill: empty, but for the id that a sender gave. They are the same each time.
  normalise::Draft& draft();
  normalise::Record& record();
  // One more field of the record.
  void also(std::string_view name, std::string_view bytes) { record_.set(name, bytes); }

  // Lets the rules conclude from the record, and adds the draft as an event. `original` is the input, of any bytes; empty when
  // the event says it all. What the keeper cannot make fit is quarantined. `id_is_given`: the source chose the id, so that it may
  // have used it for something else before; the original is then kept for quarantine_conflict(). Where no rule concluded it is
  // quarantined, if `else_why` says why.
  void add(std::string_view original, bool id_is_given, std::string_view else_why = {});
  // Adds an event in Stele's own shape, under the id that it has or none. `sent` is what came, and is kept where asked.
  void add_native(std::string_view event, std::string_view derived, std::string_view id, std::string_view sent, bool keep);
  // Keeps what is no event, with the reason. `length`: on the wire, where that is more than `bytes`.
  void quarantine(std::string_view why, std::string_view bytes, std::uint64_t length = 0);

  // Says that what the sender numbers so is there already, as entry `index`.
  void note_repeat(std::uint64_t index);

  // What was added, by its place in the batch, to be quarantined where the log did not take it because its id stands for other
  // bytes. Empty where that cannot be.
  struct Sent {
    std::string original;
    Sender sender;  // without the id that the log did not take
  };
  [[nodiscard]] std::vector<Sent> take_sent() { return std::move(sent_); }

  [[nodiscard]] std::size_t count() const { return batch_.count(); }
  [[nodiscard]] std::uint64_t quarantined() const { return quarantined_; }
  [[nodiscard]] event::EntryBatch take() && { return std::move(batch_); }

 private:
  void note_sent(std::string_view id, std::string_view original);

  event::EntryBatch batch_;
  const Understanding& understanding_;
  std::string door_;
  UnixNanos now_;
  bool strict_ = false;
  Sender sender_;
  normalise::Draft draft_;
  normalise::Record record_;
  std::string event_;
  std::string derived_;
  std::vector<Sent> sent_;
  std::uint64_t quarantined_ = 0;
};

}  // namespace stele::collect
