// stele who: under which accounts users acted, and whose these are.
#include <unistd.h>

#include <algorithm>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/connection.h"
#include "cli/json.h"
#include "cli/text.h"

namespace stele::cli {
namespace {

constexpr const char* kExamples =
    "A person's accounts in many systems are joined by the file that the server's key `people` names.\n\n"
    "Examples:\n"
    "  stele who\n"
    "  stele who u_42\n"
    "  stele who --json | jq -r '.accounts[] | select(.person == null and (.shared | not)) | .account'\n\n"
    "Exit code: 0 every account has an owner or is known to be shared, 1 some are nobody's, 2 no answer.";

struct Options {
  Where where;
  std::string log = "main";
  std::string account;
  bool json = false;
};

std::string owner_text(JsonValue account, bool& owned) {
  const std::string person = account["person"].text();
  const std::string name = account["name"].text();
  if (!person.empty()) return printable(name.empty() ? person : name + " (" + person + ")");
  if (account["shared"].is(event::JsonType::kTrue)) return "shared";
  owned = false;
  return account["generic"].is(event::JsonType::kTrue) ? "nobody's: a generic name" : "nobody's";
}

std::string ago(JsonValue value) {
  const auto time = parse_time(value.text());
  if (!time) return "-";
  const std::int64_t seconds = (system_clock().now() - *time) / kSecond;
  return duration_text(static_cast<std::uint64_t>(std::max<std::int64_t>(seconds, 0))) + " ago";
}

std::string table(JsonValue answer, const Options& options, bool& owned) {
  std::vector<std::vector<std::string>> rows = {{"ACCOUNT", "WHOSE", "EVENTS", "LAST SEEN", "SOURCES"}};
  // Who was asked for by one name is shown with all of his.
  std::string person;
  answer["accounts"].for_each([&](JsonValue account) {
    if (account["account"].text() == options.account) person = account["person"].text();
  });
  answer["accounts"].for_each([&](JsonValue account) {
    const bool wanted = options.account.empty() || account["account"].text() == options.account ||
                        (!person.empty() && account["person"].text() == person);
    if (!wanted) return;
    std::string sources;
    account["sources"].for_each([&](JsonValue source) { sources += (sources.empty() ? "" : ", ") + printable(source.text()); });
    if (account["elsewhere"].is(event::JsonType::kTrue)) sources += sources.empty() ? "others" : " and others";
    rows.push_back({clipped(printable(account["account"].text()), 40), owner_text(account, owned),
                    grouped(account["events"].number().value_or(0)), ago(account["last_seen"]), sources});
  });
  return columns(rows, palette_for(STDOUT_FILENO));
}

Result<int> show(const Options& options) {
  STELE_ASSIGN(const auto connection, Connection::open(options.where, Reach::kRead));
  STELE_ASSIGN(const std::string body, connection->get("/api/v1/accounts?log=" + url_encode(options.log)));
  event::JsonTape tape;
  STELE_TRY(parse_json(body, tape));
  bool owned = true;
  const std::string text = table(JsonValue(tape), options, owned);
  const int exit_code = put_whole("who", options.json ? std::string(tape.text()) + "\n" : text);
  return exit_code != kDone || owned ? exit_code : kNo;
}

}  // namespace

void add_who(const Command& app, int& exit_code) {
  const Command command = app.add_subcommand("who", "Show under which accounts users acted, and whose these are.");
  auto options = std::make_shared<Options>();  // shared by the flags and the callback
  add_where_options(command, options->where);
  command.add_option("account", options->account, "One account, with the others of the same person.");
  command.add_option("--log", options->log, "Which log.").show_default();
  command.add_flag("--json", options->json, "As one JSON object.");
  command.footer(kExamples);
  command.callback([options, &exit_code] {
    const auto code = show(*options);
    if (!code) complain("who", code.error().message);
    exit_code = code ? *code : kCouldNot;
  });
}

}  // namespace stele::cli
