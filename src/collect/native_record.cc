// Native events as records: as at /api/v1/events, with what their sender says of them beside.
#include "base/json_text.h"
#include "collect/document.h"
#include "collect/record_format.h"
#include "event/intake.h"

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

bool has_member(const event::JsonTape& tape, std::uint32_t object, std::string_view wanted) {
  bool found = false;
  std::string scratch;
  tape.for_each_child(object, [&](std::uint32_t child) { found = found || tape.name(tape.nodes()[child], scratch) == wanted; });
  return found;
}

// `members`, each `,"name":value`, put into the object `text`.
std::string with_members(std::string_view text, std::string_view members) {
  std::string out(text.substr(0, text.size() - 1));
  if (out.size() == 1 && !members.empty()) members.remove_prefix(1);
  out += members;
  out.push_back('}');
  return out;
}

// What goes into the event's context and attributes, as far as it does not say it itself.
std::string context_of(const event::JsonTape& tape, const Members& members, const Sender& sender) {
  if (sender.sequence.empty() || (members.context != 0 && has_member(tape, members.context, "sequence"))) return "";
  std::string out = R"(,"sequence":)";
  append_json_string(out, sender.sequence);
  return out;
}

std::string attributes_of(const event::JsonTape& tape, const Members& members, Sender sender) {
  const auto has = [&](const char* name) { return members.attributes != 0 && has_member(tape, members.attributes, name); };
  if (has("stream")) sender.stream.clear();
  if (has("host")) sender.host.clear();
  if (has("peer")) sender.peer.clear();
  std::string out;
  append_circumstances(out, sender);
  return out;
}

std::string with_sender(const event::JsonTape& tape, const Members& members, const Sender& sender) {
  const std::string context = context_of(tape, members, sender);
  const std::string attributes = attributes_of(tape, members, sender);
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
      out += with_members(tape.raw(node), context);
    else if (child == members.attributes && is_object(child))
      out += with_members(tape.raw(node), attributes);
    else
      out += tape.raw(node);
    out.push_back(',');
  });
  if (members.actor == 0 && !sender.peer_actor.empty()) out += "\"actor\":" + sender.peer_actor + ",";
  if (members.context == 0 && !context.empty()) out += "\"context\":" + with_members("{}", context) + ",";
  if (members.attributes == 0 && !attributes.empty()) out += "\"attributes\":" + with_members("{}", attributes) + ",";
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
