// A stream in the journal export format, or a JSON object of journalctl: the entries are the same however the stream is cut,
// within their bounds, and every one makes an event by the schema.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <tuple>
#include <vector>

#include "collect/door_batch.h"
#include "collect/journal_event.h"
#include "collect/journal_export.h"
#include "event/intake.h"
#include "io/file.h"
#include "support/understanding.h"

namespace {

namespace sc = stele::collect;
namespace se = stele::event;

constexpr sc::JournalExportLimits kLimits{4096, 16, 1U << 20};
constexpr stele::UnixNanos kNow = 1'795'450'805'000'000'000;

void require(bool holds) {
  if (!holds) std::abort();
}

using Copy = std::tuple<std::string, std::string, std::uint64_t, std::string>;

struct Outcome {
  std::vector<Copy> copies;
  std::vector<sc::JournalExportEntry> entries;
  bool failed = false;
};

Outcome read_all(std::string_view stream, std::size_t step) {
  sc::JournalExportReader reader(kLimits);
  Outcome out;
  while (!stream.empty() && !out.failed) {
    reader.push(std::string(stream.substr(0, step)));
    stream.remove_prefix(std::min(step, stream.size()));
    for (;;) {
      auto next = reader.next();
      out.failed = !next.ok();
      if (out.failed || !*next) break;
      const sc::JournalExportEntry& one = **next;
      require(one.length > 0 && one.entry.bytes().size() <= kLimits.entry_bytes_max && one.entry.size() <= kLimits.fields_max);
      require((one.entry.bytes().size() < one.length) == (one.fault == "oversized"));
      std::string fields;
      for (std::size_t i = 0; i < one.entry.size(); ++i) {
        const sc::JournalField field = one.entry.field(i);
        require(sc::is_journal_field_name(field.name));
        fields += std::string(field.name) + "=" + std::string(field.value) + "\n";
      }
      out.copies.emplace_back(one.entry.bytes(), one.fault, one.length, fields);
      out.entries.push_back(*std::move(*next));
    }
  }
  return out;
}

void check_event(const sc::JournalEntry& entry, std::string_view original) {
  static se::Intake intake({1U << 22, 160, 1U << 20});
  sc::DoorBatch batch({"s", "journal-upload", "192.0.2.1:1", ""}, stele::testing::shipped_understanding(), kNow);
  sc::journal_event(entry, kNow, batch.draft(), batch.record());
  batch.add(original, false);
  const se::EntryBatch entries = std::move(batch).take();
  require(entries.count() == 1);
  const auto view = se::read_entry(entries.entry(0));
  require(view.ok());
  se::Accepted accepted;
  se::Finding error;
  require(intake.read(view->event, accepted, error));
  require(accepted.id == entries.event_id(0));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const Outcome whole = read_all(input, size == 0 ? 1 : size);
  for (const std::size_t step : {std::size_t{7}, 1 + size / 4096}) {
    const Outcome pieces = read_all(input, step);
    require(pieces.copies == whole.copies && pieces.failed == whole.failed);
  }
  for (const sc::JournalExportEntry& one : whole.entries) check_event(one.entry, one.entry.bytes());
  se::JsonTape tape;
  se::JsonError error;
  sc::JournalEntry entry;
  if (tape.parse(input, {1U << 16, 8, 5000}, error) && sc::read_journal_json(tape, entry)) check_event(entry, input);
  return 0;
}
