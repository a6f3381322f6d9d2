#include "collect/document.h"

#include "collect/record_format.h"

namespace stele::collect {

void begin_document(DoorBatch& batch, std::string_view format, const event::JsonTape& document) {
  begin_event(batch, format, "document").record.set_document(&document);
}

void add_document(DoorBatch& batch, std::string_view format, std::string_view text, event::JsonTape& tape) {
  event::JsonError error;
  if (!tape.parse(text, kDocumentLimits, error)) return batch.quarantine(error.code, text);
  if (tape.nodes()[0].type != event::JsonType::kObject) return batch.quarantine("no object", text);
  begin_document(batch, format, tape);
  batch.add(text, true);
}

}  // namespace stele::collect
