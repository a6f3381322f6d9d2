// stele token: make, list and revoke what programs show to say who they are.
#include "cli/entry_line.h"
#include "cli/grant_command.h"
#include "cli/json.h"
#include "cli/text.h"

namespace stele::cli {
namespace {

constexpr const char* kCreateExamples =
    "The token is printed alone, once; the server keeps its hash. That it was made, and by whom, is an entry of the log "
    "\"audit\".\n\n"
    "Roles: writer (hands events in), reader (sees entries), auditor (sees, exports, verifies), operator (runs the server and\n"
    "sees no entry), admin (gives and takes access and sees no entry), owner (all of it). Nobody can alter or delete. `stele "
    "role`\n"
    "shows and defines others.\n\n"
    "Examples:\n"
    "  stele token create --role writer --name billing --source billing-api\n"
    "  stele token create --role auditor --name 'Smith & Co, SOC 2' --since 2026-01-01 --until 2026-06-30 --expires 30d\n"
    "  stele token create --role reader --name 'HR' --category permission_change --category authentication\n"
    "  export STELE_TOKEN=$(stele token create --role reader --name ada --log main)\n"
    "  curl -H \"Authorization: Bearer $STELE_TOKEN\" http://127.0.0.1:7373/api/v1/search?q=action:login\n\n"
    "Exit code: 0 done, 2 it could not be done.";

constexpr const char* kListExamples =
    "Examples:\n"
    "  stele token list\n"
    "  stele token list --at 2026-06-30\n"
    "  stele token list --json | jq -r '.tokens[] | select(.revoked == null) | .id'\n\n"
    "Exit code: 0 done, 2 it could not be done.";

constexpr const char* kRevokeExamples =
    "From then on the token is refused. Revoking one again changes nothing.\n\n"
    "Example:\n"
    "  stele token revoke k7m2p9x4qd\n\n"
    "Exit code: 0 done, 1 there is no such token, 2 it could not be done.";

using Options = GrantOptions;

Result<int> create(const Options& options) {
  STELE_ASSIGN(const std::string body,
               grant_body(options, {{"name", options.name}, {"role", options.role}, {"source", options.source}}));
  STELE_ASSIGN(const auto connection, Connection::open(options.where, Reach::kAppend));
  if (const std::string made = connection->novelty(); !made.empty()) complain("token", made);
  STELE_ASSIGN(const std::string answer, post_json(*connection, "/api/v1/tokens", body));
  event::JsonTape tape;
  STELE_TRY(parse_json(answer, tape));
  return put_whole("token", options.json ? std::string(tape.text()) + "\n" : JsonValue(tape)["token"].text() + "\n");
}

Result<int> list(const Options& options) {
  STELE_ASSIGN(const std::string body, get_list(options, "token"));
  event::JsonTape tape;
  STELE_TRY(parse_json(body, tape));
  if (options.json) return put_whole("token", std::string(tape.text()) + "\n");
  const std::string text = grants_text(JsonValue(tape)["tokens"], "token");
  return put_whole("token", text.empty() ? "There are no tokens: `stele token create --help` tells how to make one.\n" : text);
}

Result<int> revoke(const Options& options) {
  STELE_ASSIGN(const auto connection, Connection::open(options.where, Reach::kAppend));
  STELE_ASSIGN(const std::string body, post_json(*connection, "/api/v1/tokens/" + url_encode(options.id) + "/revoke", "{}"));
  event::JsonTape tape;
  STELE_TRY(parse_json(body, tape));
  const JsonValue token(tape);
  return put_whole("token", options.json ? std::string(tape.text()) + "\n"
                                         : "Revoked " + token["id"].text() + ", \"" + printable(token["name"].text()) + "\".\n");
}

}  // namespace

void add_token(const Command& app, int& exit_code) {
  GrantCommand command(app, "token", "Make, list and revoke what programs show to say who they are.", exit_code);
  const auto [make, wanted] = command.add("create", "Make a token and print it.", kCreateExamples, &create);
  make.add_option("--role", wanted->role, "What it may do.").required().type_name("ROLE");
  make.add_option("--name", wanted->name, "Whose it is, for people.").required().type_name("NAME");
  make.add_option("--source", wanted->source, "It writes as this source alone.").type_name("S");
  add_sight_options(make, *wanted);
  add_approval_option(make, wanted->where);
  command.add_list("Show the tokens there are, or were.", kListExamples, &list);
  const auto [take, which] = command.add("revoke", "Take a token's rights away.", kRevokeExamples, &revoke);
  take.add_option("id", which->id, "Its id: what stands between stele_ and the next _.").required();
}

}  // namespace stele::cli
