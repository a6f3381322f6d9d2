#include "query/fields.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"
#include "base/spelling.h"
#include "event/schema.h"
#include "query/text.h"

namespace stele::query {
namespace {

using namespace std::string_view_literals;
using Kind = Field::Kind;

struct Name {
  std::string_view name;
  Kind kind;
  std::array<std::string_view, 3> paths;  // empty ones are none
};

constexpr std::array kNames{
    Name{"actor", Kind::kScalar, {"actor.id", "actor.name", "actor.email"}},
    Name{"type", Kind::kScalar, {"actor.type"}},
    Name{"action", Kind::kScalar, {"action"}},
    Name{"category", Kind::kScalar, {"category"}},
    Name{"outcome", Kind::kScalar, {"outcome"}},
    Name{"severity", Kind::kScalar, {"severity"}},
    Name{"message", Kind::kScalar, {"message"}},
    Name{"time", Kind::kTime, {"time"}},
    Name{"target", Kind::kScalar, {"targets.id", "targets.name"}},
    Name{"ip", Kind::kScalar, {"origin.ip"}},
    Name{"host", Kind::kScalar, {"attributes.host", "origin.host"}},
    Name{"agent", Kind::kScalar, {"origin.user_agent"}},
    Name{"request", Kind::kScalar, {"context.request_id"}},
    Name{"session", Kind::kScalar, {"context.session"}},
    Name{"trace", Kind::kScalar, {"context.trace_id"}},
    Name{"source", Kind::kScalar, {"source.id"}},
    Name{"kind", Kind::kScalar, {"source.kind"}},
    Name{"seq", Kind::kScalar, {"seq"}},
    Name{"rule", Kind::kScalar, {"derived.by"}},
    Name{"id", Kind::kId, {"id"}},
    Name{"idx", Kind::kIndex, {}},
    Name{"received", Kind::kReceived, {}},
    Name{"since", Kind::kSince, {}},
    Name{"until", Kind::kUntil, {}},
};

constexpr std::array kPaths{
    "actor.id"sv,           "actor.name"sv,      "actor.email"sv,      "actor.type"sv,        "targets.type"sv,
    "targets.id"sv,         "targets.name"sv,    "origin.ip"sv,        "origin.user_agent"sv, "origin.host"sv,
    "context.request_id"sv, "context.session"sv, "context.trace_id"sv, "context.sequence"sv,  "changes.field"sv,
    "changes.from"sv,       "changes.to"sv,      "source.id"sv,        "source.kind"sv,       "source.peer"sv,
    "source.identity"sv,    "derived.by"sv,      "derived.fields"sv,   "derived.redacted"sv,  "derived.unattributed"sv,
    "original"sv,
};

// What a path may begin with: members of the event that the schema names, and those of the envelope.
constexpr std::array kTops{"id"sv,      "seq"sv,        "time"sv,   "actor"sv,   "action"sv,  "category"sv,
                           "outcome"sv, "targets"sv,    "origin"sv, "context"sv, "changes"sv, "severity"sv,
                           "message"sv, "attributes"sv, "source"sv, "derived"sv, "original"sv};

// How other tools call them.
constexpr std::pair<std::string_view, std::string_view> kElsewhere[] = {
    {"@timestamp", "time"}, {"client_ip", "ip"},  {"date", "time"},       {"event", "action"},    {"eventname", "action"},
    {"host.name", "host"},  {"hostname", "host"}, {"level", "severity"},  {"msg", "message"},     {"object", "target"},
    {"principal", "actor"}, {"remote_ip", "ip"},  {"resource", "target"}, {"result", "outcome"},  {"source.ip", "ip"},
    {"source_ip", "ip"},    {"sourceip", "ip"},   {"src", "ip"},          {"src_ip", "ip"},       {"status", "outcome"},
    {"timestamp", "time"},  {"ts", "time"},       {"user", "actor"},      {"user.name", "actor"}, {"user_agent", "agent"},
    {"user_id", "actor"},   {"userid", "actor"},  {"username", "actor"},
};

constexpr auto kKnown = [] {
  std::array<std::string_view, kNames.size() + kPaths.size()> out;
  for (std::size_t i = 0; i < kNames.size(); ++i) out[i] = kNames[i].name;
  for (std::size_t i = 0; i < kPaths.size(); ++i) out[kNames.size() + i] = kPaths[i];
  return out;
}();

template <std::size_t kSize>
bool has(const std::array<std::string_view, kSize>& all, std::string_view one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

bool ends_in_ip(std::string_view path) {
  if (path.size() < 2 || !equal_folded(path.substr(path.size() - 2), "ip")) return false;
  if (path.size() == 2) return true;
  const char before = path[path.size() - 3];
  const bool hump = path[path.size() - 2] == 'I' && before >= 'a' && before <= 'z';
  return hump || !is_letter(before);
}

}  // namespace

Field find_field(std::string_view name) {
  Field out;
  out.name = name;
  const auto* const found = std::find_if(kNames.begin(), kNames.end(), [&](const Name& one) { return one.name == name; });
  if (found != kNames.end()) {
    out.kind = found->kind;
    out.known = true;
    for (const std::string_view path : found->paths) {
      if (!path.empty()) out.paths.emplace_back(path);
    }
    return out;
  }
  out.known = has(kPaths, name);
  if (!has(kTops, name.substr(0, name.find('.')))) out.paths.push_back("attributes." + out.name);
  out.paths.emplace_back(name);
  return out;
}

std::span<const std::string_view> known_fields() { return kKnown; }

std::string similar_field(std::string_view name) {
  for (const auto& [elsewhere, here] : kElsewhere) {
    if (equal_folded(name, elsewhere)) return std::string(here);
  }
  if (const auto whole = nearest(name, kKnown); !whole.empty()) return std::string(whole);
  const std::string_view top = name.substr(0, name.find('.'));
  if (top.size() == name.size() || has(kTops, top)) return {};
  const std::string_view meant = nearest(top, kTops);
  return meant.empty() ? std::string() : std::string(meant) + std::string(name.substr(top.size()));
}

std::span<const std::string_view> values_of(const Field& field) {
  if (field.paths.size() != 1) return {};
  const std::string& path = field.paths[0];
  if (path == "category") return event::categories();
  if (path == "outcome") return event::outcomes();
  if (path == "severity") return event::severities();
  if (path == "actor.type") return event::actor_types();
  return {};
}

bool holds_addresses(const Field& field) { return std::any_of(field.paths.begin(), field.paths.end(), ends_in_ip); }

}  // namespace stele::query
