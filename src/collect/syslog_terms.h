// What syslog's header means, under the names that events and rules know. Shared by all that carries it on.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace stele::collect {

// RFC 5424 section 6.2.1, tables 1 and 2; facilities under the names of syslog.conf where that has one. Of larger numbers the
// remainder counts.
std::string_view facility_name(unsigned facility);
std::string_view severity_name(unsigned severity);

// "authentication" (auth, authpriv), "security_event" (audit), else "system_activity".
std::string_view facility_category(unsigned facility);

// Bytes of a part of an actor's id: three of them stay below the 1,024 of an id.
inline constexpr std::size_t kActorPartMax = 255;

// Appends {"type":"process","id":"app[pid]@host","name":"app"}, absent parts left out; with neither app nor host the id is
// "unknown". A part of more than kActorPartMax bytes ends in "…".
void append_process(std::string& out, std::string_view app, std::string_view pid, std::string_view host);

// The program's name as rules know it: without its folder, and without what it calls a part of itself ("su(pam_unix)").
std::string_view program_name(std::string_view app);

// What a program wrote, without what relays put around it: Solaris' "[ID 800047 auth.info] ", and "message repeated 5 times:
// [ … ]" of those that count; `repeated` is then the number.
std::string_view program_text(std::string_view text, std::string_view& repeated);

}  // namespace stele::collect
