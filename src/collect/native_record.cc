// Native events as records: as at /api/v1/events, with what their sender says of them beside.
#include <algorithm>

#include "base/json_text.h"
#include "collect/document.h"
#include "collect/record_format.h"
#include "event/intake.h"
#include "event/json_value.h"

namespace stele::collect {
namespace {

struct Members {
  std::uint32_t id = 0;  // nodes; 0 where absent
  std::uint32_t seq = 0;
  std::uint32_t actor = 0;
  std::uint32_t context = 0;
  std::uint32_t attributes = 0;
};

Members members_of(const event::JsonTape& tape) {
  Members out;
  std::string scratch;
  tape.for_each_child(0, [&](std::uint32_t child) {
    const std::string_view name = tape.name(tape.nodes()[child], scratch);
    if (name == "id") out.id = child;
    if (name == "seq") out.seq = child;
    if (name == "actor") out.actor = child;
    if (name == "context") out.context = child;
    if (name == "attributes") out.attributes = child;
  });
  return out;
}

// Members to add to an object: names, and values as JSON texts.
using Additions = std::vector<std::pair<std::string_view, std::string>>;

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

// Members that go before the event's own: which run its number counts in.
Additions context_of(const Sender& sender) {
  Additions out;
  if (!sender.sequence.empty()) out.emplace_back("sequence", quoted(sender.sequence));
  return out;
}

// Where it stood, unless the event has something of that name; and who wrote it, whatever the event says, for that is the
// kernel's word.
Additions attributes_of(const event::JsonValue& own, const Sender& sender) {
  Additions out;
  if (!sender.stream.empty() && !own["stream"]) out.emplace_back("stream", quoted(sender.stream));
  if (!sender.host.empty() && !own["host"]) out.emplace_back("host", quoted(sender.host));
  if (!sender.peer.empty()) out.emplace_back("peer", sender.peer);
  return out;
}

// The object at node `at`, or an empty one for 0, with these. Its own members of these names are called "claimed_…".
std::string with_additions(const event::JsonTape& tape, std::uint32_t at, const Additions& additions) {
  std::string out = "{";
  const auto add = [&](std::string_view name, std::string_view value) {
    if (out.size() > 1) out.push_back(',');
    append_json_string(out, name);
    out.push_back(':');
    out += value;
  };
  if (at != 0) {
    event::JsonValue(tape, at).for_each_member([&](std::string_view name, const event::JsonValue& value) {
      const bool taken = std::any_of(additions.begin(), additions.end(), [&](const auto& one) { return one.first == name; });
      add((taken ? "claimed_" : "") + std::string(name), value.raw());
    });
  }
  for (const auto& [name, value] : additions) add(name, value);
  return out + "}";
}

std::string with_sender(const event::JsonTape& tape, const Members& members, const Sender& sender) {
  const Additions context = context_of(sender);
  const Additions attributes =
      attributes_of(members.attributes == 0 ? event::JsonValue() : event::JsonValue(tape, members.attributes), sender);
  Sender identity = sender;
  if (members.id != 0) identity.id.clear();
  std::string out = "{";
  append_identity(out, identity);
  const auto is_object = [&](std::uint32_t node) { return tape.nodes()[node].type == event::JsonType::kObject; };
  tape.for_each_child(0, [&](std::uint32_t child) {
    if (child == members.seq && sender.seq) return;
    const event::JsonNode& node = tape.nodes()[child];
    out += "\"";
    out += tape.key(node);
    out += "\":";
    if (child == members.context && is_object(child))
      out += with_additions(tape, child, context);
    else if (child == members.attributes && is_object(child))
      out += with_additions(tape, child, attributes);
    else
      out += tape.raw(node);
    out.push_back(',');
  });
  if (members.actor == 0 && !sender.peer_actor.empty()) out += "\"actor\":" + sender.peer_actor + ",";
  if (members.context == 0 && !context.empty()) out += "\"context\":" + with_additions(tape, 0, context) + ",";
  if (members.attributes == 0 && !attributes.empty()) out += "\"attributes\":" + with_additions(tape, 0, attributes) + ",";
  if (out.size() > 1) out.pop_back();
  out.push_back('}');
  return out;
}

class NativeFormat final : public RecordFormat {
 public:
  [[nodiscard]] std::string_view name() const override { return "event"; }
  [[nodiscard]] bool is_json() const override { return true; }

  void add(std::string_view record, DoorBatch& batch) const override {
    thread_local event::JsonTape tape;
    thread_local event::Intake intake({2 * kDocumentLimits.bytes_max, kDocumentLimits.depth_max, kDocumentLimits.nodes_max});
    event::JsonError error;
    if (!tape.parse(record, kDocumentLimits, error)) return batch.quarantine(error.code, record);
    if (tape.nodes()[0].type != event::JsonType::kObject) return batch.quarantine("no object", record);
    const Members members = members_of(tape);
    event::Accepted accepted;
    if (!intake.read(with_sender(tape, members, batch.sender()), accepted, error))
      return batch.quarantine(error.code + " " + error.path + ": " + error.message, record);
    if (members.actor == 0)
      accepted.derived = accepted.derived.empty() ? R"({"by":"stele/native@1","fields":["actor"]})"
                                                  : R"({"by":"stele/native@1","fields":["actor","outcome"]})";
    // What it said itself is what a repeat is known by: it may come from elsewhere, and with another number.
    const Sender& sender = batch.sender();
    const bool changed =
        sender.seq || !sender.sequence.empty() || !sender.stream.empty() || !sender.host.empty() || !sender.peer.empty();
    batch.add_native(accepted.text, accepted.derived, accepted.id, record, changed);
  }
};

}  // namespace

std::unique_ptr<RecordFormat> make_native_format() { return std::make_unique<NativeFormat>(); }

}  // namespace stele::collect
