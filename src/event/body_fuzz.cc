// Bodies of any bytes, held against simdjson: the elements of what it calls an array are the events, in order and whole.
#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "event/body.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

// Every event is a piece of the body, and they follow one another.
void check_pieces(std::string_view body, const std::vector<std::string_view>& events) {
  const char* at = body.data();
  for (const std::string_view event : events) {
    if (event.empty()) continue;
    require(event.data() >= at && event.data() + event.size() <= body.data() + body.size());
    at = event.data() + event.size();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  for (const bool lines : {false, true}) {
    const auto events = stele::event::split_events(body, lines, 1000);
    if (events) check_pieces(body, *events);
  }
  static simdjson::dom::parser parser;
  static simdjson::dom::parser element_parser;
  simdjson::dom::element root;
  if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS) return 0;
  const auto events = stele::event::split_events(body, false, 1000);
  if (root.is_object()) require(events.ok() && events->size() == 1);
  if (!root.is_array()) return 0;
  const simdjson::dom::array array = root;
  std::size_t count = 0;
  for ([[maybe_unused]] const auto element : array) ++count;
  require(events.ok() == (count > 0 && count <= 1000));
  if (!events) return 0;
  require(events->size() == count);
  auto event = events->begin();
  for (const simdjson::dom::element expected : array) {
    simdjson::dom::element element;
    require(element_parser.parse(event->data(), event->size()).get(element) == simdjson::SUCCESS);
    require(simdjson::to_string(element) == simdjson::to_string(expected));
    ++event;
  }
  return 0;
}
