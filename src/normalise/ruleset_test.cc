#include "normalise/ruleset.h"

#include <gtest/gtest.h>

namespace stele::normalise {
namespace {

Normaliser normaliser(const std::string& name, const std::string& when, const std::vector<std::string>& matches) {
  std::string yaml = "normaliser: " + name + "\nversion: 1\n" + when + "rules:\n";
  int number = 0;
  for (const std::string& match : matches) {
    yaml += "  - rule: r" + std::to_string(number++) + "\n" + (match.empty() ? "" : "    match: '" + match + "'\n") +
            "    event: {action: x, category: user_action}\n    samples: [{message: x, gives: {action: x}}]\n";
  }
  auto read = read_normaliser(yaml, name);
  EXPECT_TRUE(read.ok()) << read.error().message;
  return std::move(*read);
}

std::string by(const Ruleset& rules, const Record& record) {
  Draft draft;
  const Rule* rule = rules.conclude(record, draft);
  return rule == nullptr ? "" : rule->by;
}

Record line(std::string_view app, std::string_view text) {
  Record record;
  record.set("app", app);
  record.set_text(text);
  return record;
}

// Goal: of all rules that fit, with an expression or without, the first concludes; a later normaliser of the same name is out.
TEST(Ruleset, lets_the_first_that_fits_conclude) {
  std::vector<Normaliser> all;
  all.push_back(normaliser("a", "when: {app: [one, two]}\n", {"^x", "", "^y"}));
  all.push_back(normaliser("b", "", {"y"}));
  all.push_back(normaliser("a", "", {"z"}));
  all.push_back(normaliser("c", "when: {format: doc}\n", {""}));
  all.push_back(normaliser("d", "when: {host: true}\n", {""}));
  const auto rules = Ruleset::make(std::move(all));
  ASSERT_TRUE(rules.ok());
  EXPECT_EQ(by(*rules, line("one", "xy")), "a/r0@1");
  EXPECT_EQ(by(*rules, line("two", "y")), "a/r1@1");
  EXPECT_EQ(by(*rules, line("three", "xy")), "b/r0@1");
  EXPECT_EQ(by(*rules, line("three", "z")), "");
  Record record = line("three", "z");
  record.set("host", "h");
  EXPECT_EQ(by(*rules, record), "d/r0@1");
  record.set("format", "doc");
  EXPECT_EQ(by(*rules, record), "c/r0@1");
}

// Goal: thousands of expressions find what one by one would; also where they are too many to be held as one automaton.
TEST(Ruleset, finds_the_same_with_many_expressions) {
  std::vector<std::string> matches;
  for (int i = 0; i < 3000; ++i) matches.push_back("user(?:name)? (?P<a>.*)[a-z]{1,20} number " + std::to_string(i) + "$");
  std::vector<Normaliser> all;
  all.push_back(normaliser("many", "", matches));
  const auto rules = Ruleset::make(std::move(all));
  ASSERT_TRUE(rules.ok()) << rules.error().message;
  for (const int i : {0, 7, 1234, 2999}) {
    EXPECT_EQ(by(*rules, line("x", "the username is ada lovelace number " + std::to_string(i))),
              "many/r" + std::to_string(i) + "@1");
  }
  EXPECT_EQ(by(*rules, line("x", "the username is ada number 3000")), "");
}

}  // namespace
}  // namespace stele::normalise
