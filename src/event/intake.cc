#include "event/intake.h"

#include "event/schema.h"

namespace stele::event {
namespace {

constexpr std::string_view kDefaultOutcome = R"(,"outcome":"unknown"})";
constexpr std::string_view kDefaultOutcomeDerived = R"({"by":"stele/native@1","fields":["outcome"]})";

bool is_reserved(const JsonTape& tape, std::uint32_t at) {
  const auto& nodes = tape.nodes();
  if (nodes[at].type != JsonType::kObject || nodes[at].end == at + 1) return false;
  const JsonNode& only = nodes[at + 1];
  if (only.end != nodes[at].end) return false;
  const std::string_view key = tape.key(only);
  return only.key_escaped ? json_unescape(key).starts_with('$') : key.starts_with('$');
}

bool any_reserved(const JsonTape& tape) {
  // A reserved object's first member follows it at once; look for the '$' before anything dearer.
  if (tape.text().find('$') == std::string_view::npos && tape.text().find('\\') == std::string_view::npos) return false;
  for (std::uint32_t at = 0; at < tape.nodes().size(); ++at) {
    if (is_reserved(tape, at)) return true;
  }
  return false;
}

}  // namespace

void append_escaped(const JsonTape& tape, std::uint32_t at, std::string& out) {
  const JsonNode& node = tape.nodes()[at];
  const bool reserved = is_reserved(tape, at);
  if (reserved) out += R"({"$literal":)";
  const char* start = tape.text().data();
  std::size_t copied = node.at;
  tape.for_each_child(at, [&](std::uint32_t child) {
    const JsonNode& inner = tape.nodes()[child];
    out.append(start + copied, inner.at - copied);
    append_escaped(tape, child, out);
    copied = inner.at + inner.size;
  });
  out.append(start + copied, node.at + node.size - copied);
  if (reserved) out += '}';
}

bool Intake::read(std::string_view json, Accepted& out, Finding& error) {
  if (!tape_.parse(json, limits_, error)) return false;
  EventMembers members;
  out.warnings.clear();
  if (!check_event(tape_, members, out.warnings, error)) return false;
  out.text.clear();
  if (any_reserved(tape_)) {
    append_escaped(tape_, 0, out.text);
  } else {
    out.text.assign(tape_.text());
  }
  out.derived.clear();
  if (members.outcome == 0) {
    out.text.pop_back();
    out.text += kDefaultOutcome;
    out.derived = kDefaultOutcomeDerived;
  }
  out.id.clear();
  if (members.id != 0) out.id = tape_.string(tape_.nodes()[members.id], scratch_);
  out.has_origin = members.origin != 0;
  return true;
}

}  // namespace stele::event
