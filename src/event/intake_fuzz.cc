// Whatever the intake lets in is I-JSON, is stored as it came, and can be read back out of its entry.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/json_text.h"
#include "event/delivery_key.h"
#include "event/entry.h"
#include "event/intake.h"

namespace {

namespace se = stele::event;

constexpr se::JsonLimits kLimits{1U << 20, 64, 20'000};
constexpr se::JsonLimits kWide{1U << 22, 200, 1U << 20};

void require(bool holds) {
  if (!holds) std::abort();
}

// Undoes {"$literal":…}, as docs/formats/entry.md tells readers to.
void append_unescaped(const se::JsonTape& tape, std::uint32_t at, bool as_it_is, std::string& out) {
  const se::JsonNode& node = tape.nodes()[at];
  const bool object = node.type == se::JsonType::kObject;
  if (object && !as_it_is && node.end > at + 1 && tape.nodes()[at + 1].end == node.end &&
      tape.key(tape.nodes()[at + 1]) == "$literal") {
    append_unescaped(tape, at + 1, true, out);
    return;
  }
  if (!object && node.type != se::JsonType::kArray) {
    out += tape.raw(node);
    return;
  }
  out += object ? '{' : '[';
  tape.for_each_child(at, [&](std::uint32_t child) {
    if (child != at + 1) out += ',';
    if (object) out += "\"" + std::string(tape.key(tape.nodes()[child])) + "\":";
    append_unescaped(tape, child, false, out);
  });
  out += object ? '}' : ']';
}

void check_accepted(se::Intake& intake, std::string_view json, const se::Accepted& accepted) {
  static se::JsonTape tape;
  se::JsonError error;
  require(tape.parse(json, kLimits, error));
  std::string as_it_came(tape.text());
  if (!accepted.derived.empty()) as_it_came.replace(as_it_came.size() - 1, 1, R"(,"outcome":"unknown"})");
  require(tape.parse(accepted.text, kWide, error) && tape.text() == accepted.text);
  std::string unescaped;
  append_unescaped(tape, 0, false, unescaped);
  require(unescaped == as_it_came);
  if (accepted.text == as_it_came) {  // nothing was escaped: reading it again changes nothing
    se::Accepted again;
    if (intake.read(accepted.text, again, error)) {
      require(again.text == accepted.text && again.id == accepted.id && again.derived.empty());
    } else {
      require(error.code == "too_large");  // by the outcome that was added
    }
  }
  se::EntryBatch batch({"s", "http", "", ""});
  if (!batch.add(accepted.text, accepted.derived, {}, accepted.id).ok()) return;
  const auto view = se::read_entry(batch.entry(0));
  require(view.ok() && view->event == accepted.text && view->derived == accepted.derived);
  const auto key = se::DeliveryKeyReader().read(batch.entry(0));
  require(key.ok() && key->has_value() == !accepted.id.empty());
  require(accepted.id.empty() || (*key)->event_id == accepted.id);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static se::Intake intake(kLimits);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // The input as an event, and as more members of a good one.
  std::string members = R"({"time":"2026-11-23T16:20:00Z","actor":{"type":"user","id":"u"},"action":"a",)";
  members += text;
  members += '}';
  for (const std::string_view json : {text, std::string_view(members)}) {
    se::Accepted accepted;
    se::Finding error;
    if (intake.read(json, accepted, error)) {
      for (const se::Finding& warning : accepted.warnings)
        require(stele::is_utf8(warning.path) && stele::is_utf8(warning.message));
      check_accepted(intake, json, accepted);
    } else {
      require(!error.code.empty() && !error.message.empty() && stele::is_utf8(error.path) && stele::is_utf8(error.message));
    }
  }
  return 0;
}
