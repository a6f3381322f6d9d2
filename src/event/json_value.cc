#include "event/json_value.h"

#include "base/bytes.h"

namespace stele::event {

JsonValue JsonValue::operator[](std::string_view key) const {
  JsonValue found;
  if (!is(JsonType::kObject)) return found;
  tape_->for_each_child(at_, [&](std::uint32_t child) {
    const JsonNode& member = tape_->nodes()[child];
    const std::string_view name = tape_->key(member);
    if (member.key_escaped ? json_unescape(name) == key : name == key) found = JsonValue(*tape_, child);
  });
  return found;
}

std::string JsonValue::text() const {
  if (!is(JsonType::kString)) return {};
  std::string scratch;
  return std::string(tape_->string(node(), scratch));
}

std::optional<std::uint64_t> JsonValue::number() const {
  if (!is(JsonType::kNumber)) return std::nullopt;
  return parse_decimal(raw());
}

}  // namespace stele::event
