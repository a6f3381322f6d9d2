// Lines of files: of syslog, of access logs, or of whatever else there is.
#include <deque>

#include "base/json_text.h"
#include "collect/record_format.h"
#include "collect/syslog_event.h"
#include "collect/syslog_message.h"

namespace stele::collect {

namespace {

class LineFormat final : public RecordFormat {
 public:
  [[nodiscard]] std::string_view name() const override { return "line"; }

  void add(std::string_view record, DoorBatch& batch) const override {
    const SyslogMessage message = parse_syslog(record, batch.now());
    if (message.format == SyslogFormat::kFree) {
      const BegunEvent begun = begin_event(batch, name(), "line");
      claim_message(begun.draft, record);
      begun.record.set_text(record);
      return batch.add(record, true);
    }
    std::deque<std::string> names;
    normalise::Draft& draft = batch.draft();
    begin_syslog_event(message, batch.now(), draft, batch.record(), names);
    if (!is_utf8(message.message)) claim_message(draft, message.message);
    batch.add(record, true);
  }
};

class AccessLogFormat final : public RecordFormat {
 public:
  [[nodiscard]] std::string_view name() const override { return "access-log"; }

  void add(std::string_view record, DoorBatch& batch) const override {
    const BegunEvent begun = begin_event(batch, name(), "line");
    begun.record.set("app", name());
    begun.record.set_text(record);
    claim_message(begun.draft, record);
    batch.add(record, true, "no line of an access log");
  }
};

}  // namespace

std::unique_ptr<RecordFormat> make_line_format() { return std::make_unique<LineFormat>(); }
std::unique_ptr<RecordFormat> make_access_log_format() { return std::make_unique<AccessLogFormat>(); }

}  // namespace stele::collect
