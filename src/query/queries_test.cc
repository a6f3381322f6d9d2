// Queries in both notations: what they mean of the entries in testdata/, and what is said of those that are wrong.
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include "query/document.h"
#include "query/matcher.h"
#include "query/parse.h"

namespace stele::query {
namespace {

constexpr UnixNanos kAsked = 1'795'623'600'000'000'000;  // 2026-11-25T16:20:00Z
const std::string kFolder = STELE_SOURCE_DIR "/src/query/testdata/";

struct Named {
  std::string name;
  std::string entry;
};

std::vector<std::string> lines_of(const std::string& file) {
  std::ifstream in(kFolder + file);
  EXPECT_TRUE(in) << file;
  std::vector<std::string> out;
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

std::vector<Named> read_entries() {
  std::vector<Named> out;
  for (const std::string& line : lines_of("entries.txt")) {
    const std::size_t space = line.find(' ');
    if (!line.starts_with('#')) out.push_back({line.substr(0, space), line.substr(space + 1)});
  }
  return out;
}

std::string unescaped(std::string text) {
  for (const auto& [escape, meant] : {std::pair("<TAB>", "\t"), std::pair("<LF>", "\n")}) {
    for (std::size_t at = 0; (at = text.find(escape, at)) != std::string::npos;)
      text.replace(at, std::string_view(escape).size(), meant);
  }
  return text;
}

std::string place_of(const QueryError& error) {
  const std::string at = error.at ? std::to_string(*error.at) : "-";
  return at + " " + (error.suggestion.empty() ? "-" : error.suggestion);
}

// What the files have behind a query.
std::vector<std::string> answer(const QueryResult& result, const std::vector<Named>& entries) {
  if (const auto* error = std::get_if<QueryError>(&result)) return {"! " + place_of(*error) + " | " + error->message};
  const auto& query = std::get<Query>(result);
  Matcher matcher(query.term);
  std::string names = "=";
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (matcher.matches(i, entries[i].entry)) names += " " + entries[i].name;
  }
  std::vector<std::string> out{names};
  for (const QueryWarning& warning : query.warnings) {
    EXPECT_FALSE(warning.what.message.empty());
    if (!warning.paths.empty() && warning.what.suggestion.empty()) continue;  // of each name that is not known
    out.push_back("~ " + place_of(warning.what));
  }
  return out;
}

using Read = std::function<QueryResult(const std::string& query)>;

void check_file(const std::string& file, const Read& read) {
  const auto entries = read_entries();
  const auto lines = lines_of(file);
  std::size_t queries = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!lines[i].starts_with('?')) continue;
    const std::string query = lines[i].size() < 2 ? "" : lines[i].substr(2);
    std::vector<std::string> wanted;
    for (std::size_t next = i + 1; next < lines.size() && !lines[next].empty() && lines[next][0] != '?' && lines[next][0] != '#';)
      wanted.push_back(lines[next++]);
    EXPECT_EQ(answer(read(query), entries), wanted) << file << ":" << i + 1 << ": " << query;
    ++queries;
  }
  EXPECT_GT(queries, 40U);
}

TEST(Queries, TypedMeanWhatTheFileSays) {
  check_file("typed.txt", [](const std::string& query) { return parse_query(unescaped(query), kAsked); });
}

TEST(Queries, AsDocumentsMeanWhatTheFileSays) {
  check_file("documents.txt", [](const std::string& query) { return parse_document(query, kAsked); });
}

std::string error_of(const QueryResult& result) {
  const auto* error = std::get_if<QueryError>(&result);
  return error == nullptr ? "" : place_of(*error) + " | " + error->message;
}

std::string repeated(const std::string& text, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

TEST(Queries, HaveLimits) {
  const auto typed = [](const std::string& query) { return error_of(parse_query(query, kAsked)); };
  EXPECT_EQ(typed(std::string(1024, 'a')), "");
  EXPECT_EQ(typed("x " + std::string(1025, 'a')), "2 - | values and names have at most 1,024 bytes");
  EXPECT_EQ(typed("x=\"" + std::string(1025, 'a') + "\""), "2 - | values and names have at most 1,024 bytes");
  EXPECT_EQ(typed(std::string(1025, 'a') + ":x"), "0 - | values and names have at most 1,024 bytes");
  EXPECT_EQ(typed("x>" + std::string(1025, '1')), "2 - | values and names have at most 1,024 bytes");
  EXPECT_EQ(typed(repeated("a ", 256)), "");
  EXPECT_EQ(typed(repeated("a ", 257)), "512 - | a query has at most 256 terms");
  EXPECT_EQ(typed(repeated("(", 32) + "a" + repeated(")", 32)), "");
  EXPECT_EQ(typed(repeated("(", 33) + "a" + repeated(")", 33)), "32 - | parentheses stand in each other at most 32 deep");
  EXPECT_EQ(typed(repeated("-(", 20'000)), "- - | a query has at most 16,384 bytes");
  EXPECT_EQ(typed(std::string(16'384, ' ')), "");

  const auto document = [](const std::string& query) { return error_of(parse_document(query, kAsked)); };
  const std::string inner = R"({"word":"a"})";
  EXPECT_EQ(document(repeated(R"({"and":[)", 32) + inner + repeated("]}", 32)), "");
  EXPECT_EQ(document(repeated(R"({"and":[)", 33) + inner + repeated("]}", 33)),
            "- - | " + repeated("/and/0", 33) + ": terms stand in each other at most 32 deep");
  EXPECT_NE(document(repeated(R"({"and":[)", 2000) + inner + repeated("]}", 2000)), "");
  EXPECT_EQ(document(R"({"or":[)" + repeated(inner + ",", 255) + inner + "]}"), "");
  EXPECT_EQ(document(R"({"or":[)" + repeated(inner + ",", 256) + inner + "]}"),
            "- - | /or/256/word: a query has at most 256 terms");
  EXPECT_NE(document(R"({"word":")" + std::string(17'000, 'a') + "\"}"), "");
}

TEST(Queries, AreUtf8) {
  EXPECT_EQ(error_of(parse_query("\xc3\xa9\xf0\x9f\x98\x80 a\xc3", kAsked)), "4 - | the query is not UTF-8 from here on");
  EXPECT_EQ(error_of(parse_query("\xed\xa0\x80", kAsked)), "0 - | the query is not UTF-8 from here on");
  EXPECT_EQ(error_of(parse_query("\xc3\xa9\xf0\x9f\x98\x80 (", kAsked)), "3 - | this ( is not closed: a ) is missing");
}

TEST(Queries, AreFlatTrees) {
  const auto result = parse_query("a (b (c d)) (e OR (f OR g)) -(-h)", kAsked);
  const Term& term = std::get<Query>(result).term;
  ASSERT_EQ(term.kind, Term::Kind::kAnd);
  ASSERT_EQ(term.terms.size(), 6U);
  EXPECT_EQ(term.terms[4].kind, Term::Kind::kOr);
  EXPECT_EQ(term.terms[4].terms.size(), 3U);
  EXPECT_EQ(term.terms[5].kind, Term::Kind::kAnywhere);
}

TEST(Queries, SayWhichPathsHideAWarning) {
  const auto result = parse_query("outcme:success outcome:succes", kAsked);
  const auto& warnings = std::get<Query>(result).warnings;
  ASSERT_EQ(warnings.size(), 2U);
  EXPECT_EQ(warnings[0].paths, (std::vector<std::string>{"attributes.outcme", "outcme"}));
  EXPECT_TRUE(warnings[1].paths.empty());
  const auto other = parse_query("status:denied attributes.nothing:1", kAsked);
  ASSERT_EQ(std::get<Query>(other).warnings.size(), 2U);
  EXPECT_EQ(std::get<Query>(other).warnings[0].what.suggestion, "outcome");
  EXPECT_EQ(std::get<Query>(other).warnings[1].what.message, "no entry has the field 'attributes.nothing'");
  const auto many = parse_query(repeated("outcme:x ", 100), kAsked);
  EXPECT_EQ(std::get<Query>(many).warnings.size(), kWarningsMax);
}

}  // namespace
}  // namespace stele::query
