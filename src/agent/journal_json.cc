#include "agent/journal_json.h"

#include <algorithm>
#include <charconv>

#include "base/json_text.h"

namespace stele::agent {
namespace {

void append_value(std::string& out, std::string_view value) {
  if (is_utf8(value)) return append_json_string(out, value);
  out.push_back('[');
  for (const char c : value) {
    if (out.back() != '[') out.push_back(',');
    append_decimal(out, static_cast<unsigned char>(c));
  }
  out.push_back(']');
}

// "s" and "i" of a cursor: which writer, and its running number in hexadecimal.
std::string_view part_of(std::string_view cursor, std::string_view name) {
  while (!cursor.empty()) {
    const std::string_view part = cursor.substr(0, cursor.find(';'));
    if (part.starts_with(name)) return part.substr(name.size());
    cursor.remove_prefix(std::min(part.size() + 1, cursor.size()));
  }
  return {};
}

std::optional<std::uint64_t> hex_number(std::string_view text) {
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, 16);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

}  // namespace

std::string journal_json(const JournalEntry& entry) {
  std::string out = R"({"__CURSOR":)";
  append_json_string(out, entry.cursor);
  out += R"(,"__REALTIME_TIMESTAMP":")" + std::to_string(entry.realtime_usec) + R"(","__MONOTONIC_TIMESTAMP":")" +
         std::to_string(entry.monotonic_usec) + R"(","_BOOT_ID":")" + entry.boot_id + "\"";
  const auto& fields = entry.fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::string& name = fields[i].first;
    const auto same = [&](const auto& other) { return other.first == name; };
    const auto begin = fields.begin() + static_cast<std::ptrdiff_t>(i);
    if (name == "_BOOT_ID" || std::any_of(fields.begin(), begin, same)) continue;
    out.push_back(',');
    append_json_string(out, name);
    out.push_back(':');
    const auto times = std::count_if(begin, fields.end(), same);
    if (times > 1) out.push_back('[');
    bool first = true;
    for (auto field = begin; field != fields.end(); ++field) {
      if (field->first != name) continue;
      if (!first) out.push_back(',');
      first = false;
      append_value(out, field->second);
    }
    if (times > 1) out.push_back(']');
  }
  return out + "}";
}

std::optional<std::uint64_t> entries_between(std::string_view before, std::string_view after) {
  if (part_of(before, "s=").empty() || part_of(before, "s=") != part_of(after, "s=")) return std::nullopt;
  const auto from = hex_number(part_of(before, "i="));
  const auto to = hex_number(part_of(after, "i="));
  if (!from || !to || *to <= *from) return std::nullopt;
  return *to - *from - 1;
}

}  // namespace stele::agent
