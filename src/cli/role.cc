// stele role: list, define and remove what may be granted.
#include <unistd.h>

#include "cli/entry_line.h"
#include "cli/grant_command.h"
#include "cli/json.h"
#include "cli/text.h"

namespace stele::cli {
namespace {

using Options = GrantOptions;

constexpr const char* kListExamples =
    "Examples:\n"
    "  stele role list\n"
    "  stele role list --at 2026-06-30\n\n"
    "Exit code: 0 done, 2 it could not be done.";

constexpr const char* kDefineExamples =
    "Permissions: write, read, read-whole (a log byte for byte), prove, export, observe, operate, grant, open-sealed, erase. "
    "None\n"
    "alters or deletes entries. A role that is there is replaced, also for those who have it.\n\n"
    "What is masked is shown as [masked] and cannot be searched for; such an entry says so, and cannot be verified. What a "
    "field\n"
    "says may stand in `message` and `changes` too: mask these as well where it must not be seen.\n\n"
    "Examples:\n"
    "  stele role define --permission read --permission prove support\n"
    "  stele role define --permission read --mask actor.email --mask actor.name --mask ip --mask message \\\n"
    "    --meaning 'sees what happened, not to whom' analyst\n"
    "  stele role define --permission write --permission read --permission prove integration\n\n"
    "Exit code: 0 done, 2 it could not be done.";

constexpr const char* kRemoveExamples =
    "Only of a role that nobody has any more.\n\n"
    "Example:\n"
    "  stele role remove analyst\n\n"
    "Exit code: 0 done, 1 there is no such role, 2 it could not be done.";

std::string list_of(JsonValue list) {
  std::string out;
  list.for_each([&](JsonValue one) { out += (out.empty() ? "" : ", ") + printable(one.text()); });
  return out;
}

std::string role_text(JsonValue role) {
  const Palette palette = palette_for(STDOUT_FILENO);
  std::vector<std::pair<std::string, std::string>> lines{{"role", palette.paint(Colour::kBold, role["role"].text())}};
  if (const std::string meaning = role["meaning"].text(); !meaning.empty()) lines.emplace_back("", printable(meaning));
  lines.emplace_back("may", list_of(role["permissions"]));
  if (role["sees_audit"].raw() == "true") lines.emplace_back("sees", "the log audit too");
  if (role["masked"]) lines.emplace_back("masked", list_of(role["masked"]));
  return two_columns(lines);
}

Result<int> list(const Options& options) {
  STELE_ASSIGN(const std::string body, get_list(options, "role"));
  event::JsonTape tape;
  STELE_TRY(parse_json(body, tape));
  if (options.json) return put_whole("role", std::string(tape.text()) + "\n");
  std::string out;
  JsonValue(tape)["roles"].for_each([&](JsonValue role) { out += (out.empty() ? "" : "\n") + role_text(role); });
  return put_whole("role", out);
}

Result<int> ask(const Options& options, const std::string& target, const std::string& body, bool show) {
  STELE_ASSIGN(const auto connection, Connection::open(options.where, Reach::kAppend));
  STELE_ASSIGN(const std::string answer, post_json(*connection, target, body));
  event::JsonTape tape;
  STELE_TRY(parse_json(answer, tape));
  if (options.json) return put_whole("role", std::string(tape.text()) + "\n");
  return put_whole("role", show ? role_text(JsonValue(tape)) : "The role " + printable(options.id) + " is no more.\n");
}

Result<int> define(const Options& options) {
  STELE_ASSIGN(const std::string body,
               grant_body({{"role", options.id}, {"meaning", options.meaning}, {"sees_audit", options.sees_audit ? "true" : ""}},
                          {{"permissions", options.permissions}, {"masked", options.masked}}));
  return ask(options, "/api/v1/roles", body, true);
}

Result<int> remove(const Options& options) {
  return ask(options, "/api/v1/roles/" + url_encode(options.id) + "/remove", "{}", false);
}

}  // namespace

void add_role(const Command& app, int& exit_code) {
  GrantCommand command(app, "role", "List, define and remove what may be granted.", exit_code);
  command.add_list("Show the roles there are, or were.", kListExamples, &list);
  const auto [make, wanted] = command.add("define", "Define a role, or define it anew.", kDefineExamples, &define);
  make.add_option("role", wanted->id, "Its name: lowercase letters, digits and -.").required();
  make.add_option("--permission", wanted->permissions, "What it may; may be given again.").required().type_name("P");
  make.add_option("--meaning", wanted->meaning, "What it is for, for people.").type_name("TEXT");
  make.add_option("--mask", wanted->masked, "A field that it does not see; may be given again.").type_name("FIELD");
  make.add_flag("--sees-audit", wanted->sees_audit, "It reads the log audit too, without being given it by name.");
  add_approval_option(make, wanted->where);
  const auto [take, which] = command.add("remove", "Remove a role that nobody has.", kRemoveExamples, &remove);
  take.add_option("role", which->id, "Its name.").required();
}

}  // namespace stele::cli
