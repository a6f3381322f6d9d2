// An entry as one line for people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "cli/text.h"

namespace stele::cli {

struct LineStyle {
  Palette palette{false};
  bool local_time = false;  // else UTC
};

// "12345  2026-11-23T16:19:59.998Z  billing-api  user:u_42 (Ada Park)  customer.export  table:customers  success
// 203.0.113.9  "…"": index, time of the event, source, actor, action, targets, outcome, origin, message. What an entry does not
// say is "-", but for the message, which then is left out. Everything is made printable; long texts are clipped.
std::string entry_line(std::uint64_t index, std::string_view entry, const LineStyle& style);

// "12345  2026-11-23T16:19:59.998Z  billing-api  Ada Park exported table customers from 203.0.113.9": index, time, source, and
// the sentence that the event is told by.
std::string sentence_line(std::uint64_t index, std::string_view entry, std::string_view sentence, const LineStyle& style);

// "2026-11-23T16:19:59.998Z", or in the machine's zone "2026-11-23 17:19:59.998 +0100".
std::string time_text(UnixNanos time, bool local);

}  // namespace stele::cli
