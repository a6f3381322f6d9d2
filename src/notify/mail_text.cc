#include "notify/mail_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/json_text.h"
#include "base/readable_text.h"
#include "crypto/sha256.h"

namespace stele::notify {
namespace {

constexpr std::size_t kSubjectBytesMax = 160;

bool is_control(char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }

// UTF-8 without control characters; what is longer ends in an ellipsis.
std::string one_line(std::string_view text, std::size_t bytes_max) {
  std::string out;
  while (!text.empty()) {
    std::size_t n = 1;  // of one character; what is none is replaced
    while (n < std::min<std::size_t>(4, text.size()) && !is_utf8(text.substr(0, n))) ++n;
    const bool good = is_utf8(text.substr(0, n));
    if (!good) n = 1;
    if (out.size() + n > bytes_max) return out + "\xe2\x80\xa6";
    if (!good)
      out += "?";
    else if (is_control(text[0]))
      out += ' ';
    else
      out += text.substr(0, n);
    text.remove_prefix(n);
  }
  return out;
}

// RFC 2047 section 2: words of at most 75 characters, each of whole characters, folded onto lines of their own. Everything is
// encoded, so that no text is taken for an encoded word or for a header.
std::string encoded_words(std::string_view text) {
  constexpr std::size_t kBytesMax = 42;  // 56 characters of base64, and 12 around them
  std::string out;
  while (!text.empty()) {
    std::size_t n = std::min(kBytesMax, text.size());
    while (n < text.size() && (static_cast<unsigned char>(text[n]) & 0xc0U) == 0x80) --n;
    if (!out.empty()) out += "\r\n ";
    out += "=?UTF-8?B?" + base64_encode(as_byte_span(text.substr(0, n))) + "?=";
    text.remove_prefix(n);
  }
  return out;
}

bool is_plain(std::string_view text) {
  constexpr std::size_t kLineMax = 68;  // "Subject: " before it
  return text.size() <= kLineMax && text.find("=?") == std::string_view::npos &&
         std::ranges::all_of(text, [](char c) { return c >= ' ' && c < 0x7f; });
}

// RFC 2045 section 6.7, for text of lines: no line is longer than 76 characters.
std::string quoted_printable(std::string_view text) {
  constexpr std::size_t kLineMax = 76;
  std::string out;
  std::size_t column = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '\n') {
      out += "\r\n";
      column = 0;
      continue;
    }
    const bool at_end = i + 1 == text.size() || text[i + 1] == '\n';
    const bool plain = (c > ' ' && c < 0x7f && c != '=') || (c == ' ' && !at_end);
    const std::size_t width = plain ? 1 : 3;
    if (column + width > kLineMax - 1) {  // room for the "=" that says that the line goes on
      out += "=\r\n";
      column = 0;
    }
    if (plain)
      out += static_cast<char>(c);
    else
      out += fmt::format("={:02X}", c);
    column += width;
  }
  return out;
}

// RFC 5322 section 3.3, in UTC: "Wed, 18 Nov 2026 11:06:40 +0000".
std::string date_text(UnixNanos time) {
  constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = time / kSecond;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  return fmt::format("{}, {} {} {} {:02}:{:02}:{:02} +0000", kDays[parts.tm_wday], parts.tm_mday, kMonths[parts.tm_mon],
                     parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::string subject_of(const Notice& notice) {
  std::string text = "[stele] " + notice.severity + ": " + one_line(notice.message, kSubjectBytesMax);
  if (notice.more > 0) text += " (and " + std::to_string(notice.more) + " more)";
  return one_line(text, 2 * kSubjectBytesMax);
}

// A JSON string's text, any other value as it is.
std::string value_text(const std::string& json) {
  if (json.size() < 2 || json.front() != '"') return json;
  return event::json_unescape(std::string_view(json).substr(1, json.size() - 2));
}

std::string body_of(const Notice& notice) {
  constexpr std::size_t kLineBytesMax = 8192;
  std::string out = one_line(notice.message, kLineBytesMax) + "\n";
  if (notice.more > 0) out += fmt::format("\nAnd {} more like this since {}.\n", notice.more, format_time(notice.since));
  const auto line = [&](std::string_view name, std::string_view value) {
    out += fmt::format("{}: {}\n", one_line(name, kLineBytesMax), one_line(value, kLineBytesMax));
  };
  out += '\n';
  line("kind", notice.kind);
  line("severity", notice.severity);
  if (!notice.subject.empty()) line("about", notice.subject_type + " " + notice.subject);
  line("time", format_time(notice.time));
  if (!notice.log.empty()) line("log", notice.log);
  if (notice.index) line("entry", std::to_string(*notice.index));
  if (!notice.details.empty()) out += '\n';
  for (const Notice::Detail& detail : notice.details) line(detail.name, value_text(detail.json));
  return out;
}

// Ids are UUIDs or hexadecimal; of any other the digest stands for it.
std::string message_id(const Notice& notice, std::string_view from) {
  const bool plain =
      std::ranges::all_of(notice.id, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-'; });
  constexpr std::size_t kIdMax = 64;
  std::string id =
      plain && notice.id.size() <= kIdMax ? notice.id : hex_encode(as_byte_span(crypto::sha256(as_byte_span(notice.id))));
  if (notice.more > 0) id += "." + std::to_string(notice.more);
  return "<" + id + "@" + std::string(from.substr(from.rfind('@') + 1)) + ">";
}

}  // namespace

bool is_mailbox(std::string_view text) {
  constexpr std::size_t kMax = 254;
  constexpr std::string_view kTaken = "\"(),:;<>@[\\]";
  const auto at = text.rfind('@');
  if (at == std::string_view::npos || at == 0 || at + 1 == text.size() || text.size() > kMax) return false;
  const auto is_atom = [&](std::string_view part) {
    return std::ranges::all_of(part, [&](char c) { return c > ' ' && c < 0x7f && kTaken.find(c) == std::string_view::npos; });
  };
  return is_atom(text.substr(0, at)) && is_atom(text.substr(at + 1));
}

std::string mail_text(const Notice& notice, std::string_view from, std::string_view to) {
  std::string subject = subject_of(notice);
  if (!is_plain(subject)) subject = encoded_words(subject);
  std::string out;
  const auto header = [&](std::string_view name, std::string_view value) { out += fmt::format("{}: {}\r\n", name, value); };
  header("Date", date_text(notice.time));
  header("From", fmt::format("Stele <{}>", from));
  header("To", fmt::format("<{}>", to));
  header("Subject", subject);
  header("Message-ID", message_id(notice, from));
  header("Auto-Submitted", "auto-generated");
  header("MIME-Version", "1.0");
  header("Content-Type", "text/plain; charset=utf-8");
  header("Content-Transfer-Encoding", "quoted-printable");
  out += "\r\n";
  return out + quoted_printable(body_of(notice));
}

}  // namespace stele::notify
