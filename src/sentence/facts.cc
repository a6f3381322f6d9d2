#include "sentence/facts.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "base/bytes.h"
#include "base/printable.h"

namespace stele::sentence {
namespace {

using event::JsonType;
using event::JsonValue;

constexpr std::size_t kNameCharacters = 80;
constexpr std::size_t kTextCharacters = 240;

// Without white space around it.
std::string trimmed(std::string text) {
  constexpr std::string_view kSpace = " \t\r\n";
  text.erase(0, std::min(text.find_first_not_of(kSpace), text.size()));
  text.erase(text.find_last_not_of(kSpace) + 1);
  return text;
}

// A value as text. What is kept apart is named so; an object or a list is its JSON.
std::string shown(JsonValue value, std::size_t characters = kNameCharacters) {
  if (!value || value.is(JsonType::kNull)) return {};
  if (value.is(JsonType::kString)) return clipped(trimmed(value.text()), characters);
  if (value["$sealed"]) return "(sealed)";
  if (const JsonValue attached = value["$attachment"]) return clipped(attached["head"].text(), characters);
  if (value["$base64"]) return "base64:" + clipped(value["$base64"].text(), characters);
  return clipped(value.raw(), characters);
}

// The member at a path. The whole of what is left goes before its first part, as names may have dots in them.
JsonValue at_path(JsonValue value, std::string_view path) {
  while (value) {
    if (const JsonValue whole = value[path]) return whole;
    const std::size_t dot = path.find('.');
    const std::string_view first = path.substr(0, dot);
    if (value.is(JsonType::kArray)) {
      const auto number = parse_decimal(first);
      JsonValue found;
      std::uint64_t at = 0;
      value.for_each([&](JsonValue one) {
        if (number && at++ == *number) found = one;
      });
      value = found;
    } else if (dot == std::string_view::npos) {
      return {};
    } else {
      value = value[first];
    }
    if (dot == std::string_view::npos) return value;
    path.remove_prefix(dot + 1);
  }
  return {};
}

std::string name_or_id(JsonValue who) {
  const std::string name = shown(who["name"]);
  return name.empty() ? shown(who["id"]) : name;
}

// "aws_account" → "aws account", "AWS::S3::Object" → "object", "TABLE" → "table".
std::string type_text(JsonValue target) {
  std::string out = shown(target["type"]);
  if (const std::size_t at = out.rfind("::"); at != std::string::npos) out = out.substr(at + 2);
  const bool shouts = out.find_first_of("abcdefghijklmnopqrstuvwxyz") == std::string::npos;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i] == '_') out[i] = ' ';
    if ((i == 0 || shouts) && out[i] >= 'A' && out[i] <= 'Z') out[i] = static_cast<char>(out[i] - 'A' + 'a');
  }
  return out;
}

std::string target_text(JsonValue target) {
  const std::string type = type_text(target);
  const std::string name = name_or_id(target);
  return type.empty() || name.empty() ? type + name : type + " " + name;
}

std::string change_text(JsonValue change) {
  std::string out = shown(change["field"]);
  if (const std::string from = shown(change["from"]); !from.empty()) out += " from " + from;
  if (const std::string to = shown(change["to"]); !to.empty()) out += " to " + to;
  return out;
}

// What things and people have: "password.reset" of a user is not of the user.
bool is_part(std::string_view noun) {
  constexpr std::string_view kParts[] = {"2fa",     "access",   "address", "avatar",     "credential",  "credentials", "data",
                                         "email",   "key",      "limit",   "member",     "members",     "mfa",         "name",
                                         "owner",   "password", "phone",   "permission", "permissions", "profile",     "quota",
                                         "record",  "records",  "role",    "roles",      "secret",      "session",     "sessions",
                                         "setting", "settings", "status",  "token"};
  return std::find(std::begin(kParts), std::end(kParts), noun) != std::end(kParts);
}

// One, "one and other", or "one and 2 more".
std::string listed(JsonValue list, std::string (*text)(JsonValue)) {
  std::vector<std::string> first;
  std::size_t count = 0;
  list.for_each([&](JsonValue one) {
    if (++count <= 2) first.push_back(text(one));
  });
  if (count == 0) return {};
  if (count == 1) return first[0];
  return first[0] + " and " + (count == 2 ? first[1] : grouped(count - 1) + " more");
}

}  // namespace

Facts::Facts(const event::JsonTape& tape)
    : top_(tape),
      event_(top_["event"]),
      action_(event_["action"].text()),
      outcome_(event_["outcome"].text()),
      category_(event_["category"].text()),
      deed_(deed_of(action_)) {}

std::string Facts::actor() const {
  const JsonValue actor = event_["actor"];
  std::string out = name_or_id(actor);
  if (out.empty()) out = shown(actor["email"]);
  return out.empty() || out == "unknown" ? "someone" : out;
}

std::string Facts::targets() const { return listed(event_["targets"], target_text); }

std::string Facts::changes() const { return listed(event_["changes"], change_text); }

std::string Facts::object() const {
  const std::string on = targets();
  std::string out = deed_.noun;
  if (!on.empty()) {
    // "get object" of object x is x.
    const bool said = type_text(at_path(event_, "targets.0")).ends_with(out);
    out = (deed_.detailed || is_part(out)) && !said ? out + " of " + on : on;
  }
  return deed_.preposition.empty() || out.empty() ? out : std::string(deed_.preposition) + " " + out;
}

std::string Facts::find(std::string_view name) const {
  if (name == "actor") return actor();
  if (name == "targets") return targets();
  if (name == "changes") return changes();
  if (name == "object") return object();
  if (name == "verb") return deed_.verb;
  if (name == "noun") return deed_.noun;
  if (name == "source") return shown(top_["source"]["id"]);
  if (name == "message") return shown(event_["message"], kTextCharacters);
  if (name == "target") return name_or_id(at_path(event_, "targets.0"));
  if (name.starts_with("target.")) {
    std::string out;
    event_["targets"].for_each([&](JsonValue target) {
      if (out.empty() && target["type"].text() == name.substr(7)) out = name_or_id(target);
    });
    return out;
  }
  return shown(at_path(event_, name));
}

}  // namespace stele::sentence
