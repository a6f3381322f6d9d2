#include "cli/grant_text.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/json_text.h"
#include "cli/entry_line.h"
#include "cli/text.h"

namespace stele::cli {
namespace {

// What it is good for now, in a word.
std::string state_of(JsonValue grant, const Palette& palette) {
  if (grant["revoked"]) return palette.paint(Colour::kRed, "revoked");
  const auto expires = parse_time(grant["expires"].text());
  if (expires && *expires <= system_clock().now()) return palette.paint(Colour::kYellow, "expired");
  return palette.paint(Colour::kGreen, "valid");
}

std::string where_of(JsonValue grant) {
  std::string out;
  grant["logs"].for_each([&](JsonValue log) { out += (out.empty() ? "" : ", ") + printable(log.text()); });
  if (out.empty()) out = "all logs";
  if (grant["source"]) out += ", as " + printable(grant["source"].text());
  return out;
}

}  // namespace

Result<std::string> grant_body(const std::vector<std::pair<std::string, std::string>>& members,
                               const std::vector<std::string>& logs) {
  std::string out = "{";
  const auto append = [&](const std::string& text) {
    append_json_string(out, text);
    return is_utf8(text);
  };
  for (const auto& [name, text] : members) {
    if (text.empty()) continue;
    out += (out.size() > 1 ? ",\"" : "\"") + name + "\":";
    if (!append(text)) return invalid("what is given is not UTF-8");
  }
  for (const std::string& log : logs) {
    out += &log == logs.data() ? ",\"logs\":[" : ",";
    if (!append(log)) return invalid("what is given is not UTF-8");
  }
  return out + (logs.empty() ? "}" : "]}");
}

Result<std::string> post_json(Connection& connection, const std::string& target, const std::string& body) {
  STELE_ASSIGN(const net::ClientAnswer answer, connection.http().post(target, body, "application/json"));
  if (answer.status != 200) return answer_error(answer, connection.name());
  return answer.body;
}

std::string grants_text(JsonValue grants, const std::string& what) {
  const Palette palette = palette_for(STDOUT_FILENO);
  const bool terminal = is_terminal(STDOUT_FILENO);
  const auto when = [terminal](JsonValue value) {
    const auto time = parse_time(value.text());
    return time ? time_text(*time, terminal) : std::string("-");
  };
  std::string out;
  grants.for_each([&](JsonValue grant) {
    if (!out.empty()) out += "\n";
    out += two_columns({
        {what, palette.paint(Colour::kBold, grant["id"].text()) + "  " + state_of(grant, palette)},
        {"name", printable(grant["name"].text())},
        {"role", grant["role"].text() + " of " + where_of(grant)},
        {"created", when(grant["created"]) + " by " + printable(grant["created_by"].text())},
        {"expires", grant["expires"] ? when(grant["expires"]) : "never"},
        {"last used", grant["last_used"] ? when(grant["last_used"]) : "not since the server started"},
    });
  });
  return out;
}

}  // namespace stele::cli
