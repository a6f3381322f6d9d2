#include "collect/quarantine.h"

#include <cstdlib>
#include <string>

#include "base/json_text.h"
#include "crypto/sha256.h"

namespace stele::collect {

void add_quarantined(event::EntryBatch& batch, const apart::Keeper& keeper, std::string_view door, std::string_view why,
                     std::string_view bytes, std::uint64_t length, UnixNanos now, const Sender& sender) {
  constexpr std::size_t kHeadBytes = 8192;  // at most six times as long once escaped
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
  append_json_string(event, why);
  event += ",\"bytes\":" + std::to_string(length) + ",\"sha256\":\"" +
           hex_encode(as_byte_span(crypto::sha256(as_byte_span(bytes)))) + "\"";
  append_circumstances(event, sender);
  event += "}}";
  constexpr std::string_view kDerived =
      R"({"by":"stele/quarantine@1","fields":["time","actor","action","category","outcome"],"unattributed":true})";
  if (keeper.add(batch, {event, kDerived, bytes, sender.id})) return;
  if (!keeper.add(batch, {event, kDerived, bytes.substr(0, kHeadBytes), sender.id})) std::abort();  // bounded above
}

}  // namespace stele::collect
