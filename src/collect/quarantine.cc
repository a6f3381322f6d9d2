#include "collect/quarantine.h"

#include <cstdlib>
#include <string>

#include "base/json_text.h"
#include "base/readable_text.h"

namespace stele::collect {

namespace {

// An entry of ours about something that was sent, up to its attributes. `what`: members with their commas.
std::string begin_note(const Sender& sender, UnixNanos now, std::string_view what) {
  std::string out = "{";
  append_identity(out, sender);
  out += "\"time\":\"" + format_time(now) + "\",";
  out += what;
  if (!sender.sequence.empty()) {
    out += R"("context":{"sequence":)";
    append_json_string(out, sender.sequence);
    out += "},";
  }
  return out;
}

}  // namespace

void add_quarantined(event::EntryBatch& batch, const apart::Keeper& keeper, std::string_view door, std::string_view why,
                     std::string_view bytes, std::uint64_t length, UnixNanos now, const Sender& sender) {
  constexpr std::size_t kWhyBytesMax = 512;
  std::string event = begin_note(
      sender, now,
      R"("actor":{"type":"process","id":"unknown"},"action":"stele.quarantined","category":"system_error","outcome":"failure",)");
  event += R"("attributes":{"door":)";
  append_json_string(event, door);
  event += ",\"reason\":\"";
  append_readable(event, why, kWhyBytesMax);
  event += "\",\"bytes\":" + std::to_string(length);
  append_circumstances(event, sender);
  event += "}}";
  constexpr std::string_view kDerived =
      R"({"by":"stele/quarantine@1","fields":["time","actor","action","category","outcome"],"unattributed":true})";
  if (keeper.add(batch, {event, kDerived, bytes, sender.id})) return;
  // Six bytes for one once escaped: sender's five texts of 1,024 bytes, his peer of 2 KiB, and the head find room.
  for (const std::size_t head : {8192U, 1024U, 0U}) {
    if (keeper.add(batch, {event, kDerived, bytes.substr(0, head), sender.id})) return;
  }
  std::abort();
}

void add_repeat(event::EntryBatch& batch, const apart::Keeper& keeper, std::string_view door, std::uint64_t index, UnixNanos now,
                const Sender& sender) {
  std::string event = begin_note(
      sender, now,
      R"("actor":{"type":"service","id":"stele"},"action":"stele.repeated","category":"system_activity","outcome":"success",)");
  event += R"("targets":[{"type":"entry","id":")" + std::to_string(index) + R"("}],"attributes":{"door":)";
  append_json_string(event, door);
  event += "}}";
  constexpr std::string_view kDerived = R"({"by":"stele/repeat@1","fields":["time","actor","action","category","outcome"]})";
  // Told again it is compared by this: the event has the time in it.
  const std::string original = "repeats entry " + std::to_string(index);
  if (!keeper.add(batch, {event, kDerived, original, sender.id})) std::abort();  // of two texts of 1,024 bytes
}

}  // namespace stele::collect
