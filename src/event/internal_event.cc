#include "event/internal_event.h"

#include "base/json_text.h"
#include "base/readable_text.h"

namespace stele::event {
namespace {

constexpr std::size_t kNameBytesMax = 1000;  // with the ellipsis within what the schema allows an id
constexpr std::size_t kTextBytesMax = 4096;

void append_text(std::string& out, std::string_view text, std::size_t bytes_max) {
  out += '"';
  append_readable(out, text, bytes_max);
  out += '"';
}

void append_value(std::string& out, const InternalEvent::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value))
    append_text(out, *text, kTextBytesMax);
  else if (const auto* number = std::get_if<std::uint64_t>(&value))
    append_decimal(out, *number);
  else
    out += std::get<bool>(value) ? "true" : "false";
}

}  // namespace

std::string internal_event_json(const InternalEvent& event) {
  std::string out =
      "{\"time\":\"" + format_time(event.time) + R"(","actor":{"type":")" + std::string(event.actor_type) + R"(","id":)";
  append_text(out, event.actor_id, kNameBytesMax);
  if (!event.actor_name.empty()) {
    out += ",\"name\":";
    append_text(out, event.actor_name, kNameBytesMax);
  }
  out += "},\"action\":";
  append_text(out, event.action, kNameBytesMax);
  out += ",\"category\":\"" + std::string(event.category) + "\",\"outcome\":\"" + std::string(event.outcome) + '"';
  if (!event.targets.empty()) {
    out += ",\"targets\":";
    char before = '[';
    for (const InternalEvent::Target& target : event.targets) {
      out += before;
      before = ',';
      out += "{\"type\":";
      append_text(out, target.type, kNameBytesMax);
      out += ",\"id\":";
      append_text(out, target.id, kNameBytesMax);
      out += '}';
    }
    out += ']';
  }
  if (!event.origin_ip.empty()) {
    out += ",\"origin\":{\"ip\":";
    append_text(out, event.origin_ip, kNameBytesMax);
    out += '}';
  }
  out += ",\"severity\":\"" + std::string(event.severity) + "\",\"message\":";
  append_text(out, event.message, kTextBytesMax);
  if (!event.attributes.empty()) {
    out += ",\"attributes\":";
    char before = '{';
    for (const auto& [name, value] : event.attributes) {
      out += before;
      before = ',';
      append_text(out, name, kNameBytesMax);
      out += ':';
      append_value(out, value);
    }
    out += '}';
  }
  return out + '}';
}

bool is_internal_entry(std::string_view entry) {
  return entry.size() > kHeadBytes && entry.substr(kHeadBytes).starts_with(kInternalSource);
}

Result<EntryBatch> internal_batch(const InternalEvent& event) {
  EntryBatch batch(Source{"stele", "internal", "", ""});
  STELE_TRY(batch.add(internal_event_json(event), {}, {}, {}));
  return batch;
}

}  // namespace stele::event
