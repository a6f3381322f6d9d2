// stele approval: acts that wait for a second person.
#include <unistd.h>

#include "base/clock.h"
#include "cli/entry_line.h"
#include "cli/grant_command.h"
#include "cli/json.h"
#include "cli/text.h"

namespace stele::cli {
namespace {

using Options = GrantOptions;

constexpr const char* kListExamples =
    "What one may do oneself, and what one has asked for. It waits for a day.\n\n"
    "Examples:\n"
    "  stele approval list\n\n"
    "Exit code: 0 done, 2 it could not be done.";

constexpr const char* kGiveExamples =
    "By a person who has logged in, and not by whoever asks. The setting second_person says for what one is needed.\n\n"
    "Example:\n"
    "  stele approval give 1f0c99ab54e2d310\n\n"
    "Exit code: 0 done, 1 nothing of that id waits, 2 it could not be done.";

constexpr const char* kRefuseExamples =
    "Then it cannot be done any more, unless it is asked for again.\n\n"
    "Example:\n"
    "  stele approval refuse 1f0c99ab54e2d310\n\n"
    "Exit code: 0 done, 1 nothing of that id waits, 2 it could not be done.";

std::string approval_text(JsonValue one) {
  const Palette palette = palette_for(STDOUT_FILENO);
  const std::string given = one["given_by"].text();
  const std::string state =
      given.empty() ? palette.paint(Colour::kYellow, "waits") : palette.paint(Colour::kGreen, "approved by " + printable(given));
  std::vector<std::pair<std::string, std::string>> rows{
      {"approval", palette.paint(Colour::kBold, one["id"].text()) + "  " + state},
      {"asked by", printable(one["asked_by"].text()) + ", " + printable(one["name"].text())},
      {"until", one["until"].text()},
      {"act", one["method"].text() + " " + printable(one["target"].text())}};
  if (one["body"]) rows.emplace_back("", printable(one["body"].text()));
  return two_columns(rows);
}

Result<int> list(const Options& options) {
  STELE_ASSIGN(const std::string body, get_list(options, "approval"));
  event::JsonTape tape;
  STELE_TRY(parse_json(body, tape));
  if (options.json) return put_whole("approval", std::string(tape.text()) + "\n");
  std::string out;
  JsonValue(tape)["approvals"].for_each([&](JsonValue one) { out += (out.empty() ? "" : "\n") + approval_text(one); });
  return put_whole("approval", out.empty() ? "Nothing waits.\n" : out);
}

Result<int> step(const Options& options, const std::string& what) {
  STELE_ASSIGN(const auto connection, Connection::open(options.where, Reach::kLive));
  STELE_ASSIGN(const std::string answer,
               post_json(*connection, "/api/v1/approvals/" + url_encode(options.id) + "/" + what, "{}"));
  event::JsonTape tape;
  STELE_TRY(parse_json(answer, tape));
  return put_whole("approval", options.json ? std::string(tape.text()) + "\n" : approval_text(JsonValue(tape)));
}

Result<int> give(const Options& options) { return step(options, "give"); }
Result<int> refuse(const Options& options) { return step(options, "refuse"); }

}  // namespace

void add_approval(const Command& app, int& exit_code) {
  GrantCommand command(app, "approval", "Approve what needs a second person.", exit_code);
  command.add("list", "Show what waits.", kListExamples, &list);
  const auto [yes, wanted] = command.add("give", "Approve an act of another.", kGiveExamples, &give);
  yes.add_option("id", wanted->id, "As it was printed for whoever asked.").required();
  const auto [no, unwanted] = command.add("refuse", "Take away what waits, or was approved.", kRefuseExamples, &refuse);
  no.add_option("id", unwanted->id, "As it was printed for whoever asked.").required();
}

}  // namespace stele::cli
