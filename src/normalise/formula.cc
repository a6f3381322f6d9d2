#include "normalise/formula.h"

#include <time.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/json_text.h"
#include "base/readable_text.h"
#include "event/schema.h"

namespace stele::normalise {
namespace {

constexpr std::size_t kNameBytesMax = 1000;  // with its ellipsis an id has no more than the schema's 1,024 characters

// Time since 1970 in a unit of so many nanoseconds, perhaps with a fraction.
std::optional<UnixNanos> read_epoch(std::string_view text, std::int64_t unit) {
  const auto dot = text.find('.');
  const auto whole = parse_decimal(text.substr(0, dot));
  constexpr std::uint64_t kNanosMax = 9'000'000'000'000'000'000;
  if (!whole || *whole > kNanosMax / static_cast<std::uint64_t>(unit)) return std::nullopt;
  std::int64_t nanos = static_cast<std::int64_t>(*whole) * unit;
  if (dot == std::string_view::npos) return nanos;
  for (const char c : text.substr(dot + 1)) {
    if (c < '0' || c > '9') return std::nullopt;
    unit /= 10;
    nanos += (c - '0') * unit;
  }
  return nanos;
}

// `text` as `format` has it, a fraction of a second allowed where "%f" stands. Without a zone it is UTC.
std::optional<UnixNanos> read_time(std::string text, std::string format) {
  if (format == "epoch") return read_epoch(text, 1'000'000'000);
  if (format == "epoch_ms") return read_epoch(text, 1'000'000);
  if (format == "epoch_us") return read_epoch(text, 1'000);
  if (format == "epoch_ns") return read_epoch(text, 1);
  std::int64_t nanos = 0;
  if (const auto fraction = format.find("%f"); fraction != std::string::npos) {
    // strptime knows no fractions: the digits behind the last '.' or ',' are taken out first.
    format.erase(fraction > 0 ? fraction - 1 : fraction, fraction > 0 ? 3 : 2);
    const auto dot = text.find_last_of(".,");
    if (dot != std::string::npos) {
      std::size_t end = dot + 1;
      std::int64_t unit = 100'000'000;
      for (; end < text.size() && text[end] >= '0' && text[end] <= '9'; ++end, unit /= 10) nanos += (text[end] - '0') * unit;
      text.erase(dot, end - dot);
    }
  }
  struct tm parts {};
  const char* end = ::strptime(text.c_str(), format.c_str(), &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  const auto offset = parts.tm_gmtoff;  // timegm() clears it
  const auto seconds = static_cast<std::int64_t>(::timegm(&parts)) - offset;
  constexpr std::int64_t kSecondsMax = 9'000'000'000;
  if (seconds < -kSecondsMax || seconds > kSecondsMax) return std::nullopt;
  return seconds * kSecond + nanos;
}

}  // namespace

bool Formula::append_text(const Scope& scope, std::string& out) const {
  if (choices.empty() && !otherwise && time_format.empty()) return of.append_text(scope, out);
  std::string text;
  const bool there = of.append_text(scope, text);
  if (!time_format.empty()) {
    const auto time = there ? read_time(std::move(text), time_format) : std::nullopt;
    if (time) out += format_time(*time);
    return time.has_value();
  }
  const auto choice = std::find_if(choices.begin(), choices.end(), [&](const auto& one) { return there && one.first == text; });
  if (choice == choices.end() && !otherwise) return false;
  out += choice == choices.end() ? *otherwise : choice->second;
  return true;
}

bool Formula::append_json(const Scope& scope, std::string& out) const {
  if (choices.empty() && !otherwise && time_format.empty()) return of.append_json(scope, out);
  std::string text;
  if (!append_text(scope, text)) return false;
  append_json_bytes(out, text);
  return true;
}

bool ObjectFormula::append(const Scope& scope, std::string& out) const {
  const std::size_t before = out.size();
  out.push_back('{');
  std::string text;
  bool has_host = false;
  for (const Member& member : members) {
    if (has_host && member.name == "host") continue;
    const std::size_t start = out.size();
    if (out.back() != '{') out.push_back(',');
    text.clear();
    bool there = false;
    if (member.any) {
      append_json_string(out, member.name);
      out.push_back(':');
      there = member.formula.append_json(scope, out);
    } else if (member.formula.append_text(scope, text) && !text.empty()) {
      there = true;
      has_host = has_host || (member.name == "ip" && !event::is_ip_address(text));
      out.push_back('"');
      out += member.name == "ip" && has_host ? "host" : std::string_view(member.name);
      out += "\":\"";
      append_readable(out, text, kNameBytesMax);
      out.push_back('"');
    }
    if (there) continue;
    out.resize(start);
    if (!member.required) continue;
    out.resize(before);
    return false;
  }
  if (out.size() == before + 1) {
    out.resize(before);
    return false;
  }
  out.push_back('}');
  return true;
}

}  // namespace stele::normalise
