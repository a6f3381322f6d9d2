#include "collect/record_format.h"

#include <algorithm>
#include <vector>

#include "base/readable_text.h"
#include "collect/document_door.h"

namespace stele::collect {

using normalise::Part;

std::span<const std::unique_ptr<RecordFormat>> record_formats() {
  static const auto kFormats = [] {
    std::vector<std::unique_ptr<RecordFormat>> out;
    out.push_back(make_line_format());
    out.push_back(make_access_log_format());
    for (const std::string_view name : document_formats()) out.push_back(make_document_format(name));
    out.push_back(make_journal_format());
    out.push_back(make_native_format());
    out.push_back(make_audit_format());
    out.push_back(make_postgres_csv_format());
    out.push_back(make_postgres_json_format());
    return out;
  }();
  return kFormats;
}

const RecordFormat* find_record_format(std::string_view name) {
  const auto all = record_formats();
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& one) { return one->name() == name; });
  return found == all.end() ? nullptr : found->get();
}

BegunEvent begin_event(DoorBatch& batch, std::string_view format, std::string_view how) {
  normalise::Draft& draft = batch.draft();
  draft.conclude(Part::kTime) = "\"" + format_time(batch.now()) + "\"";
  draft.conclude(Part::kActor) = R"({"type":"process","id":"unknown"})";
  draft.conclude(Part::kAction) = "\"" + std::string(format) + ".event\"";
  draft.conclude(Part::kCategory) = R"("system_activity")";
  draft.conclude(Part::kOutcome) = R"("unknown")";
  draft.set_unattributed(true);
  draft.set_by(std::string(format) + "/" + std::string(how) + "@1");
  normalise::Record& record = batch.record();
  record.set("format", format);
  return {draft, record};
}

void claim_message(normalise::Draft& draft, std::string_view message) {
  std::string& out = draft.claim(Part::kMessage);
  out.push_back('"');
  append_readable(out, message);
  out.push_back('"');
}

}  // namespace stele::collect
