#include "collect/sender.h"

#include "base/json_text.h"
#include "event/json_value.h"

namespace stele::collect {

using normalise::Part;

namespace {

// The object `text`, which may be empty, with the member `sequence` in place of one that it has.
std::string with_sequence(std::string_view text, std::string_view sequence) {
  std::string out = R"({"sequence":)";
  append_json_string(out, sequence);
  event::JsonTape tape;
  event::JsonError error;
  if (!text.empty() && tape.parse(text, {}, error)) {
    event::JsonValue(tape).for_each_member([&](std::string_view name, const event::JsonValue& value) {
      if (name == "sequence") return;
      out.push_back(',');
      append_json_string(out, name);
      out.push_back(':');
      out += value.raw();
    });
  }
  return out + "}";
}

}  // namespace

void complete(normalise::Draft& draft, const Sender& sender) {
  if (sender.seq) append_decimal(draft.claim(Part::kSeq), *sender.seq);
  if (!sender.sequence.empty()) {
    std::string& context = draft.edit(Part::kContext);
    context = with_sequence(context, sender.sequence);
  }
  const auto attribute = [&](const char* name, const std::string& text, bool is_json) {
    if (text.empty()) return;
    std::string* out = draft.attribute(name);
    if (out == nullptr) return;
    if (is_json)
      *out += text;
    else
      append_json_string(*out, text);
  };
  attribute("stream", sender.stream, false);
  attribute("host", sender.host, false);
  attribute("peer", sender.peer, true);
  if (!draft.unattributed() || sender.peer_actor.empty()) return;
  draft.conclude(Part::kActor) = sender.peer_actor;
  draft.set_unattributed(false);
}

void append_identity(std::string& out, const Sender& sender) {
  if (!sender.id.empty()) {
    out += R"("id":)";
    append_json_string(out, sender.id);
    out.push_back(',');
  }
  if (sender.seq) {
    out += R"("seq":)";
    append_decimal(out, *sender.seq);
    out.push_back(',');
  }
}

void append_circumstances(std::string& out, const Sender& sender) {
  const auto text = [&](const char* name, const std::string& value) {
    if (value.empty()) return;
    out += name;
    append_json_string(out, value);
  };
  text(R"(,"stream":)", sender.stream);
  text(R"(,"host":)", sender.host);
  if (!sender.peer.empty()) out += R"(,"peer":)" + sender.peer;
}

}  // namespace stele::collect
