#include "notify/state.h"

#include <utility>

#include "base/json_text.h"
#include "event/json_value.h"

namespace stele::notify {
namespace {

// 64 destinations with 200 notices each, and their overflow, fit well.
constexpr event::JsonLimits kStateLimits{64U << 20, 170, 4'000'000};

}  // namespace

std::string state_json(const State& state) {
  std::string out = "{\"stele_notify\":1,\"log\":";
  append_json_string(out, state.log);
  out += ",\"next\":" + std::to_string(state.next) + ",\"destinations\":{";
  for (const auto& [key, outbox] : state.outboxes) {
    if (out.back() != '{') out += ',';
    append_json_string(out, key);
    out += ':' + outbox.json();
  }
  return out + "}}\n";
}

Result<State> parse_state(std::string_view json, std::int64_t quiet_nanos) {
  event::JsonTape tape;
  event::JsonError error;
  if (!tape.parse(json, kStateLimits, error)) return invalid("it is not JSON: " + error.message);
  const event::JsonValue top(tape);
  if (top["stele_notify"].number() != 1) return invalid("it is not of version 1");
  State state;
  state.log = top["log"].text();
  const auto next = top["next"].number();
  if (!next || state.log.empty()) return invalid("it does not say how far it came");
  state.next = *next;
  Status status;
  top["destinations"].for_each_member([&](std::string_view key, event::JsonValue value) {
    Outbox outbox(quiet_nanos);
    if (Status read = outbox.restore(value); !read) status = std::move(read);
    state.outboxes.insert_or_assign(std::string(key), std::move(outbox));
  });
  STELE_TRY(status);
  return state;
}

}  // namespace stele::notify
