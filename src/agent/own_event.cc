#include "agent/own_event.h"

#include <sys/timex.h>

#include "base/json_text.h"
#include "base/readable_text.h"

namespace stele::agent {

std::string own_event(const Notice& notice, const Speaker& speaker, UnixNanos time) {
  constexpr std::size_t kMessageBytesMax = 4'096;
  std::string out = R"({"time":")" + format_time(time) + R"(","actor":{"type":"process","id":)";
  append_json_string(out, "stele-agent[" + std::to_string(speaker.pid) + "]@" + speaker.host);
  out += R"(},"action":"stele.agent.)" + notice.name + R"(","category":"system_activity","outcome":")";
  out += notice.outcome;
  out += R"(","severity":")";
  out += notice.severity;
  out += R"(","message":")";
  append_readable(out, notice.message, kMessageBytesMax);
  out += R"(","attributes":{)";
  bool first = true;
  for (const auto& [name, value] : notice.attributes) {
    if (!first) out.push_back(',');
    first = false;
    append_json_string(out, name);
    out += ":" + value;
  }
  return out + "}}";
}

ClockState clock_state() {
  timex state{};
  const int rc = ::adjtimex(&state);
  ClockState out;
  out.synchronised = rc >= 0 && rc != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
  out.error_micros_max = state.maxerror > 0 ? static_cast<std::uint64_t>(state.maxerror) : 0;
  return out;
}

}  // namespace stele::agent
