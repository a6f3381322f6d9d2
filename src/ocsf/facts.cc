#include "ocsf/facts.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/json_text.h"
#include "event/entry.h"

namespace stele::ocsf {
namespace {

using event::JsonType;

constexpr event::JsonLimits kLimits{event::kEntryBytesMax, 200, event::kEntryBytesMax};

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), text) != names.end();
}

}  // namespace

Result<std::unique_ptr<Facts>> Facts::read(std::string_view entry) {
  std::unique_ptr<Facts> facts(new Facts);
  STELE_TRY(facts->take_in(entry));
  return facts;
}

Status Facts::take_in(std::string_view entry) {
  event::JsonError error;
  if (!tape_.parse(entry, kLimits, error)) return corrupt("an entry is not JSON: " + error.message);
  event_ = JsonValue(tape_)["event"];
  attributes_ = event_["attributes"];
  const auto time = parse_time(event_["time"].text());
  const auto received = parse_time(JsonValue(tape_)["received"].text());
  const std::string action = event_["action"].text();
  actor_type_ = event_["actor"]["type"].text();
  if (!time || !received || action.empty() || actor_type_.empty()) return corrupt("an entry has no event");
  time_ = *time;
  received_ = *received;
  action_.emplace(action);
  category_ = event_["category"].text();
  outcome_ = event_["outcome"].text();
  event_["targets"].for_each([&](const JsonValue& one) {
    targets_.push_back({one, one["type"].text(), one["id"].text(), one["name"].text()});
  });
  return {};
}

bool Facts::is_category(std::initializer_list<std::string_view> names) const { return is_one_of(category_, names); }

bool Facts::is_area(std::initializer_list<std::string_view> names) const { return is_one_of(action_->area(), names); }

const Target* Facts::target(std::initializer_list<std::string_view> types) const {
  const auto found = std::find_if(targets_.begin(), targets_.end(),
                                  [&](const Target& one) { return !one.id.empty() && is_one_of(one.type, types); });
  return found == targets_.end() ? nullptr : &*found;
}

JsonValue Facts::attribute(std::initializer_list<std::string_view> names) const {
  for (const std::string_view name : names) {
    if (const JsonValue value = attributes_[name]) return value;
  }
  return {};
}

std::string Facts::take(const JsonValue& value) {
  std::string text = value.is(JsonType::kNumber) ? std::string(value.raw()) : value.text();
  if (!text.empty()) taken_.insert(value.raw().data());
  return text;
}

std::string Facts::take(const Target* target) {
  if (target == nullptr) return {};
  take(target->value["type"]);
  return take(target->value["id"]);
}

std::optional<std::int64_t> Facts::take_number(const JsonValue& value) {
  const auto number = parse_decimal(value.is(JsonType::kNumber) ? std::string(value.raw()) : value.text());
  if (!number || *number > INT64_MAX) return std::nullopt;
  taken_.insert(value.raw().data());
  return static_cast<std::int64_t>(*number);
}

std::string Facts::rest(const JsonValue& object) const {
  std::string out;
  return append_rest(object, out) ? out : std::string();
}

// False, with `out` unchanged, where all of it was taken.
bool Facts::append_rest(const JsonValue& value, std::string& out) const {
  const char* const begin = value.raw().data();
  if (taken_.contains(begin)) return false;
  const auto next = taken_.lower_bound(begin);
  if (next == taken_.end() || *next >= begin + value.raw().size()) {
    out += value.raw();
    return true;
  }
  const std::size_t before = out.size();
  const bool object = value.is(JsonType::kObject);
  out += object ? '{' : '[';
  const std::size_t start = out.size();
  const auto add = [&](std::string_view name, const JsonValue& member) {
    const std::size_t at = out.size();
    if (at != start) out += ',';
    if (object) {
      append_json_string(out, name);
      out += ':';
    }
    if (!append_rest(member, out)) out.resize(at);
  };
  if (object) {
    value.for_each_member(add);
  } else {
    value.for_each([&](const JsonValue& element) { add({}, element); });
  }
  if (out.size() == start) {
    out.resize(before);
    return false;
  }
  out += object ? '}' : ']';
  return true;
}

std::string readable(const JsonValue& value) {
  return value.is(JsonType::kString) ? value.text() : value["$attachment"]["head"].text();
}

}  // namespace stele::ocsf
