#include "collect/syslog_message.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>

#include "base/ascii.h"

namespace stele::collect {
namespace {

constexpr std::int64_t kSecondsPerDay = 86'400;
constexpr std::int64_t kSecondsLimit = 9'200'000'000;  // what 64-bit nanoseconds hold, as parse_time has it
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::string_view kNil = "-";

// What the reading of one line has to know besides the line.
struct Context {
  UnixNanos received;
  std::int64_t zone_offset_s;
};

bool is_high(char c) { return static_cast<unsigned char>(c) >= 0x80; }  // a byte of UTF-8, or of an older encoding

bool all_digits(std::string_view s) { return std::all_of(s.begin(), s.end(), is_digit); }

bool take(std::string_view& in, std::string_view prefix) {
  if (!in.starts_with(prefix)) return false;
  in.remove_prefix(prefix.size());
  return true;
}

void skip_spaces(std::string_view& in) { in.remove_prefix(std::min(in.find_first_not_of(' '), in.size())); }

// The bytes before the first space; if there is none among the first `limit`, at most that many and one.
std::string_view front_token(std::string_view in, std::size_t limit) {
  in = in.substr(0, limit + 1);
  return in.substr(0, in.find(' '));
}

using CharSet = std::array<bool, 256>;

consteval CharSet letters_digits_and(std::string_view more) {
  CharSet set{};
  for (std::size_t c = 0; c < 256; ++c) set[c] = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c >= 0x80;
  for (const char c : more) set[static_cast<unsigned char>(c)] = true;
  return set;
}

// More than the RFCs allow, and less than would take JSON, quoted text or key=value pairs for a name.
constexpr CharSet kHostChars = letters_digits_and("-._:/@%[]()#+~");
constexpr CharSet kTagChars = letters_digits_and("-._:/@%[]()#+~$&*\\");
constexpr CharSet kMnemonicChars = letters_digits_and("-_");

bool in_set(const CharSet& set, char c) { return set[static_cast<unsigned char>(c)]; }
bool consists_of(const CharSet& set, std::string_view s) {
  return std::all_of(s.begin(), s.end(), [&](char c) { return in_set(set, c); });
}

// --- Times ---

// "Mmm dd [yyyy] hh:mm:ss[.fraction]" or "yyyy Mmm dd hh:mm:ss[.fraction]", with what may follow it.
struct BsdTime {
  int year = 0;  // 0: not said
  unsigned month = 0;
  unsigned day = 0;
  std::int64_t second_of_day = 0;
  std::int64_t nanos = 0;
  bool utc = false;  // said to be
};

// Reads exactly `width` digits.
std::optional<unsigned> take_digits(std::string_view& in, std::size_t width) {
  if (in.size() < width || !all_digits(in.substr(0, width))) return std::nullopt;
  unsigned value = 0;
  for (const char c : in.substr(0, width)) value = value * 10 + static_cast<unsigned>(c - '0');
  in.remove_prefix(width);
  return value;
}

std::optional<unsigned> take_month(std::string_view& in) {
  constexpr std::string_view kMonths = "janfebmaraprmayjunjulaugsepoctnovdec";
  if (in.size() < 4 || in[3] != ' ') return std::nullopt;
  const std::array<char, 3> name{static_cast<char>(in[0] | 0x20), static_cast<char>(in[1] | 0x20),
                                 static_cast<char>(in[2] | 0x20)};
  for (unsigned month = 0; month < 12; ++month) {
    if (kMonths.substr(std::size_t{month} * 3, 3) != std::string_view(name.data(), name.size())) continue;
    in.remove_prefix(4);
    return month + 1;
  }
  return std::nullopt;
}

// A day with its space: "11 ", " 1 ", "01 " or "1 ".
std::optional<unsigned> take_day(std::string_view& in) {
  take(in, " ");
  std::optional<unsigned> day = take_digits(in, 2);
  if (!day) day = take_digits(in, 1);
  if (!day || *day < 1 || *day > 31 || !take(in, " ")) return std::nullopt;
  return day;
}

// A year that 64-bit nanoseconds hold and that a clock may show, and a space.
std::optional<int> take_year(std::string_view& in) {
  std::string_view rest = in;
  const std::optional<unsigned> year = take_digits(rest, 4);
  if (!year || *year < 1970 || *year > 2261 || !(rest.empty() || take(rest, " "))) return std::nullopt;
  in = rest;
  return static_cast<int>(*year);
}

// "hh:mm:ss[.fraction]". A second 60 counts as 59.999999999, as in parse_time.
bool take_clock(std::string_view& in, BsdTime& time) {
  const auto hour = take_digits(in, 2);
  if (!hour || *hour > 23 || !take(in, ":")) return false;
  const auto minute = take_digits(in, 2);
  if (!minute || *minute > 59 || !take(in, ":")) return false;
  auto second = take_digits(in, 2);
  if (!second || *second > 60) return false;
  if (in.size() > 1 && in[0] == '.' && is_digit(in[1])) {
    in.remove_prefix(1);
    for (std::int64_t unit = kSecond / 10; !in.empty() && is_digit(in[0]); unit /= 10) {
      time.nanos += unit * (in[0] - '0');
      in.remove_prefix(1);
    }
  }
  if (*second == 60) {
    second = 59;
    time.nanos = kSecond - 1;
  }
  time.second_of_day = static_cast<std::int64_t>(*hour * 3600 + *minute * 60 + *second);
  return true;
}

// A zone after the time. UTC and GMT are believed; another abbreviation is ambiguous, is passed over in front of a Cisco
// mnemonic, and left alone elsewhere.
void take_zone(std::string_view& in, BsdTime& time) {
  std::string_view rest = in;
  if (!take(rest, " ")) return;
  const std::string_view zone = rest.substr(0, rest.find_first_of(" :"));
  rest.remove_prefix(zone.size());
  if (zone == "UTC" || zone == "GMT") {
    time.utc = true;
    in = rest;
  } else if (zone.size() >= 3 && zone.size() <= 5 && std::all_of(zone.begin(), zone.end(), is_letter) &&
             rest.starts_with(": %")) {
    in = rest;
  }
}

// Takes a time, a zone or year behind it, a colon, and the spaces; leaves `in` alone if there is no time.
std::optional<BsdTime> take_bsd_time(std::string_view& in, bool year_may_lead) {
  std::string_view rest = in;
  BsdTime time;
  if (year_may_lead) time.year = take_year(rest).value_or(0);
  const auto month = take_month(rest);
  if (!month) return std::nullopt;
  const auto day = take_day(rest);
  if (!day) return std::nullopt;
  time.month = *month;
  time.day = *day;
  if (time.year == 0) time.year = take_year(rest).value_or(0);
  if (!take_clock(rest, time)) return std::nullopt;
  take_zone(rest, time);
  if (time.year == 0 && rest.starts_with(' ')) {
    std::string_view behind = rest.substr(1);
    if (const auto year = take_year(behind)) {
      time.year = *year;
      in = behind;
      return time;
    }
  }
  if (rest.starts_with(" : ")) rest.remove_prefix(1);
  if (!rest.empty() && rest[0] != ' ' && rest[0] != ':') return std::nullopt;
  take(rest, ":");
  skip_spaces(rest);
  in = rest;
  return time;
}

// Seconds since 1970 of `time` in `year`; nothing if the date does not exist then or is out of range.
std::optional<std::int64_t> seconds_in_year(const BsdTime& time, int year, std::int64_t offset) {
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{time.month}, std::chrono::day{time.day}};
  if (!date.ok()) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  const std::int64_t seconds = days * kSecondsPerDay + time.second_of_day - offset;
  if (seconds < -kSecondsLimit || seconds > kSecondsLimit) return std::nullopt;
  return seconds;
}

// The same in the year that brings it nearest to `received`: a neighbour of the year of receipt, or, for 29 February, up
// to eight years away.
std::optional<std::int64_t> seconds_nearest(const BsdTime& time, UnixNanos received, std::int64_t offset) {
  constexpr std::int64_t kHalfYear = 182 * kSecondsPerDay;
  const std::int64_t target = received / kSecond;
  const std::chrono::year_month_day today{std::chrono::sys_days{std::chrono::days{target / kSecondsPerDay}}};
  const int year = static_cast<int>(today.year());
  std::optional<std::int64_t> best = seconds_in_year(time, year, offset);
  if (best && std::abs(*best - target) <= kHalfYear) return best;
  for (int distance = 1; distance <= 8 && (distance == 1 || !best); ++distance) {
    for (const int candidate : {year - distance, year + distance}) {
      const auto seconds = seconds_in_year(time, candidate, offset);
      if (seconds && (!best || std::abs(*seconds - target) < std::abs(*best - target))) best = seconds;
    }
  }
  return best;
}

void store_time(const BsdTime& time, const Context& context, SyslogMessage& out) {
  const std::int64_t offset = time.utc ? 0 : context.zone_offset_s;
  const auto seconds =
      time.year != 0 ? seconds_in_year(time, time.year, offset) : seconds_nearest(time, context.received, offset);
  if (!seconds) return;
  out.time = *seconds * kSecond + time.nanos;
  out.time_source = time.utc && time.year != 0 ? SyslogTime::kFull : SyslogTime::kAssumed;
}

bool has_date_shape(std::string_view s) {
  constexpr std::string_view kShape = "0000-00-00T";
  if (s.size() < kShape.size() || (s[10] != 'T' && s[10] != 't')) return false;
  for (std::size_t i = 0; i < 10; ++i) {
    if (kShape[i] == '0' ? !is_digit(s[i]) : s[i] != kShape[i]) return false;
  }
  return true;
}

// Reads a time in the manner of ISO 8601: RFC 3339, or without a zone, or with a zone "+hhmm".
bool read_iso_time(std::string_view token, const Context& context, SyslogMessage& out) {
  if (!has_date_shape(token)) return false;
  if (const auto time = parse_time(token)) {
    out.time = time;
    out.time_source = SyslogTime::kFull;
    out.time_text = token;
    return true;
  }
  constexpr std::size_t kLongest = 35;  // nine fractional digits and "+hhmm"
  if (token.size() > kLongest) return false;
  std::array<char, kLongest + 1> text{};
  const auto end = std::copy(token.begin(), token.end(), text.begin());
  *end = 'Z';
  if (const auto time = parse_time({text.data(), token.size() + 1})) {
    const std::int64_t seconds = *time / kSecond - context.zone_offset_s;
    if (std::abs(seconds) >= kSecondsLimit) return false;
    out.time = *time - context.zone_offset_s * kSecond;
    out.time_source = SyslogTime::kAssumed;
    return true;
  }
  const char sign = token[token.size() - 5];
  if (sign != '+' && sign != '-') return false;
  std::copy_backward(end - 2, end, end + 1);
  *(end - 2) = ':';
  out.time = parse_time({text.data(), token.size() + 1});
  if (!out.time) return false;
  out.time_source = SyslogTime::kFull;
  return true;
}

// --- RFC 5424 ---

// Takes "<PRIVAL>" (RFC 5424 section 6.2.1): 0 to 191 without leading zeros.
bool take_pri(std::string_view& in, SyslogMessage& out) {
  const std::size_t end = in.substr(0, 5).find('>');
  if (end == std::string_view::npos || end < 2 || in[0] != '<') return false;
  std::string_view digits = in.substr(1, end - 1);
  if (digits[0] == '0' && digits.size() > 1) return false;
  const auto value = take_digits(digits, digits.size());
  if (!value || *value > 191) return false;
  out.has_pri = true;
  out.facility = static_cast<std::uint8_t>(*value / 8);
  out.severity = static_cast<std::uint8_t>(*value % 8);
  in.remove_prefix(end + 1);
  return true;
}

// Takes one header field and its space; false, and nothing taken, if it is over kSyslogFieldMax.
bool take_field(std::string_view& in, std::string_view& field) {
  const std::string_view token = front_token(in, kSyslogFieldMax);
  if (token.size() > kSyslogFieldMax) return false;
  in.remove_prefix(token.size());
  take(in, " ");
  if (token != kNil) field = token;
  return true;
}

// Takes `name="value"` (RFC 5424 section 6.3.3). A "]" in the value needs no escape here.
bool take_sd_param(std::string_view& in, SdParam& param) {
  const std::size_t equals = in.substr(0, kSyslogFieldMax + 1).find_first_of("= ]\"");
  if (equals == 0 || equals == std::string_view::npos || !in.substr(equals).starts_with("=\"")) return false;
  param.name = in.substr(0, equals);
  in.remove_prefix(equals + 2);
  for (std::size_t at = 0; at < in.size(); ++at) {
    if (in[at] == '"') {
      param.raw = in.substr(0, at);
      in.remove_prefix(at + 1);
      return true;
    }
    if (in[at] != '\\') continue;
    param.escaped = true;
    ++at;
  }
  return false;
}

// Takes "[id name="value" …]" and stores it; false if it is malformed or over a limit.
bool take_sd_element(std::string_view& in, SyslogMessage& out) {
  if (out.sd_elements.size() == kSyslogSdElementsMax || !take(in, "[")) return false;
  const std::size_t id_size = in.substr(0, kSyslogFieldMax + 1).find_first_of(" ]=\"");
  if (id_size == 0 || id_size == std::string_view::npos || in[id_size] == '=' || in[id_size] == '"') return false;
  SdElement element{in.substr(0, id_size), static_cast<std::uint32_t>(out.sd_params.size()), 0};
  in.remove_prefix(id_size);
  while (true) {
    skip_spaces(in);
    if (take(in, "]")) break;
    SdParam param;
    if (out.sd_params.size() == kSyslogSdParamsMax || !take_sd_param(in, param)) return false;
    out.sd_params.push_back(param);
    ++element.param_count;
  }
  out.sd_elements.push_back(element);
  return true;
}

// Takes the structured data and its space. Stops before the first element that it cannot keep.
void take_structured_data(std::string_view& in, SyslogMessage& out) {
  if (in == kNil || in.starts_with("- ")) {
    in.remove_prefix(std::min<std::size_t>(in.size(), 2));
    return;
  }
  if (!in.starts_with('[')) return;
  while (in.starts_with('[')) {
    std::string_view rest = in;
    const std::size_t params_before = out.sd_params.size();
    if (!take_sd_element(rest, out)) {
      out.sd_params.resize(params_before);
      out.sd_incomplete = true;
      return;
    }
    in = rest;
  }
  take(in, " ");
}

// Reads what follows the PRI as RFC 5424 if it begins as that does.
bool read_rfc5424(std::string_view in, const Context& context, SyslogMessage& out) {
  if (!take(in, "1 ")) return false;
  const std::string_view time = front_token(in, kSyslogFieldMax);
  if (time != kNil && !(has_date_shape(time) && time.size() <= kSyslogFieldMax)) return false;
  out.format = SyslogFormat::kRfc5424;
  if (time != kNil && !read_iso_time(time, context, out)) out.time_text = time;
  in.remove_prefix(time.size());
  take(in, " ");
  if (take_field(in, out.hostname) && take_field(in, out.app_name) && take_field(in, out.proc_id) && take_field(in, out.msg_id)) {
    take_structured_data(in, out);
  }
  out.message = in;
  return true;
}

// --- RFC 3164 ---

struct Tag {
  std::string_view name;
  std::string_view pid;
  std::size_t width = 0;  // bytes with brackets and colon
};

bool is_tag_name(std::string_view name, bool has_pid) {
  constexpr CharSet kFirst = letters_digits_and("_/(.%-#@$~");
  if (name.empty() || name.size() > kSyslogFieldMax || !in_set(kFirst, name[0]) || !consists_of(kTagChars, name)) return false;
  return has_pid || std::any_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_high(c); });
}

// Reads "name[pid]:", "name:" or "name[123]" at the front of `in`.
std::optional<Tag> read_tag(std::string_view in) {
  const std::string_view token = front_token(in, 2 * kSyslogFieldMax + 3);
  Tag tag;
  std::string_view bracketed;
  if (const std::size_t end = token.find("]:"); end != std::string_view::npos) {
    bracketed = token.substr(0, end);
    tag.width = end + 2;
  } else if (token.ends_with(':')) {
    tag.name = token.substr(0, token.size() - 1);
    tag.width = token.size();
    if (!is_tag_name(tag.name, false)) return std::nullopt;
    return tag;
  } else if (token.ends_with(']')) {
    bracketed = token.substr(0, token.size() - 1);
    tag.width = token.size();
  }
  const std::size_t open = bracketed.rfind('[');
  if (open == std::string_view::npos) return std::nullopt;
  tag.name = bracketed.substr(0, open);
  tag.pid = bracketed.substr(open + 1);
  const bool colon = token[tag.width - 1] == ':';
  if (tag.pid.size() > kSyslogFieldMax || !(colon || (!tag.pid.empty() && all_digits(tag.pid)))) return std::nullopt;
  if (!is_tag_name(tag.name, true)) return std::nullopt;
  return tag;
}

// Reads "%FACILITY-SEVERITY-MNEMONIC:" at the front, without its colon; empty if there is none.
std::string_view read_mnemonic(std::string_view in) {
  if (!in.starts_with('%')) return {};
  const std::string_view token = front_token(in, kSyslogFieldMax);
  if (token.size() > kSyslogFieldMax || !token.ends_with(':')) return {};
  const std::string_view name = token.substr(0, token.size() - 1);
  if (!consists_of(kMnemonicChars, name.substr(1))) return {};
  for (std::size_t i = 1; i + 2 < name.size(); ++i) {
    if (name[i] == '-' && is_digit(name[i + 1]) && name[i + 2] == '-') return name;
  }
  return {};
}

bool is_hostname(std::string_view token) {
  return !token.empty() && token.size() <= kSyslogFieldMax && consists_of(kHostChars, token);
}

// Whether a token with a colon at its end is an address such as "fe80::" rather than a tag.
bool is_ipv6_with_colon(std::string_view token) {
  if (token.size() < 3 || !token.ends_with("::")) return false;
  return std::all_of(token.begin(), token.end(),
                     [](char c) { return is_digit(c) || c == ':' || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); });
}

// Takes "Forwarded from host: " (BSD) or "Message forwarded from host: " (AIX).
bool take_forwarded(std::string_view& in, SyslogMessage& out) {
  std::string_view rest = in;
  if (!take(rest, "Forwarded from ") && !take(rest, "Message forwarded from ")) return false;
  const std::string_view token = front_token(rest, kSyslogFieldMax);
  if (!token.ends_with(':') || !is_hostname(token.substr(0, token.size() - 1))) return false;
  out.hostname = token.substr(0, token.size() - 1);
  rest.remove_prefix(token.size());
  skip_spaces(rest);
  in = rest;
  return true;
}

// Takes the hostname behind the time, if there is one.
void take_hostname(std::string_view& in, SyslogMessage& out) {
  if (in.starts_with("last message repeated ") || in.starts_with("message repeated ")) return;
  if (take_forwarded(in, out)) return;
  std::string_view token = front_token(in, kSyslogFieldMax);
  if (!is_hostname(token) || !read_mnemonic(in).empty()) return;
  std::string_view rest = in.substr(token.size());
  skip_spaces(rest);
  if (const auto tag = read_tag(in); tag && !is_ipv6_with_colon(token)) {
    if (!tag->pid.empty() || read_mnemonic(rest).empty()) return;
    token.remove_suffix(1);  // "host: %ASA-6-302013: "
  }
  take(rest, ": ");  // "host : %ASA-6-302013: "
  if (!out.has_pri && !read_tag(rest)) return;
  if (token != kNil) out.hostname = token;
  in = rest;
}

void take_tag(std::string_view& in, SyslogMessage& out) {
  if (out.msg_id = read_mnemonic(in); !out.msg_id.empty()) {
    in.remove_prefix(out.msg_id.size() + 1);
  } else if (const auto tag = read_tag(in)) {
    out.app_name = tag->name;
    out.proc_id = tag->pid;
    in.remove_prefix(tag->width);
  } else {
    return;
  }
  take(in, " ");
}

// Takes Cisco's own header: [sequence]":" [host":"] [sequence":"] ["*" or "."] [time[zone]":"], and only where a time or a
// mnemonic follows.
bool take_cisco_header(std::string_view& in, const Context& context, SyslogMessage& out) {
  constexpr int kPartsMax = 3;
  std::string_view rest = in;
  std::string_view host;
  for (int part = 0; part < kPartsMax; ++part) {
    const std::size_t colon = rest.substr(0, kSyslogFieldMax + 1).find_first_of(": ");
    if (colon == std::string_view::npos || rest[colon] != ':') return false;
    const std::string_view word = rest.substr(0, colon);
    if (!all_digits(word)) {
      if (part == 0 || !host.empty() || !is_hostname(word)) return false;
      host = word;
    }
    rest.remove_prefix(colon + 1);
    skip_spaces(rest);
    std::string_view marked = rest;
    if (!take(marked, "*")) take(marked, ".");
    const auto time = take_bsd_time(marked, true);
    if (!time && read_mnemonic(rest).empty()) continue;
    if (time) {
      store_time(*time, context, out);
      rest = marked;
    }
    out.hostname = host;
    in = rest;
    return true;
  }
  return false;
}

// Takes the time at the front: of RFC 3164 or, as relays send it, of RFC 3339.
bool take_time(std::string_view& in, const Context& context, SyslogMessage& out) {
  std::string_view rest = in;
  skip_spaces(rest);
  if (!take(rest, "*")) take(rest, ".");
  if (const auto time = take_bsd_time(rest, false)) {
    store_time(*time, context, out);
    in = rest;
    return true;
  }
  const std::string_view token = front_token(rest, kSyslogFieldMax);
  if (!read_iso_time(token, context, out)) return false;
  rest.remove_prefix(token.size());
  skip_spaces(rest);
  in = rest;
  return true;
}

void read_rfc3164(std::string_view in, const Context& context, SyslogMessage& out) {
  out.format = SyslogFormat::kRfc3164;
  if (out.has_pri && !in.empty() && (is_digit(in[0]) || in[0] == ':') && take_cisco_header(in, context, out)) {
    take_tag(in, out);
  } else if (take_time(in, context, out)) {
    take_hostname(in, out);
    take_tag(in, out);
  } else if (out.has_pri) {
    take_tag(in, out);
  } else {
    out.format = SyslogFormat::kFree;
  }
  out.message = in;
}

}  // namespace

void SdParam::append_value(std::string& out) const {
  if (!escaped) {
    out.append(raw);
    return;
  }
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const bool escapes = raw[i] == '\\' && i + 1 < raw.size() && (raw[i + 1] == '"' || raw[i + 1] == '\\' || raw[i + 1] == ']');
    if (escapes) ++i;
    out.push_back(raw[i]);
  }
}

std::string SdParam::value() const {
  std::string out;
  append_value(out);
  return out;
}

std::span<const SdParam> SyslogMessage::params(const SdElement& element) const {
  return std::span(sd_params).subspan(element.first_param, element.param_count);
}

std::optional<std::string> SyslogMessage::param(std::string_view id, std::string_view name) const {
  for (const SdElement& element : sd_elements) {
    if (element.id != id) continue;
    for (const SdParam& param : params(element)) {
      if (param.name == name) return param.value();
    }
  }
  return std::nullopt;
}

SyslogMessage parse_syslog(std::string_view line, UnixNanos received, std::int32_t zone_offset_s) {
  const Context context{received, zone_offset_s};
  SyslogMessage out;
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r' || line.back() == '\0')) line.remove_suffix(1);
  take(line, kByteOrderMark);

  // Only the first part is looked into; the message always ends it, so that it can be extended over the rest.
  const std::string_view read = line.substr(0, kSyslogLineMax);
  std::string_view rest = read;
  const bool is_rfc5424 = take_pri(rest, out) && read_rfc5424(rest, context, out);
  if (!is_rfc5424) read_rfc3164(rest, context, out);
  out.message = {out.message.data(), out.message.size() + (line.size() - read.size())};
  take(out.message, kByteOrderMark);
  return out;
}

}  // namespace stele::collect
