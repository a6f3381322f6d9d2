// What is granted, as commands ask for it and show it: for stele token and stele user.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cli/connection.h"
#include "cli/json.h"

namespace stele::cli {

// The JSON that asks for a grant: the members that are not empty, and the logs. kInvalid: something is not UTF-8.
Result<std::string> grant_body(const std::vector<std::pair<std::string, std::string>>& members,
                               const std::vector<std::string>& logs);

// The body of an answer 200 to a POST; else an error with the server's own sentence.
Result<std::string> post_json(Connection& connection, const std::string& target, const std::string& body);

// An array of grants for people; `what` is the word for one: "token".
std::string grants_text(JsonValue grants, const std::string& what);

}  // namespace stele::cli
