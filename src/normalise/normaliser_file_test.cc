#include "normalise/normaliser_file.h"

#include <gtest/gtest.h>

#include "normalise/samples.h"

namespace stele::normalise {
namespace {

using namespace std::literals;

constexpr std::string_view kGood = R"(normaliser: door
version: 2
when: {app: [door, gate]}
rules:
  - rule: opened
    when: {host: true}
    match: '^(?P<what>open|shut) by (?P<user>\S*) at (?P<at>.*)$'
    extract:
      - {from: '{at}', match: '(?P<zone>north|south)'}
    event:
      action: {of: '{what}', map: {open: door.open, shut: door.shut}}
      category: data_access
      outcome: {of: '{zone}', map: {north: denied}, else: success}
      actor: {type: user, id: "{user|'nobody'}", email: '{user}@example.com'}
      targets: [{type: door, id: '{app}'}, {type: zone, id: '{zone}'}]
      changes: [{field: state, to: '{what}'}]
      origin: {ip: '{host}'}
      time: {of: '{at}', format: '%d/%b/%Y:%H:%M:%S %z'}
      attributes: {at: '{at}', zone: '{zone}'}
    samples:
      - {message: open by ada at north, app: door, host: 203.0.113.9, gives: {outcome: denied}}
)";

Ruleset good_rules() {
  std::vector<Normaliser> all;
  all.push_back(std::move(*read_normaliser(kGood, "x.yaml")));
  return std::move(*Ruleset::make(std::move(all)));
}

std::string event_of(const Normaliser& normaliser, std::string_view message, std::string_view host) {
  const Ruleset rules = good_rules();
  Record record;
  record.set_text(message);
  record.set("app", "gate");
  record.set("host", host);
  Draft draft;
  std::string event;
  std::string derived;
  if (rules.conclude(record, draft) == nullptr) return "";
  draft.write(event, derived);
  EXPECT_NE(derived.find(normaliser.name), std::string::npos);
  return event;
}

// Goal: every kind of value does what the format says of it.
TEST(NormaliserFile, reads_every_kind_of_value) {
  const auto read = read_normaliser(kGood, "x.yaml");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->name, "door");
  EXPECT_EQ(read->rules.at(0).by, "door/opened@2");
  EXPECT_EQ(read->samples.at(0).where, "x.yaml:21");
  EXPECT_EQ(event_of(*read, "open by ada at 23/Nov/2026:17:20:00 +0100", "203.0.113.9"),
            R"({"time":"2026-11-23T16:20:00.000000000Z",)"
            R"("actor":{"type":"user","id":"ada","email":"ada@example.com"},"action":"door.open","category":"data_access",)"
            R"("outcome":"success","targets":[{"type":"door","id":"gate"}],"origin":{"ip":"203.0.113.9"},)"
            R"("changes":[{"field":"state","to":"open"}],"attributes":{"at":"23/Nov/2026:17:20:00 +0100"}})");
  EXPECT_EQ(event_of(*read, "shut by  at south", "gate-1.example"),
            R"({"actor":{"type":"user","id":"nobody"},"action":"door.shut","category":"data_access","outcome":"success",)"
            R"("targets":[{"type":"door","id":"gate"},{"type":"zone","id":"south"}],"origin":{"host":"gate-1.example"},)"
            R"("changes":[{"field":"state","to":"shut"}],"attributes":{"at":"south","zone":"south"}})");
  EXPECT_EQ(event_of(*read, "broken", "h"), "");
  EXPECT_EQ(event_of(*read, "open by ada at north", ""), "") << "it asks for a host";
}

// Goal: what a file says wrongly is named with its line; nothing is passed over.
TEST(NormaliserFile, names_the_line_of_what_is_wrong) {
  const auto changed = [](std::string_view from, std::string_view to) {
    std::string out(kGood);
    const auto at = out.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return out.replace(at, from.size(), to);
  };
  const struct {
    std::string yaml, where, what;
  } cases[] = {
      {"", "x.yaml:1:", "normaliser"},
      {"[1]", "x.yaml:1:", "list of"},
      {"a: [", "x.yaml:", ""},
      {changed("normaliser: door", "normaliser: Door"), "x.yaml:1:", "a-z"},
      {changed("version: 2", "version: 0"), "x.yaml:2:", "version"},
      {changed("version: 2", "verzion: 2"), "x.yaml:2:", "verzion"},
      {changed("version: 2", "version: 2\nversion: 3"), "x.yaml:3:", "twice"},
      {changed("rule: opened", "rule: ''"), "x.yaml:5:", "name of a rule"},
      {changed("(?P<user>", "(?P<what>"), "x.yaml:5:", "two groups"},
      {changed("(?P<zone>north", "(?P<user>north"), "x.yaml:5:", "two groups"},
      {changed("^(?P<what>open", "^((?P<what>open"), "x.yaml:7:", "missing"},
      {changed("category: data_access", "category: data"), "x.yaml:12:", "no category"},
      {changed("category: data_access", "category: '{user}'"), "x.yaml:12:", "one of"},
      {changed("      category: data_access\n", ""), "x.yaml:11:", "category"},
      {changed("north: denied", "north: refused"), "x.yaml:13:", "refused"},
      {changed("type: user", "type: person"), "x.yaml:14:", "person"},
      {changed("type: user, ", ""), "x.yaml:14:", "\"type\""},
      {changed("email:", "mail:"), "x.yaml:14:", "mail"},
      {changed("'{user}@example.com'", "'{user@example.com'"), "x.yaml:14:", "brace"},
      {changed("{at: '{at}'", "{$at: '{at}'"), "x.yaml:19:", "$at"},
      {changed(", gives: {outcome: denied}", ""), "x.yaml:21:", "gives"},
      {changed("    samples:\n      - {message: open by ada at north, app: door, host: 203.0.113.9, gives: {outcome: denied}}\n",
               ""),
       "x.yaml:5:", "samples"},
      {changed("extract:\n      - {from: '{at}', match", "extract:\n      - {match"), "x.yaml:9:", "from"},
  };
  for (const auto& [yaml, where, what] : cases) {
    const auto read = read_normaliser(yaml, "x.yaml");
    ASSERT_FALSE(read.ok()) << what;
    EXPECT_EQ(read.error().code, Code::kInvalid);
    EXPECT_TRUE(read.error().message.starts_with(where)) << where << " is not in " << read.error().message;
    EXPECT_NE(read.error().message.find(what), std::string::npos) << what << " is not in " << read.error().message;
  }
  EXPECT_EQ(read_normaliser(std::string(kNormaliserBytesMax + 1, '#'), "x.yaml").error().code, Code::kTooLarge);
}

// Goal: a sample that does not come out is told from one that does.
TEST(Samples, say_what_did_not_come_out) {
  const auto read = read_normaliser(kGood, "x.yaml");
  const Ruleset rules = good_rules();
  Sample sample = read->samples.at(0);
  EXPECT_TRUE(try_sample(sample, rules).failures.empty());
  sample.gives = {{"outcome", "success"}, {"targets.1.id", "north"}, {"actor.phone", "1"}, {"attributes.none", ""}};
  EXPECT_EQ(try_sample(sample, rules).failures,
            (std::vector{"outcome is \"denied\", not \"success\""s, "actor.phone is absent, not \"1\""s}));
  sample.message = "nothing";
  EXPECT_EQ(try_sample(sample, rules).failures.front(), "no rule fits");
}

}  // namespace
}  // namespace stele::normalise
