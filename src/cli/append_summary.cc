#include "cli/append_summary.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_text.h"
#include "cli/text.h"

namespace stele::cli {
namespace {

std::string index_or_null(const std::optional<std::uint64_t>& index) { return index ? std::to_string(*index) : "null"; }

std::string places(const AppendSummary& s) {
  if (!s.first || !s.last) return "";
  if (*s.first == *s.last) return " as entry " + grouped(*s.first);
  // Others may have written in between, and what was repeated stands elsewhere.
  const bool unbroken = *s.last - *s.first + 1 == s.stored;
  return fmt::format(" {} {}–{}", unbroken ? "as entries" : "within entries", grouped(*s.first), grouped(*s.last));
}

}  // namespace

void AppendSummary::add(const Progress& progress, std::uint64_t stored_earlier) {
  stored += progress.stored;
  repeated += progress.repeated;
  refused += progress.refused;
  earlier += stored_earlier;
  if (progress.first) first = std::min(first.value_or(UINT64_MAX), *progress.first);
  if (progress.last) last = std::max(last.value_or(0), *progress.last);
}

std::string summary_text(const AppendSummary& s) {
  std::string out = "stored " + counted(s.stored, "event", "events") + places(s);
  if (s.earlier > 0) out += fmt::format(", {} of them by an earlier run", grouped(s.earlier));
  if (s.repeated > 0) out += fmt::format(", {} of them there already", grouped(s.repeated));
  out += fmt::format(" in {:.1f} s", s.seconds);
  out += s.refused == 0 ? "; none refused" : "; refused " + grouped(s.refused);
  return out;
}

std::string summary_json(const AppendSummary& s) {
  std::string out = "{\"log\":";
  append_json_bytes(out, s.log);
  out += ",\"origin\":";
  append_json_bytes(out, s.origin);
  out += fmt::format(R"(,"stored":{},"earlier":{},"repeated":{},"refused":{},"first":{},"last":{},"seconds":{:.3f})", s.stored,
                     s.earlier, s.repeated, s.refused, index_or_null(s.first), index_or_null(s.last), s.seconds);
  if (!s.error.empty()) {
    out += ",\"error\":";
    append_json_bytes(out, s.error);
  }
  return out + "}";
}

}  // namespace stele::cli
