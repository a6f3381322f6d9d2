#include "cli/grant_command.h"

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
  std::string categories;
  grant["categories"].for_each([&](JsonValue one) { categories += (categories.empty() ? ", " : " or ") + one.text(); });
  out += categories;
  if (grant["since"]) out += ", since " + grant["since"].text();
  if (grant["until"]) out += ", before " + grant["until"].text();
  return out;
}

int ended(const std::string& noun, const Result<int>& code) {
  if (code) return *code;
  complain(noun, code.error().message);
  return code.error().code == Code::kNotFound ? kNo : kCouldNot;
}

}  // namespace

GrantCommand::GrantCommand(const Command& app, std::string noun, const std::string& help, int& exit_code)
    : command_(app.add_subcommand(noun, help)), noun_(std::move(noun)), exit_code_(exit_code) {
  command_.require_subcommand();
}

std::pair<Command, std::shared_ptr<GrantOptions>> GrantCommand::add(const std::string& what, const std::string& help,
                                                                    const char* examples, Run run) {
  const Command one = command_.add_subcommand(what, help);
  auto options = std::make_shared<GrantOptions>();
  add_where_options(one, options->where);
  one.add_flag("--json", options->json, "As one JSON object.");
  one.footer(examples);
  one.callback([options, run, noun = noun_, &exit_code = exit_code_] { exit_code = ended(noun, run(*options)); });
  return {one, options};
}

void GrantCommand::add_list(const std::string& help, const char* examples, Run run) {
  const auto [list, options] = add("list", help, examples, run);
  list.add_option("--at", options->at, "As they were then: 2026-06-30T12:00, or 30d for so long ago.").type_name("TIME");
}

void add_sight_options(const Command& command, GrantOptions& options) {
  command.add_option("--log", options.logs, "Of this log alone; may be given again. Without: of all.").type_name("L");
  command.add_option("--category", options.categories, "Sees events of this category alone; may be given again.").type_name("C");
  command.add_option("--since", options.since, "Sees what happened or was received from then on alone.").type_name("TIME");
  command.add_option("--until", options.until, "And up to then: a day, or a minute, is meant whole.").type_name("TIME");
  command.add_option("--expires", options.expires, "When access ends: a time, or how long from now, such as 90d.")
      .type_name("WHEN");
}

Result<std::string> grant_body(const std::vector<std::pair<std::string, std::string>>& texts,
                               const std::vector<std::pair<std::string, std::vector<std::string>>>& lists) {
  std::string out = "{";
  bool sound = true;
  const auto append = [&](const std::string& text) {
    append_json_string(out, text);
    sound = sound && is_utf8(text);
  };
  const auto begin = [&](const std::string& name) { out += (out.size() > 1 ? ",\"" : "\"") + name + "\":"; };
  for (const auto& [name, text] : texts) {
    if (text.empty()) continue;
    begin(name);
    append(text);
  }
  for (const auto& [name, list] : lists) {
    if (list.empty()) continue;
    begin(name);
    for (const std::string& one : list) {
      out += &one == list.data() ? '[' : ',';
      append(one);
    }
    out += ']';
  }
  if (!sound) return invalid("what is given is not UTF-8");
  return out + "}";
}

Result<std::string> grant_body(const GrantOptions& options, std::vector<std::pair<std::string, std::string>> texts) {
  for (const auto& [name, text] : {std::pair("since", &options.since), {"until", &options.until}, {"expires", &options.expires}})
    texts.emplace_back(name, *text);
  return grant_body(texts, {{"logs", options.logs}, {"categories", options.categories}});
}

Result<std::string> get_list(const GrantOptions& options, const std::string& noun) {
  STELE_ASSIGN(const auto connection, Connection::open(options.where, Reach::kRead));
  return connection->get("/api/v1/" + noun + "s" + (options.at.empty() ? "" : "?at=" + url_encode(options.at)));
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
        {"last used", grant["last_used"] ? when(grant["last_used"]) : "not on record"},
    });
  });
  return out;
}

}  // namespace stele::cli
