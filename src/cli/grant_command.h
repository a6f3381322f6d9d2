// What `stele token`, `stele user` and `stele role` have in common: how access is asked for, and how it is shown.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cli/command.h"
#include "cli/connection.h"
#include "cli/json.h"

namespace stele::cli {

// Of all their subcommands; each has flags for some.
struct GrantOptions {
  Where where;
  std::string id;
  std::string name;
  std::string role;
  std::string source;
  std::vector<std::string> logs;
  std::vector<std::string> categories;
  std::string since;
  std::string until;
  std::string expires;
  std::string at;
  std::string meaning;
  std::vector<std::string> permissions;
  std::vector<std::string> masked;
  bool sees_audit = false;
  bool json = false;
};

// A command whose subcommands ask the server.
class GrantCommand {
 public:
  // `noun` is its name, and the word for one of what it is about: "token".
  GrantCommand(const Command& app, std::string noun, const std::string& help, int& exit_code);

  using Run = Result<int> (*)(const GrantOptions&);
  // The flags and the callback share the options.
  std::pair<Command, std::shared_ptr<GrantOptions>> add(const std::string& what, const std::string& help, const char* examples,
                                                        Run run);
  // Adds the subcommand `list`, of "/api/v1/<noun>s", with its flag for the past.
  void add_list(const std::string& help, const char* examples, Run run);

 private:
  Command command_;
  std::string noun_;
  int& exit_code_;
};

// The flags of what of a log is seen, and until when.
void add_sight_options(const Command& command, GrantOptions& options);

// The JSON of a request: the members that are not empty. kInvalid: something is not UTF-8.
Result<std::string> grant_body(const std::vector<std::pair<std::string, std::string>>& texts,
                               const std::vector<std::pair<std::string, std::vector<std::string>>>& lists);
// What add_sight_options() and the logs say, besides `texts`.
Result<std::string> grant_body(const GrantOptions& options, std::vector<std::pair<std::string, std::string>> texts);

// The answer to "/api/v1/<noun>s", now or as of `at`.
Result<std::string> get_list(const GrantOptions& options, const std::string& noun);

// The body of an answer 200 to a POST; else an error with the server's own sentence.
Result<std::string> post_json(Connection& connection, const std::string& target, const std::string& body);

// An array of grants for people; `what` is the word for one: "token".
std::string grants_text(JsonValue grants, const std::string& what);

}  // namespace stele::cli
