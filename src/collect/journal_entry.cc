#include "collect/journal_entry.h"

#include <algorithm>

#include "base/bytes.h"

namespace stele::collect {

using event::JsonNode;
using event::JsonType;

bool is_journal_field_name(std::string_view name) {
  constexpr std::size_t kBytesMax = 64;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return !name.empty() && name.size() <= kBytesMax && !is_digit(name[0]) &&
         std::ranges::all_of(name, [&](char c) { return (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_'; });
}

void JournalEntry::mark(std::size_t name_at, std::size_t name_size, std::size_t value_at, std::size_t value_size) {
  spans_.push_back({static_cast<std::uint32_t>(name_at), static_cast<std::uint32_t>(name_size),
                    static_cast<std::uint32_t>(value_at), static_cast<std::uint32_t>(value_size)});
}

JournalField JournalEntry::field(std::size_t i) const {
  const Span& span = spans_[i];
  const std::string_view bytes = bytes_;
  return {bytes.substr(span.name_at, span.name_size), bytes.substr(span.value_at, span.value_size)};
}

std::string_view JournalEntry::find(std::string_view name) const {
  for (std::size_t i = 0; i < size(); ++i) {
    if (const JournalField one = field(i); one.name == name) return one.value;
  }
  return {};
}

namespace {

Error no_journal_value() {
  return invalid("a field of a journal entry is a string, bytes as numbers, null, or an array of these");
}

class JsonReader {
 public:
  JsonReader(const event::JsonTape& tape, JournalEntry& entry) : tape_(tape), entry_(entry) {}

  Status object() {
    if (tape_.nodes().empty() || tape_.nodes()[0].type != JsonType::kObject) return invalid("a journal entry is a JSON object");
    Status read;
    std::string scratch;
    tape_.for_each_child(0, [&](std::uint32_t child) {
      const std::string_view name = tape_.name(tape_.nodes()[child], scratch);
      if (read.ok() && is_journal_field_name(name)) read = member(name, child);
    });
    return read;
  }

 private:
  Status member(std::string_view name, std::uint32_t at) {
    if (tape_.nodes()[at].type != JsonType::kArray || is_number(at + 1, tape_.nodes()[at].end)) return value(name, at);
    Status read;
    tape_.for_each_child(at, [&](std::uint32_t child) {
      if (read.ok()) read = value(name, child);
    });
    return read;
  }

  [[nodiscard]] bool is_number(std::uint32_t at, std::uint32_t end) const {
    return at < end && tape_.nodes()[at].type == JsonType::kNumber;
  }

  Status value(std::string_view name, std::uint32_t at) {
    const JsonNode& node = tape_.nodes()[at];
    if (node.type == JsonType::kNull) return {};
    std::string& bytes = entry_.bytes();
    const std::size_t name_at = bytes.size();
    bytes += name;
    const std::size_t value_at = bytes.size();
    if (node.type == JsonType::kString) {
      std::string scratch;
      bytes += tape_.string(node, scratch);
    } else if (node.type == JsonType::kArray) {
      STELE_TRY(numbers(at, bytes));
    } else {
      return no_journal_value();
    }
    entry_.mark(name_at, name.size(), value_at, bytes.size() - value_at);
    return {};
  }

  Status numbers(std::uint32_t array, std::string& bytes) const {
    constexpr std::uint64_t kByteMax = 255;
    Status read;
    tape_.for_each_child(array, [&](std::uint32_t child) {
      const auto number = parse_decimal(tape_.raw(tape_.nodes()[child]));
      if (!number || *number > kByteMax)
        read = no_journal_value();
      else
        bytes.push_back(static_cast<char>(*number));
    });
    return read;
  }

  const event::JsonTape& tape_;
  JournalEntry& entry_;
};

}  // namespace

Status read_journal_json(const event::JsonTape& tape, JournalEntry& entry) {
  entry.clear();
  return JsonReader(tape, entry).object();
}

}  // namespace stele::collect
