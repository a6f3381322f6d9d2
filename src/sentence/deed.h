// What an action's name says in words: "github.pull_request.closed", "aws.iam.AttachUserPolicy", "customer.export".
#pragma once

#include <string>
#include <string_view>

namespace stele::sentence {

struct Deed {
  std::string verb;              // past: "closed", "attached"
  std::string noun;              // what the other words name: "pull request", "user policy", "customer"; or empty
  bool detailed = false;         // the noun stood beside the verb, so that no target stands for it
  std::string_view preposition;  // with which an object follows: "to"; or empty
};

// Dots, colons, slashes and white space part it, the last part has the verb. Where it is no verb that one can read, it is a
// report of it ("reported postfix error"). Whatever bytes come.
Deed deed_of(std::string_view action);

}  // namespace stele::sentence
