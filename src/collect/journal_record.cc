// Entries of systemd's journal as records: objects as `journalctl -o json` writes them.
#include "collect/journal_event.h"
#include "collect/record_format.h"

namespace stele::collect {
namespace {

class JournalFormat final : public RecordFormat {
 public:
  [[nodiscard]] std::string_view name() const override { return "journal"; }
  [[nodiscard]] bool is_json() const override { return true; }

  void add(std::string_view record, DoorBatch& batch) const override {
    constexpr event::JsonLimits kLimits{1U << 20, 8, 600'000};  // bytes that are no text come as one number each
    thread_local event::JsonTape tape;
    thread_local JournalEntry entry;
    event::JsonError error;
    if (!tape.parse(record, kLimits, error)) return batch.quarantine(error.code, record);
    if (!read_journal_json(tape, entry)) return batch.quarantine("no journal entry", record);
    normalise::Draft& draft = batch.draft();
    journal_event(entry, batch.now(), draft, batch.record());
    batch.add(record, true);
  }
};

}  // namespace

std::unique_ptr<RecordFormat> make_journal_format() { return std::make_unique<JournalFormat>(); }

}  // namespace stele::collect
