#include "collect/door_batch.h"

#include <algorithm>

#include "base/json_text.h"
#include "collect/quarantine.h"
#include "event/json_tape.h"

namespace stele::collect {
namespace {

std::string_view reason_of(const Error& error) { return error.code == Code::kTooLarge ? "too_large" : "invalid_json"; }

}  // namespace

normalise::Draft& DoorBatch::draft() {
  draft_.clear();
  if (!sender_.id.empty()) append_json_string(draft_.claim(normalise::Part::kId), sender_.id);
  return draft_;
}

normalise::Record& DoorBatch::record() {
  record_.clear();
  return record_;
}

void DoorBatch::add(std::string_view original, bool id_is_given, std::string_view else_why) {
  if (std::string scratch; !record_.find("host", scratch)) record_.set("host", sender_.host);
  if (understanding_.rules.conclude(record_, draft_) == nullptr && !else_why.empty()) return quarantine(else_why, original);
  complete(draft_, sender_);
  draft_.write(event_, derived_);
  const std::string& quoted = draft_.text(normalise::Part::kId);
  const std::string id = quoted.size() < 2 ? "" : event::json_unescape(std::string_view(quoted).substr(1, quoted.size() - 2));
  if (strict_ && draft_.unattributed()) return quarantine("unattributed", original);
  if (const Status kept = understanding_.keeper.add(batch_, {event_, derived_, original, id}); !kept)
    return quarantine(reason_of(kept.error()), original);
  note_sent(id_is_given ? id : "", original);
}

void DoorBatch::add_native(std::string_view event, std::string_view derived, std::string_view id, std::string_view sent,
                           bool keep) {
  if (const Status kept = understanding_.keeper.add(batch_, {event, derived, keep ? sent : std::string_view(), id}); !kept)
    return quarantine(reason_of(kept.error()), sent);
  note_sent(id, sent);
}

void DoorBatch::quarantine(std::string_view why, std::string_view bytes, std::uint64_t length) {
  add_quarantined(batch_, understanding_.keeper, door_, why, bytes, std::max<std::uint64_t>(length, bytes.size()), now_, sender_);
  note_sent(sender_.id, bytes);
  ++quarantined_;
}

void DoorBatch::note_repeat(std::uint64_t index) {
  add_repeat(batch_, understanding_.keeper, door_, index, now_, sender_);
  note_sent(sender_.id, {});
}

void DoorBatch::note_sent(std::string_view id, std::string_view original) {
  Sent& sent = sent_.emplace_back();
  if (id.empty()) return;
  sent.original = original;
  sent.sender = sender_;
  if (sender_.id == id) sent.sender.id.clear();
}

}  // namespace stele::collect
