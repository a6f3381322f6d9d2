#include "collect/quarantine.h"

#include <cstdlib>
#include <string>

#include "base/json_text.h"
#include "base/readable_text.h"

namespace stele::collect {

void add_quarantined(event::EntryBatch& batch, const apart::Keeper& keeper, std::string_view door, std::string_view why,
                     std::string_view bytes, std::uint64_t length, UnixNanos now, const Sender& sender) {
  constexpr std::size_t kWhyBytesMax = 512;
  std::string event = "{";
  append_identity(event, sender);
  event += "\"time\":\"" + format_time(now) + R"(","actor":{"type":"process","id":"unknown"},"action":"stele.quarantined",)";
  event += R"("category":"system_error","outcome":"failure",)";
  if (!sender.sequence.empty()) {
    event += R"("context":{"sequence":)";
    append_json_string(event, sender.sequence);
    event += "},";
  }
  event += R"("attributes":{"door":)";
  append_json_string(event, door);
  event += ",\"reason\":";
  event.push_back('"');
  append_readable(event, why, kWhyBytesMax);
  event.push_back('"');
  event += ",\"bytes\":" + std::to_string(length);
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

}  // namespace stele::collect
