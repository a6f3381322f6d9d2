// Entries told as sentences: testdata/ has many, one of every shipped template.
#include "sentence/sentences.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

namespace stele::sentence {
namespace {

std::string entry(const std::string& event) { return R"({"stele":1,"source":{"id":"app"},"event":)" + event + "}"; }

struct Told {
  std::string event;
  std::string sentence;
};

std::vector<Told> read_told(const std::string& path = "/src/sentence/testdata/sentences.txt") {
  std::ifstream in(STELE_SOURCE_DIR + path);
  std::vector<Told> out;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with('{')) out.push_back({line, ""});
    if (line.starts_with("= ")) out.back().sentence = line.substr(2);
  }
  return out;
}

Result<Sentences> with(const std::string& yaml) {
  const TemplateFile file{"own.yaml", yaml};
  return Sentences::parse({&file, 1});
}

std::string own(const std::string& text, const std::string& event) {
  const auto sentences = with("sentences:\n  - {action: '*', outcome: success, text: \"" + text + "\"}\n");
  EXPECT_TRUE(sentences.ok()) << sentences.error().message;
  return sentences.ok() ? sentences->of(entry(event)) : "";
}

TEST(Sentences, tell_what_the_normalisers_and_applications_give) {
  const auto told = read_told();
  ASSERT_GE(told.size(), 60U);
  const Sentences sentences;
  for (const Told& one : told) EXPECT_EQ(sentences.of(entry(one.event)), one.sentence) << one.event;
}

// Goal: no shipped template stands there unproven.
TEST(Sentences, use_every_shipped_template_in_a_test) {
  const Sentences sentences;
  std::set<const Wording*> used;
  for (const Told& one : read_told()) used.insert(sentences.wording_of(entry(one.event)));
  for (const Wording* one : sentences.shipped()) EXPECT_TRUE(used.contains(one)) << one->where << ": " << one->action;
}

TEST(Sentences, take_own_templates_before_the_shipped_ones_and_one_action_before_a_pattern) {
  const auto sentences = with(
      "sentences:\n"
      "  - {action: 'customer.*', text: 'pattern {actor}'}\n"
      "  - {action: customer.export, outcome: denied, text: 'exact {actor}'}\n"
      "  - {action: customer.export, text: 'never {attributes.absent}'}\n");
  ASSERT_TRUE(sentences.ok()) << sentences.error().message;
  const auto of = [&](const std::string& action, const std::string& outcome) {
    return sentences->of(
        entry(R"({"actor":{"type":"user","id":"ada"},"action":")" + action + R"(","outcome":")" + outcome + "\"}"));
  };
  EXPECT_EQ(of("customer.export", "denied"), "exact ada");
  EXPECT_EQ(of("customer.export", "failure"), "pattern ada, failed");
  EXPECT_EQ(of("order.export", "success"), "ada exported order");
}

TEST(Sentences, come_out_as_the_document_says) {
  const std::string path = "/docs/formats/sentences.md";
  std::ifstream in(STELE_SOURCE_DIR + path);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  const std::size_t begin = text.find("```yaml\n") + 8;
  const auto sentences = with(text.substr(begin, text.find("```", begin) - begin));
  ASSERT_TRUE(sentences.ok()) << sentences.error().message;
  const auto told = read_told(path);
  ASSERT_EQ(told.size(), 3U);
  for (const Told& one : told) EXPECT_EQ(sentences->of(entry(one.event)), one.sentence);
}

TEST(Sentences, fill_names_brackets_and_numbers) {
  const std::string event =
      R"({"actor":{"type":"user","id":"ada"},"action":"x","outcome":"success","attributes":{"a.b":1,"rows":"1","entries":12345}})";
  EXPECT_EQ(own("{attributes.a.b} {attributes.rows row} {attributes.entries entry}", event), "1 1 row 12,345 entries");
  EXPECT_EQ(own("a[ of {target}][ by {actor}] {{x}} [[y]] {nothing|'z'}", event), "a by ada {x} [y] z");
}

TEST(Sentences, say_where_a_file_is_wrong) {
  const std::pair<std::string, std::string> cases[] = {
      {"sentences: [{action: a, text: '{x'}]", "own.yaml:1: the { at byte 0 of \"{x\" has no other; {{ is a brace"},
      {"sentences: [{action: a, text: 'x]'}]", "own.yaml:1: the ] at byte 1 of \"x]\" has no other; ]] is a bracket"},
      {"sentences: [{action: a, text: '[[x] [y'}]", "own.yaml:1: the ] at byte 3 of \"[[x] [y\" has no other; ]] is a bracket"},
      {"sentences:\n- {action: a}", "own.yaml:2: a sentence has \"action\" and \"text\""},
      {"sentences:\n- {action: a, outcome: good, text: x}", "own.yaml:2: \"good\" is no outcome"},
      {"sentences:\n- {action: a, text: x, when: y}",
       "own.yaml:2: a sentence has no \"when\"; it has action, outcome, category, text"},
      {"other: 1", "own.yaml:1: the file has \"sentences\", a list"},
  };
  for (const auto& [yaml, message] : cases) {
    const auto read = with(yaml);
    ASSERT_FALSE(read.ok()) << yaml;
    EXPECT_EQ(read.error().message, message);
  }
}

TEST(Sentences, stay_short_and_keep_how_it_ended) {
  const std::string many(5'000, 'x');
  std::string text;
  for (int i = 0; i < 10; ++i) text += "{actor} ";
  const auto sentences = with("sentences: [{action: '*', text: '" + text + "'}]");
  ASSERT_TRUE(sentences.ok());
  const std::string told =
      sentences->of(entry(R"({"actor":{"type":"user","id":")" + many + R"("},"action":"x","outcome":"denied"})"));
  EXPECT_TRUE(told.ends_with("…, denied")) << told;
  const auto is_first = [](char c) { return (c & 0xc0) != 0x80; };
  EXPECT_EQ(std::count_if(told.begin(), told.end(), is_first), static_cast<std::ptrdiff_t>(kCharactersMax));
}

TEST(Sentences, answer_whatever_comes) {
  const Sentences sentences;
  EXPECT_EQ(sentences.of("{}"), "Someone did something");
  EXPECT_EQ(sentences.of("\xff"), "An entry that this program cannot read");
}

}  // namespace
}  // namespace stele::sentence
