#include "audit/last_uses.h"

#include "base/json_text.h"
#include "event/json_value.h"

namespace stele::audit {
namespace {

constexpr std::uint64_t kUsesBytesMax = 64U << 20;

}  // namespace

std::string last_uses_text(const std::map<std::string, UnixNanos>& uses) {
  std::string out = "{\"stele_last_uses\":1,\"identities\":{";
  for (const auto& [identity, time] : uses) {
    if (out.back() != '{') out += ',';
    append_json_string(out, identity);
    out += ':';
    append_json_string(out, format_time(time));
  }
  return out + "}}\n";
}

Result<std::map<std::string, UnixNanos>> parse_last_uses(std::string_view text) {
  event::JsonTape tape;
  event::JsonError error;
  event::JsonLimits limits;
  limits.bytes_max = kUsesBytesMax;
  limits.nodes_max = 2'000'000;
  if (!tape.parse(text, limits, error)) return corrupt(error.message);
  const event::JsonValue root(tape);
  if (root["stele_last_uses"].number() != 1U || !root["identities"].is(event::JsonType::kObject))
    return corrupt("it is no file of last uses, version 1");
  std::map<std::string, UnixNanos> out;
  bool sound = true;
  root["identities"].for_each_member([&](std::string_view identity, event::JsonValue value) {
    const auto time = parse_time(value.text());
    sound = sound && time;
    if (time) out.emplace(identity, *time);
  });
  if (!sound) return corrupt("a time cannot be read");
  return out;
}

Status LastUses::read() {
  const std::lock_guard lock(mutex_);
  if (!fs_.exists(file_)) return {};
  const auto text = io::read_file(fs_, file_, kUsesBytesMax);
  unreadable_ = !text && text.error().code != Code::kCorrupt;
  if (!text) return text.error();
  const auto read = parse_last_uses(*text);
  if (!read) return read.error().in(file_);
  for (const auto& [identity, time] : *read) grants_.note_use(identity, time);
  kept_ = grants_.last_uses();
  return {};
}

Status LastUses::keep() {
  const std::lock_guard lock(mutex_);
  auto now = grants_.last_uses();
  if (now == kept_ || unreadable_) return {};
  STELE_TRY(io::write_file(fs_, file_, last_uses_text(now), 0600));
  kept_ = std::move(now);
  return {};
}

}  // namespace stele::audit
