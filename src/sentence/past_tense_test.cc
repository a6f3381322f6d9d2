// Goal: actions' names become English.
#include "sentence/past_tense.h"

#include <gtest/gtest.h>

#include "sentence/deed.h"

namespace stele::sentence {
namespace {

TEST(PastTense, knows_irregulars_and_spelling) {
  const std::pair<std::string, std::string> cases[] = {
      {"export", "exported"}, {"login", "logged in"}, {"delete", "deleted"}, {"read", "read"},        {"stop", "stopped"},
      {"apply", "applied"},   {"deploy", "deployed"}, {"unpin", "unpinned"}, {"open", "opened"},      {"fix", "fixed"},
      {"created", "created"}, {"sent", "sent"},       {"agree", "agreed"},   {"submit", "submitted"}, {"done", "finished"},
  };
  for (const auto& [verb, past] : cases) EXPECT_EQ(past_tense(verb), past);
}

TEST(Deed, finds_the_verb) {
  const std::pair<std::string, std::string> cases[] = {
      {"customer.export", "exported|customer"},
      {"aws.iam.AttachUserPolicy", "attached|user policy"},
      {"aws.iam.DeactivateMFADevice", "deactivated|MFA device"},
      {"github.pull_request.closed", "closed|pull request"},
      {"group.member_add", "added|member"},
      {"com.example.order.created.v1", "created|order"},
      {"sign_in", "signed in|"},
      {"postfix.error", "reported|postfix error"},
      {"", "did something|"},
  };
  for (const auto& [action, words] : cases) {
    const Deed deed = deed_of(action);
    EXPECT_EQ(deed.verb + "|" + deed.noun, words) << action;
  }
}

}  // namespace
}  // namespace stele::sentence
