#include "collect/door_batch.h"

#include "base/json_text.h"
#include "collect/quarantine.h"
#include "event/json_tape.h"

namespace stele::collect {

normalise::Draft& DoorBatch::draft() {
  draft_.clear();
  return draft_;
}

normalise::Record& DoorBatch::record() {
  record_.clear();
  return record_;
}

void DoorBatch::add(std::string_view original, bool id_is_given) {
  (void)rules_.conclude(record_, draft_);
  draft_.write(event_, derived_);
  original_.clear();
  if (!original.empty()) append_json_bytes(original_, original);
  const std::string& quoted = draft_.text(normalise::Part::kId);
  const std::string id = quoted.size() < 2 ? "" : event::json_unescape(std::string_view(quoted).substr(1, quoted.size() - 2));
  if (const Status added = batch_.add(event_, derived_, original_, id); !added) return quarantine("too_large", original);
  originals_.emplace_back(id_is_given && !id.empty() ? original : std::string_view());
}

void DoorBatch::quarantine(std::string_view why, std::string_view bytes) {
  add_quarantined(batch_, door_, why, bytes, bytes.size(), now_);
  originals_.emplace_back();
  ++quarantined_;
}

}  // namespace stele::collect
