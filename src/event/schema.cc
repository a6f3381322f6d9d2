#include "event/schema.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/json_text.h"
#include "base/spelling.h"

namespace stele::event {
namespace {

using namespace std::string_view_literals;

constexpr std::array kCategories{"authentication"sv,       "user_action"sv,       "data_access"sv,         "data_export"sv,
                                 "configuration_change"sv, "permission_change"sv, "privileged_activity"sv, "security_event"sv,
                                 "policy_violation"sv,     "system_error"sv,      "system_activity"sv};
constexpr std::array kOutcomes{"success"sv, "failure"sv, "denied"sv, "unknown"sv};
constexpr std::array kActorTypes{"user"sv, "service"sv, "process"sv};
constexpr std::array kSeverities{"debug"sv, "info"sv, "notice"sv, "warning"sv, "error"sv, "critical"sv, "alert"sv, "emergency"sv};

constexpr std::size_t kNameLengthMax = 1024;  // in characters, as JSON Schema counts: ids, actions, names: what is indexed whole
constexpr std::size_t kWarningsMax = 8;

enum class Kind { kName, kText, kTime, kEnum, kUnsigned, kIp, kObject, kArray, kAny };

struct Member {
  std::string_view name;
  Kind kind;
  bool required = false;
  std::span<const std::string_view> values = {};  // of an enumeration
  std::span<const Member> members = {};           // of an object, or of each object in an array
  std::string_view note = {};
};

constexpr std::array kActorMembers{
    Member{"type", Kind::kEnum, true, kActorTypes, {}, "a person, a service, or a system process"},
    Member{"id", Kind::kName, true, {}, {}, "stable identifier of who acted"},
    Member{"name", Kind::kText, false, {}, {}, "for people to read"},
    Member{"email", Kind::kText, false, {}, {}, ""},
};
constexpr std::array kTargetMembers{
    Member{"type", Kind::kName, true, {}, {}, "what kind of thing was acted on"},
    Member{"id", Kind::kName, true, {}, {}, "which one"},
    Member{"name", Kind::kText, false, {}, {}, ""},
};
constexpr std::array kOriginMembers{
    Member{"ip", Kind::kIp, false, {}, {}, "IPv4 or IPv6 address from which the actor came"},
    Member{"user_agent", Kind::kText, false, {}, {}, ""},
    Member{"host", Kind::kText, false, {}, {}, ""},
};
constexpr std::array kContextMembers{
    Member{"request_id", Kind::kText, false, {}, {}, ""},
    Member{"session", Kind::kText, false, {}, {}, ""},
    Member{"trace_id", Kind::kText, false, {}, {}, ""},
    Member{"sequence", Kind::kText, false, {}, {}, "which of the source's counters `seq` is of, where it has several"},
};
constexpr std::array kChangeMembers{
    Member{"field", Kind::kName, true, {}, {}, "what changed"},
    Member{"from", Kind::kAny, false, {}, {}, "value before"},
    Member{"to", Kind::kAny, false, {}, {}, "value after"},
};
constexpr std::array kEventMembers{
    Member{"id", Kind::kName, false, {}, {}, "the source's own id: the same id again is recognised as a repeat"},
    Member{"seq", Kind::kUnsigned, false, {}, {}, "the source's own running number: gaps are noticed"},
    Member{"time", Kind::kTime, true, {}, {}, "when it happened, RFC 3339"},
    Member{"actor", Kind::kObject, true, {}, kActorMembers, "who did it"},
    Member{"action", Kind::kName, true, {}, {}, "what was done, as in customer.export"},
    Member{"category", Kind::kEnum, false, kCategories, {}, ""},
    Member{"outcome", Kind::kEnum, false, kOutcomes, {}, "unknown when absent"},
    Member{"targets", Kind::kArray, false, {}, kTargetMembers, "what it was done to"},
    Member{"origin", Kind::kObject, false, {}, kOriginMembers, "from where"},
    Member{"context", Kind::kObject, false, {}, kContextMembers, "what it belongs to"},
    Member{"changes", Kind::kArray, false, {}, kChangeMembers, "values before and after"},
    Member{"severity", Kind::kEnum, false, kSeverities, {}, ""},
    Member{"message", Kind::kText, false, {}, {}, ""},
    Member{"attributes", Kind::kObject, false, {}, {}, "anything else"},
};

}  // namespace

bool is_ip_address(std::string_view text) {
  // Form only: digits and dots in four groups up to 255, or groups of hexadecimal digits with colons (RFC 4291).
  const auto is_v4 = [](std::string_view s) {
    int groups = 0;
    while (true) {
      const auto dot = s.find('.');
      const auto number = parse_decimal(s.substr(0, dot));
      if (!number || *number > 255 || ++groups > 4) return false;
      if (dot == std::string_view::npos) return groups == 4;
      s.remove_prefix(dot + 1);
    }
  };
  if (text.find(':') == std::string_view::npos) return is_v4(text);
  text = text.substr(0, text.find('%'));
  int groups = 0;
  const bool elided = text.find("::") != std::string_view::npos;
  if (elided && text.find("::", text.find("::") + 1) != std::string_view::npos) return false;
  std::string_view rest = text;
  if (rest.starts_with("::")) rest.remove_prefix(2);
  while (!rest.empty()) {
    const auto colon = rest.find(':');
    const std::string_view group = rest.substr(0, colon);
    if (colon == std::string_view::npos && group.find('.') != std::string_view::npos) {
      if (!is_v4(group)) return false;
      groups += 2;
      break;
    }
    if (group.empty() || group.size() > 4 || group.find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos)
      return false;
    ++groups;
    if (colon == std::string_view::npos) break;
    rest.remove_prefix(colon + 1);
    if (rest.starts_with(':'))
      rest.remove_prefix(1);
    else if (rest.empty())
      return false;
  }
  return elided ? groups < 8 : groups == 8;
}

namespace {

// Of text that is UTF-8.
std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & '\xC0') != '\x80'; }));
}

std::string quoted_list(std::span<const std::string_view> words) {
  std::string out;
  for (const std::string_view word : words) out += (out.empty() ? "" : ", ") + std::string(word);
  return out;
}

std::string_view type_name(JsonType type) {
  switch (type) {
    case JsonType::kObject: return "an object";
    case JsonType::kArray: return "an array";
    case JsonType::kString: return "a string";
    case JsonType::kNumber: return "a number";
    case JsonType::kTrue:
    case JsonType::kFalse: return "a boolean";
    case JsonType::kNull: return "null";
  }
  return "";
}

class Check {
 public:
  Check(const JsonTape& tape, std::vector<JsonError>& warnings, JsonError& error)
      : tape_(tape), warnings_(warnings), error_(error) {}

  // `found[i]` gets the node of known[i].
  bool object(std::uint32_t at, std::span<const Member> known, std::span<std::uint32_t> found) {
    if (tape_.nodes()[at].type != JsonType::kObject) return wrong_type(at, "an object");
    bool good = true;
    std::size_t guess = 0;  // members mostly come in the table's order
    tape_.for_each_child(at, [&](std::uint32_t child) {
      if (!good) return;
      const std::string_view name = tape_.name(tape_.nodes()[child], scratch_);
      for (std::size_t tried = 0; tried < known.size(); ++tried, guess = (guess + 1) % known.size()) {
        if (known[guess].name != name) continue;
        found[guess] = child;
        good = member(child, known[guess]);
        return;
      }
      unknown_.push_back(child);
    });
    if (!good) return false;
    for (std::size_t i = 0; i < known.size(); ++i) {
      if (known[i].required && found[i] == 0) return missing(at, known[i]);
    }
    if (!unknown_.empty()) name_misspelt(known, found);
    return true;
  }

 private:
  bool member(std::uint32_t at, const Member& member) {
    const JsonNode& node = tape_.nodes()[at];
    switch (member.kind) {
      case Kind::kAny: return true;
      case Kind::kObject:
        if (member.members.empty()) return node.type == JsonType::kObject || wrong_type(at, "an object");
        return nested(at, member.members);
      case Kind::kArray: {
        if (node.type != JsonType::kArray) return wrong_type(at, "an array");
        bool good = true;
        tape_.for_each_child(at, [&](std::uint32_t child) { good = good && nested(child, member.members); });
        return good;
      }
      case Kind::kUnsigned:
        if (node.type != JsonType::kNumber) return wrong_type(at, "a whole number");
        return parse_decimal(tape_.raw(node)).has_value() ||
               wrong_value(at, "is not a whole number from 0 to 18446744073709551615");
      default: return text(at, member);
    }
  }

  bool nested(std::uint32_t at, std::span<const Member> known) {
    std::array<std::uint32_t, 8> found{};
    std::vector<std::uint32_t> outer;
    outer.swap(unknown_);
    const bool good = object(at, known, std::span(found).first(known.size()));
    unknown_.swap(outer);
    return good;
  }

  bool text(std::uint32_t at, const Member& member) {
    const JsonNode& node = tape_.nodes()[at];
    if (node.type != JsonType::kString) return wrong_type(at, "a string");
    if (member.kind == Kind::kText) return true;
    const std::string_view value = tape_.string(node, scratch_);
    switch (member.kind) {
      case Kind::kName:
        if (value.empty()) return wrong_value(at, "is empty");
        return characters(value) <= kNameLengthMax || wrong_value(at, "is longer than 1024 characters");
      case Kind::kTime:
        return parse_time(value).has_value() || wrong_value(at, "is not an RFC 3339 time such as 2026-11-23T16:20:00.123Z");
      case Kind::kIp: return is_ip_address(value) || wrong_value(at, "is not an IPv4 or IPv6 address");
      default:
        return std::find(member.values.begin(), member.values.end(), value) != member.values.end() ||
               wrong_value(at, "is not one of: " + quoted_list(member.values));
    }
  }

  bool wrong_type(std::uint32_t at, std::string_view expected) {
    error_ = {"wrong_type", tape_.path(at),
              "is " + std::string(type_name(tape_.nodes()[at].type)) + " where " + std::string(expected) + " is expected"};
    return false;
  }
  bool wrong_value(std::uint32_t at, std::string message) {
    error_ = {"wrong_value", tape_.path(at), std::move(message)};
    return false;
  }
  bool missing(std::uint32_t at, const Member& member) {
    error_ = {"missing", tape_.path(at) + "/" + std::string(member.name),
              "the required member \"" + std::string(member.name) + "\" is missing"};
    for (const std::uint32_t child : unknown_) {
      const std::string_view name = tape_.name(tape_.nodes()[child], scratch_);
      if (!looks_like(name, member.name)) continue;
      error_.message += "; did you mean it by \"" + std::string(name) + "\"?";
      break;
    }
    return false;
  }
  void name_misspelt(std::span<const Member> known, std::span<const std::uint32_t> found) {
    for (const std::uint32_t child : unknown_) {
      if (warnings_.size() == kWarningsMax) break;
      const std::string_view name = tape_.name(tape_.nodes()[child], scratch_);
      std::size_t meant = 0;
      while (meant < known.size() && (found[meant] != 0 || !looks_like(name, known[meant].name))) ++meant;
      if (meant == known.size()) continue;
      warnings_.push_back(
          {"misspelt", tape_.path(child), "is kept, but not known; did you mean \"" + std::string(known[meant].name) + "\"?"});
    }
    unknown_.clear();
  }

  const JsonTape& tape_;
  std::vector<JsonError>& warnings_;
  JsonError& error_;
  std::vector<std::uint32_t> unknown_;
  std::string scratch_;
};

std::size_t position(std::string_view name) {
  return static_cast<std::size_t>(
      std::find_if(kEventMembers.begin(), kEventMembers.end(), [&](const Member& m) { return m.name == name; }) -
      kEventMembers.begin());
}

void append_members_schema(std::string& out, std::span<const Member> members);

void append_member_schema(std::string& out, const Member& member) {
  switch (member.kind) {
    case Kind::kName: out += R"({"type":"string","minLength":1,"maxLength":1024)"; break;
    case Kind::kText: out += R"({"type":"string")"; break;
    case Kind::kTime: out += R"({"type":"string","format":"date-time")"; break;
    case Kind::kIp: out += R"({"type":"string","anyOf":[{"format":"ipv4"},{"format":"ipv6"}])"; break;
    case Kind::kUnsigned: out += R"({"type":"integer","minimum":0,"maximum":18446744073709551615)"; break;
    case Kind::kAny: out += "{"; break;
    case Kind::kEnum:
      out += R"({"enum":[)";
      for (const std::string_view value : member.values) {
        append_json_string(out, value);
        out += value == member.values.back() ? "]" : ",";
      }
      break;
    case Kind::kObject:
      out += "{\"type\":\"object\"";
      if (!member.members.empty()) {
        out += ',';
        append_members_schema(out, member.members);
      }
      break;
    case Kind::kArray:
      out += R"({"type":"array","items":{"type":"object",)";
      append_members_schema(out, member.members);
      out += '}';
      break;
  }
  if (!member.note.empty()) {
    out += out.back() == '{' ? "\"description\":" : ",\"description\":";
    append_json_string(out, member.note);
  }
  out += '}';
}

void append_members_schema(std::string& out, std::span<const Member> members) {
  out += "\"required\":[";
  bool first = true;
  for (const Member& member : members) {
    if (!member.required) continue;
    if (!first) out += ',';
    append_json_string(out, member.name);
    first = false;
  }
  out += "],\"properties\":{";
  for (const Member& member : members) {
    if (&member != members.data()) out += ',';
    append_json_string(out, member.name);
    out += ':';
    append_member_schema(out, member);
  }
  out += '}';
}

}  // namespace

std::span<const std::string_view> categories() { return kCategories; }
std::span<const std::string_view> outcomes() { return kOutcomes; }
std::span<const std::string_view> actor_types() { return kActorTypes; }
std::span<const std::string_view> severities() { return kSeverities; }

bool check_event(const JsonTape& tape, EventMembers& members, std::vector<JsonError>& warnings, JsonError& error) {
  std::array<std::uint32_t, kEventMembers.size()> found{};
  if (!Check(tape, warnings, error).object(0, kEventMembers, found)) return false;
  static const std::size_t id = position("id");
  static const std::size_t time = position("time");
  static const std::size_t actor = position("actor");
  static const std::size_t action = position("action");
  static const std::size_t outcome = position("outcome");
  static const std::size_t origin = position("origin");
  members = {found[id], found[time], found[actor], found[action], found[outcome], found[origin]};
  return true;
}

std::string event_schema() {
  std::string out = R"({"$schema":"https://json-schema.org/draft/2020-12/schema","title":"Stele event","type":"object",)";
  append_members_schema(out, kEventMembers);
  out += "}\n";
  return out;
}

}  // namespace stele::event
