// One syslog message, read into views: RFC 5424, RFC 3164 as it is really sent, or free text.
//
// Nothing is rejected and nothing fails: a part that cannot be read stays where it stood, in the message text. Pure, no
// I/O, linear in the length of the line. Every view borrows from the line that was parsed and lives as long as it does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace stele::collect {

// Limits. What lies beyond one of them is never dropped: it stays in the message text.
inline constexpr std::size_t kSyslogLineMax = 65'536;     // header and structured data are read within these first bytes
inline constexpr std::size_t kSyslogFieldMax = 255;       // bytes of one header field, SD-ID or parameter name
inline constexpr std::size_t kSyslogSdElementsMax = 128;  // structured data elements of one message
inline constexpr std::size_t kSyslogSdParamsMax = 256;    // parameters of one message, all its elements together

// What a message without a readable PRI counts as (RFC 3164 section 4.3.3: priority 13).
inline constexpr std::uint8_t kSyslogFacilityUser = 1;
inline constexpr std::uint8_t kSyslogSeverityNotice = 5;

enum class SyslogFormat : std::uint8_t {
  kRfc5424,  // "<PRI>1 " and a time or "-"
  kRfc3164,  // a PRI, or a time in front, or both
  kFree,     // neither: the whole line is the message
};

enum class SyslogTime : std::uint8_t {
  kFull,     // the sender gave date, year and zone
  kAssumed,  // the year (the nearest to `received`) or the zone (the one passed in) is ours
  kAbsent,   // none, or not readable
};

// One parameter of structured data (RFC 5424 section 6.3.3).
struct SdParam {
  std::string_view name;
  std::string_view raw;  // between the quotes, still escaped
  bool escaped = false;  // whether `raw` has a backslash, that is, may differ from the value

  // Appends or returns the value: \" \\ and \] lose their backslash, any other backslash stands for itself.
  void append_value(std::string& out) const;
  [[nodiscard]] std::string value() const;
};

// One element of structured data: its id, and where its parameters lie in SyslogMessage::sd_params.
struct SdElement {
  std::string_view id;
  std::uint32_t first_param = 0;
  std::uint32_t param_count = 0;
};

// A header field that is absent, or "-" (the NILVALUE), is empty.
struct SyslogMessage {
  SyslogFormat format = SyslogFormat::kFree;
  SyslogTime time_source = SyslogTime::kAbsent;
  bool has_pri = false;                         // otherwise facility and severity are the assumed ones
  bool sd_incomplete = false;                   // an element was malformed or over a limit: it and what follows are in `message`
  std::uint8_t facility = kSyslogFacilityUser;  // 0 to 23
  std::uint8_t severity = kSyslogSeverityNotice;  // 0 (emergency) to 7 (debug)

  std::optional<UnixNanos> time;  // present unless time_source is kAbsent
  std::string_view time_text;     // the lexeme, if it is RFC 3339; or, if `time` is absent, what an RFC 5424 sender wrote there
  std::string_view hostname;
  std::string_view app_name;  // APP-NAME, or the TAG of RFC 3164
  std::string_view proc_id;   // PROCID, or what the TAG has in brackets
  std::string_view msg_id;    // MSGID, or Cisco's "%FACILITY-SEVERITY-MNEMONIC"
  std::string_view message;   // without a byte order mark in front, and without CR, LF and NUL at the end

  std::vector<SdElement> sd_elements;  // in the order sent; ids may repeat
  std::vector<SdParam> sd_params;

  [[nodiscard]] std::span<const SdParam> params(const SdElement& element) const;

  // The value of the first parameter `name` in the first element `id` that has one, for example "meta" and "sequenceId"
  // (RFC 5424 section 7.3.1) or "timeQuality" and "tzKnown" (7.1.1).
  [[nodiscard]] std::optional<std::string> param(std::string_view id, std::string_view name) const;
};

// Reads one message (a datagram or a frame, RFC 5424 section 6, RFC 3164 sections 4 and 5). `line` may hold any bytes.
//
// Shapes: RFC 5424, also with a missing or broken structured data part or cut short anywhere. RFC 3164 with or without PRI,
// hostname, tag and pid; with the time of section 4.1.2 (also with a year or fractions), with an RFC 3339 time (rsyslog's
// RSYSLOG_ForwardFormat), or none; relays' "Forwarded from host:"; Cisco's sequence numbers, clock marks, zones and
// mnemonics (of these the sequence number, the mark and an ambiguous zone get no field: only the line itself has them).
// Without a PRI a hostname is believed only when a tag follows. A PRI over 191, or with a leading zero, is none.
//
// A time without a year gets the year in which it comes nearest to `received`; a time without a zone is taken to be
// `zone_offset_s` seconds east of UTC.
[[nodiscard]] SyslogMessage parse_syslog(std::string_view line, UnixNanos received, std::int32_t zone_offset_s = 0);

}  // namespace stele::collect
