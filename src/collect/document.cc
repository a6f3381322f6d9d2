#include "collect/document.h"

#include "base/clock.h"

namespace stele::collect {

using normalise::Part;

void begin_document(DoorBatch& batch, std::string_view format, const event::JsonTape& document) {
  normalise::Draft& draft = batch.draft();
  draft.conclude(Part::kTime) = "\"" + format_time(batch.now()) + "\"";
  draft.conclude(Part::kActor) = R"({"type":"process","id":"unknown"})";
  draft.conclude(Part::kAction) = "\"" + std::string(format) + ".event\"";
  draft.conclude(Part::kCategory) = R"("system_activity")";
  draft.conclude(Part::kOutcome) = R"("unknown")";
  draft.set_unattributed(true);
  draft.set_by(std::string(format) + "/document@1");
  normalise::Record& record = batch.record();
  record.set("format", format);
  record.set_document(&document);
}

void add_document(DoorBatch& batch, std::string_view format, std::string_view text, event::JsonTape& tape) {
  event::JsonError error;
  if (!tape.parse(text, kDocumentLimits, error)) return batch.quarantine(error.code, text);
  if (tape.nodes()[0].type != event::JsonType::kObject) return batch.quarantine("no object", text);
  begin_document(batch, format, tape);
  batch.add(text, true);
}

}  // namespace stele::collect
