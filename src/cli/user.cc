// stele user: give people access, invite them, list them, take it away.
#include "base/json_text.h"
#include "cli/entry_line.h"
#include "cli/grant_command.h"
#include "cli/json.h"
#include "cli/text.h"

namespace stele::cli {
namespace {

constexpr const char* kCreateExamples =
    "What is printed is a link, once: whoever opens it within a day chooses the password and gets the secret for the codes of a\n"
    "telephone. The roles are those of tokens: see `stele token create --help`.\n\n"
    "Examples:\n"
    "  stele user create --role owner --name 'Ada Park' ada\n"
    "  stele user create --role auditor --since 2026-01-01 --until 2026-06-30 --expires 90d smith@auditors.example\n\n"
    "Exit code: 0 done, 2 it could not be done.";

constexpr const char* kInviteExamples =
    "For who has lost a password or a telephone. The old ones are worth nothing from now on, and sessions end.\n\n"
    "Example:\n"
    "  stele user invite ada\n\n"
    "Exit code: 0 done, 1 there is no such user, 2 it could not be done.";

constexpr const char* kListExamples =
    "Examples:\n"
    "  stele user list\n"
    "  stele user list --at 2026-06-30\n"
    "  stele user list --json | jq -r '.users[] | select(.role == \"owner\") | .id'\n\n"
    "Exit code: 0 done, 2 it could not be done.";

constexpr const char* kRevokeExamples =
    "From then on the user cannot log in, and open sessions have ended.\n\n"
    "Example:\n"
    "  stele user revoke ada\n\n"
    "Exit code: 0 done, 1 there is no such user, 2 it could not be done.";

constexpr const char* kEndExamples =
    "For people who log in through a provider: block them there first, or they come back. Others are kept out by `stele user "
    "revoke`.\n\n"
    "Example:\n"
    "  stele user end-sessions oidc:00u1a2b3c4\n\n"
    "Exit code: 0 done, 1 it has no session, 2 it could not be done.";

using Options = GrantOptions;

Result<int> put_invited(const Options& options, const Connection& connection, const std::string& answer) {
  event::JsonTape tape;
  STELE_TRY(parse_json(answer, tape));
  return put_whole("user",
                   options.json ? std::string(tape.text()) + "\n" : connection.url() + JsonValue(tape)["link"].text() + "\n");
}

Result<int> create(const Options& options) {
  STELE_ASSIGN(const std::string body,
               grant_body(options, {{"user", options.id}, {"name", options.name}, {"role", options.role}}));
  STELE_ASSIGN(const auto connection, Connection::open(options.where, Reach::kAppend));
  if (const std::string made = connection->novelty(); !made.empty()) complain("user", made);
  STELE_ASSIGN(const std::string answer, post_json(*connection, "/api/v1/users", body));
  return put_invited(options, *connection, answer);
}

Result<int> invite(const Options& options) {
  STELE_ASSIGN(const auto connection, Connection::open(options.where, Reach::kAppend));
  STELE_ASSIGN(const std::string answer, post_json(*connection, "/api/v1/users/" + url_encode(options.id) + "/invite", "{}"));
  return put_invited(options, *connection, answer);
}

Result<int> list(const Options& options) {
  STELE_ASSIGN(const std::string body, get_list(options, "user"));
  event::JsonTape tape;
  STELE_TRY(parse_json(body, tape));
  if (options.json) return put_whole("user", std::string(tape.text()) + "\n");
  const std::string text = grants_text(JsonValue(tape)["users"], "user");
  return put_whole("user", text.empty() ? "There are no users: `stele user create --help` tells how to make one.\n" : text);
}

Result<int> revoke(const Options& options) {
  STELE_ASSIGN(const auto connection, Connection::open(options.where, Reach::kAppend));
  STELE_ASSIGN(const std::string body, post_json(*connection, "/api/v1/users/" + url_encode(options.id) + "/revoke", "{}"));
  event::JsonTape tape;
  STELE_TRY(parse_json(body, tape));
  return put_whole("user", options.json ? std::string(tape.text()) + "\n"
                                        : printable(JsonValue(tape)["name"].text()) + " has no access any more.\n");
}

Result<int> end_sessions(const Options& options) {
  std::string body = "{\"identity\":";
  append_json_string(body, options.id);
  STELE_ASSIGN(const auto connection, Connection::open(options.where, Reach::kAppend));
  STELE_ASSIGN(const std::string answer, post_json(*connection, "/api/v1/sessions/end", body + "}"));
  event::JsonTape tape;
  STELE_TRY(parse_json(answer, tape));
  return put_whole("user", options.json ? std::string(tape.text()) + "\n"
                                        : printable(options.id) + ": " + std::string(JsonValue(tape)["sessions"].raw()) +
                                              " sessions have ended.\n");
}

}  // namespace

void add_user(const Command& app, int& exit_code) {
  GrantCommand command(app, "user", "Give people access, invite them, list them, take it away.", exit_code);
  const auto [make, wanted] = command.add("create", "Give a person access, and print the invitation.", kCreateExamples, &create);
  make.add_option("user", wanted->id, "By which he logs in: lowercase letters, digits and . _ @ -").required();
  make.add_option("--role", wanted->role, "What he may do.").required().type_name("ROLE");
  make.add_option("--name", wanted->name, "His name, for people. Default: the user.").type_name("NAME");
  add_sight_options(make, *wanted);
  add_approval_option(make, wanted->where);
  const auto [again, whom] = command.add("invite", "Invite a user anew, and print the invitation.", kInviteExamples, &invite);
  again.add_option("user", whom->id, "By which he logs in.").required();
  add_approval_option(again, whom->where);
  command.add_list("Show the users there are, or were.", kListExamples, &list);
  const auto [take, which] = command.add("revoke", "Take a user's access away.", kRevokeExamples, &revoke);
  take.add_option("user", which->id, "By which he logs in.").required();
  const auto [end, whose] = command.add("end-sessions", "End all sessions of somebody.", kEndExamples, &end_sessions);
  end.add_option("identity", whose->id, "As entries name him: oidc:NAME, user:NAME.").required();
}

}  // namespace stele::cli
