// What one record of the records door is, and what becomes of it. One file each (docs/formats/records.md).
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "collect/door_batch.h"

namespace stele::collect {

class RecordFormat {
 public:
  virtual ~RecordFormat() = default;

  [[nodiscard]] virtual std::string_view name() const = 0;
  // Its records are JSON: they may be sent as objects too.
  [[nodiscard]] virtual bool is_json() const { return false; }
  // Adds the record, of any bytes, to `batch`, as an event or quarantined. Thread-safe.
  virtual void add(std::string_view record, DoorBatch& batch) const = 0;
};

// All of them. Lives for ever.
std::span<const std::unique_ptr<RecordFormat>> record_formats();
// Null when there is none of that name.
const RecordFormat* find_record_format(std::string_view name);

std::unique_ptr<RecordFormat> make_line_format();
std::unique_ptr<RecordFormat> make_access_log_format();
std::unique_ptr<RecordFormat> make_document_format(std::string_view name);  // one of those of document_door.h
std::unique_ptr<RecordFormat> make_journal_format();
std::unique_ptr<RecordFormat> make_native_format();
std::unique_ptr<RecordFormat> make_audit_format();
std::unique_ptr<RecordFormat> make_postgres_csv_format();
std::unique_ptr<RecordFormat> make_postgres_json_format();

// What is said of a record before anything is known of it: when it came, and that it is one of `format`, concluded by
// `<format>/<how>@1`. They are the batch's draft and record, begun anew; the record has the field `format`.
struct BegunEvent {
  normalise::Draft& draft;
  normalise::Record& record;
};
BegunEvent begin_event(DoorBatch& batch, std::string_view format, std::string_view how);

// A message is text: what is not UTF-8 in it is written in characters (base/readable_text.h); the original has the bytes.
void claim_message(normalise::Draft& draft, std::string_view message);

}  // namespace stele::collect
