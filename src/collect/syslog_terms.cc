#include "collect/syslog_terms.h"

#include <array>
#include <cstddef>

#include "base/readable_text.h"

namespace stele::collect {
namespace {

constexpr std::array<std::string_view, 24> kFacilities = {
    "kern", "user",  "mail",  "daemon", "auth",   "syslog", "lpr",    "news",   "uucp",   "cron",   "authpriv", "ftp",
    "ntp",  "audit", "alert", "clock",  "local0", "local1", "local2", "local3", "local4", "local5", "local6",   "local7"};
constexpr std::array<std::string_view, 8> kSeverities = {"emergency", "alert",  "critical", "error",
                                                         "warning",   "notice", "info",     "debug"};
constexpr unsigned kFacilityAuth = 4;
constexpr unsigned kFacilityAuthpriv = 10;
constexpr unsigned kFacilityAudit = 13;

void append_part(std::string& out, std::string_view part) { append_readable(out, part, kActorPartMax); }

}  // namespace

std::string_view facility_name(unsigned facility) { return kFacilities[facility % kFacilities.size()]; }

std::string_view severity_name(unsigned severity) { return kSeverities[severity % kSeverities.size()]; }

std::string_view facility_category(unsigned facility) {
  if (facility == kFacilityAuth || facility == kFacilityAuthpriv) return "authentication";
  return facility == kFacilityAudit ? "security_event" : "system_activity";
}

void append_process(std::string& out, std::string_view app, std::string_view pid, std::string_view host) {
  out += R"({"type":"process","id":")";
  if (app.empty() && host.empty()) {
    out += "unknown";
  } else {
    append_part(out, app);
    if (!pid.empty()) {
      out.push_back('[');
      append_part(out, pid);
      out.push_back(']');
    }
    if (!host.empty()) {
      out.push_back('@');
      append_part(out, host);
    }
  }
  out.push_back('"');
  if (!app.empty()) {
    out += R"(,"name":")";
    append_part(out, app);
    out.push_back('"');
  }
  out.push_back('}');
}

std::string_view program_name(std::string_view app) {
  if (const auto slash = app.rfind('/'); slash != std::string_view::npos) app.remove_prefix(slash + 1);
  return app.substr(0, app.find_first_of("(]"));
}

std::string_view program_text(std::string_view text, std::string_view& repeated) {
  if (text.starts_with("[ID ")) {
    if (const auto end = text.find("] "); end != std::string_view::npos) text.remove_prefix(end + 2);
  }
  constexpr std::string_view kRepeated = "message repeated ";
  constexpr std::string_view kTimes = " times: [ ";
  if (!text.starts_with(kRepeated) || !text.ends_with(']')) return text;
  const auto times = text.find(kTimes);
  if (times == std::string_view::npos) return text;
  repeated = text.substr(kRepeated.size(), times - kRepeated.size());
  text.remove_prefix(times + kTimes.size());
  return text.substr(0, text.size() - 1);
}

}  // namespace stele::collect
