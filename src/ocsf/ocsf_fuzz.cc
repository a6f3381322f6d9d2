// Whatever is given, ocsf_event ends with an event that is JSON, or with kCorrupt.
#include "event/json_tape.h"
#include "ocsf/ocsf_event.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view entry(reinterpret_cast<const char*>(data), size);
  const auto event = stele::ocsf::ocsf_event(entry, size, "main");
  if (!event) {
    if (event.error().code != stele::Code::kCorrupt) __builtin_trap();
    return 0;
  }
  stele::event::JsonTape tape;
  stele::event::JsonError error;
  if (!tape.parse(*event, {1U << 24, 250, 1U << 20}, error)) __builtin_trap();
  return 0;
}
