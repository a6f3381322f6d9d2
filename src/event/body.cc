#include "event/body.h"

#include <string>

namespace stele::event {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

std::string_view trim(std::string_view s) {
  const auto first = s.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return s.substr(first, s.find_last_not_of(kSpace) - first + 1);
}

Error too_many(std::size_t events_max) {
  return {Code::kTooLarge, "more than " + std::to_string(events_max) + " events in one request"};
}

// Where the value at `from` ends: at a comma or bracket that is not within it, or at the end.
std::size_t value_end(std::string_view body, std::size_t from) {
  std::size_t depth = 0;
  for (std::size_t i = from; i < body.size(); ++i) {
    switch (body[i]) {
      case '"':
        for (++i; i < body.size() && body[i] != '"'; ++i) {
          if (body[i] == '\\') ++i;
        }
        break;
      case '{':
      case '[': ++depth; break;
      case '}':
      case ']':
        if (depth == 0) return i;
        if (--depth == 0) return i + 1;
        break;
      case ',':
        if (depth == 0) return i;
        break;
      default: break;
    }
  }
  return body.size();
}

Result<std::vector<std::string_view>> split_lines(std::string_view body, std::size_t events_max) {
  std::vector<std::string_view> events;
  while (!body.empty()) {
    const auto end = body.find('\n');
    const std::string_view line = trim(body.substr(0, end));
    body.remove_prefix(end == std::string_view::npos ? body.size() : end + 1);
    if (line.empty()) continue;
    if (events.size() == events_max) return too_many(events_max);
    events.push_back(line);
  }
  if (events.empty()) return invalid("the body holds no event");
  return events;
}

Result<std::vector<std::string_view>> split_array(std::string_view body, std::size_t events_max) {
  std::vector<std::string_view> events;
  std::size_t at = 1;
  for (;;) {
    const std::size_t end = value_end(body, at);
    const std::string_view element = trim(body.substr(at, end - at));
    at = body.find_first_not_of(kSpace, end);
    if (at == std::string_view::npos) return invalid("the array is not closed");
    const char after = body[at];
    if (after != ',' && after != ']')
      return invalid("',' or ']' is expected after element " + std::to_string(events.size()) + " of the array");
    if (element.empty() && after == ']' && events.empty()) return invalid("the array holds no event");
    if (events.size() == events_max) return too_many(events_max);
    events.push_back(element);
    ++at;
    if (after == ']') break;
  }
  if (at != body.size()) return invalid("text after the end of the array");
  return events;
}

}  // namespace

Result<std::vector<std::string_view>> split_events(std::string_view body, bool lines, std::size_t events_max) {
  if (lines) return split_lines(body, events_max);
  body = trim(body);
  if (body.empty()) return invalid("the body is empty; an event, an array of events, or one event a line is expected");
  if (body[0] == '[') return split_array(body, events_max);
  const bool several_lines = body[0] == '{' && body.find('\n') != std::string_view::npos;
  if (several_lines && value_end(body, 0) != body.size()) return split_lines(body, events_max);
  return std::vector<std::string_view>{body};
}

}  // namespace stele::event
