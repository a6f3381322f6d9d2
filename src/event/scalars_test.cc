// An entry's scalars: each once, under the path that docs/formats/query.md gives it.
#include "event/scalars.h"

#include <gtest/gtest.h>

#include <string>

#include "event/json_tape.h"

namespace stele::event {
namespace {

std::string read(Scalars& scalars, std::string_view entry) {
  std::string out;
  for (const auto& one : scalars.read(entry)) out += scalars.path(one.path) + "=" + std::string(one.text) + "\n";
  return out;
}

TEST(Scalars, HavePathsFromTheEventDown) {
  Scalars scalars;
  EXPECT_EQ(
      read(scalars,
           R"({"stele":1,"id":"x","received":"r","source":{"id":"a","kind":"http"},"event":{"id":"e","actor":{"id":"ada"},)"
           R"("targets":[{"id":"t1"},{"id":"t2","n":1.50}],"attributes":{"a.b":true,"a":{"b":null},"list":[[1],{}]}},)"
           R"("derived":{"fields":["x","y"]},"original":"o"})"),
      "source.id=a\nsource.kind=http\nid=e\nactor.id=ada\ntargets.id=t1\ntargets.id=t2\ntargets.n=1.50\nattributes.a.b=true\n"
      "attributes.a.b=null\nattributes.list=1\nderived.fields=x\nderived.fields=y\noriginal=o\n");
}

TEST(Scalars, UnescapesAndPassesThroughLiterals) {
  Scalars scalars;
  const std::string entry =
      R"({"event":{"a\"b":"x\n\u00e9\ud83d\ude00","c":{"$literal":{"$x":"y"}},"d":{"$sealed":{"commitment":"z"}}}})";
  const std::string wanted = "a\"b=x\n\xc3\xa9\xf0\x9f\x98\x80\nc.$x=y\nd.$sealed.commitment=z\n";
  EXPECT_EQ(read(scalars, entry), wanted);
  EXPECT_EQ(read(scalars, entry), wanted);  // the way that expects names
}

TEST(Scalars, GoThroughNoLiteralThatStandsForNothing) {
  Scalars scalars;
  const auto of = [&](const std::string& event) { return read(scalars, R"({"event":)" + event + "}"); };
  EXPECT_EQ(of(R"({"$literal":{"$x":1}})"), "$x=1\n");
  EXPECT_EQ(of(R"({"a":{"$literal":{"$literal":{"b":"{\\"}}}})"), "a.$literal.b={\\\n");
  EXPECT_EQ(of(R"({"a":{"$literal":{"$literal":{"$literal":{"$x":1}}}}})"), "a.$literal.$x=1\n");
  EXPECT_EQ(of(R"({"a":{"$literal":{"b":"}\"{"},"c":2}})"), "a.$literal.b=}\"{\na.c=2\n");
  EXPECT_EQ(of(R"({"a":{"c":2,"$literal":{"b":1}}})"), "a.c=2\na.$literal.b=1\n");
  EXPECT_EQ(of(R"({"a":{"$literal":"v"},"b":{"$literal":[{"$literal":{"c":3}}]}})"), "a.$literal=v\nb.$literal.c=3\n");
  EXPECT_EQ(of(R"({"a":{"$literal":{}}})"), "");
}

TEST(Scalars, HaveEmptyNames) {
  Scalars scalars;
  const std::string entry = R"({"event":{"":"x","a":{"":{"":1}}},"":{"":{"$base64":"eA=="}}})";
  const std::string wanted = "=x\na..=1\n..$base64=eA==\n";
  EXPECT_EQ(read(scalars, entry), wanted);
  EXPECT_EQ(read(scalars, entry), wanted);
}

TEST(Scalars, TellNamesWithEscapesApart) {
  Scalars scalars;
  for (int turn = 0; turn < 2; ++turn) {
    EXPECT_EQ(read(scalars, R"({"event":{"q\\n":1}})"), "q\\n=1\n");  // a backslash
    EXPECT_EQ(read(scalars, R"({"event":{"q\n":2}})"), "q\n=2\n");    // an end of line
    EXPECT_EQ(read(scalars, R"({"event":{"\\u0061":3}})"), "\\u0061=3\n");
    EXPECT_EQ(read(scalars, R"({"event":{"\u0061":4}})"), "a=4\n");
    EXPECT_EQ(read(scalars, R"({"event":{"a\":{\"b":5}})"), "a\":{\"b=5\n");
    EXPECT_EQ(read(scalars, R"({"event":{"a":{"b":6}}})"), "a.b=6\n");
  }
}

TEST(Scalars, KeepLittleOfLongNames) {
  Scalars scalars;
  const auto generation = scalars.generation();
  for (char c = 'a'; c < 'k'; ++c) {
    std::string entry = R"({"event":{")" + std::string(28'000, c) + R"(":{"z":0)";
    for (int i = 0; i < 4'000; ++i) entry += ",\"" + std::to_string(i) + "\":1";
    const auto& found = scalars.read(entry + "}}}");
    ASSERT_EQ(found.size(), 4'001U);
    EXPECT_EQ(scalars.path(found.back().path), std::string(Scalars::kPathBytesMax, c));
  }
  EXPECT_GE(scalars.generation(), generation + 5);
}

TEST(Scalars, ExpectNamesInVainWithoutHarm) {
  Scalars scalars;
  EXPECT_EQ(read(scalars, R"({"event":{"a":1,"b":2,"c":3}})"), "a=1\nb=2\nc=3\n");
  EXPECT_EQ(read(scalars, R"({"event":{"c":1,"a":2,"abc":3,"b":4}})"), "c=1\na=2\nabc=3\nb=4\n");
  EXPECT_EQ(read(scalars, R"({"event":{}})"), "");
}

TEST(Scalars, AreNoneOfWhatIsNoEntry) {
  Scalars scalars;
  const std::string whole = R"({"event":{"a":"x\u00e9\ud83d\ude00","b":[1,{"c":"d"}]},"derived":{"by":"r"}})";
  ASSERT_EQ(scalars.read(whole).size(), 4U);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::string cut = whole.substr(0, size);  // of its own, so that a sanitizer sees each byte read past its end
    EXPECT_TRUE(scalars.read(cut).empty()) << cut;
  }
  EXPECT_TRUE(scalars.read("an entry whose head has another form").empty());
  EXPECT_TRUE(scalars.read(std::string(5000, '[')).empty());
}

TEST(Scalars, NumberPathsAnewWhenTheyAreTooMany) {
  Scalars scalars;
  const auto generation = scalars.generation();
  for (std::size_t i = 0; i <= Scalars::kPathsMax; ++i) scalars.read(R"({"event":{"n)" + std::to_string(i) + R"(":1}})");
  EXPECT_EQ(read(scalars, R"({"event":{"n7":1}})"), "n7=1\n");
  EXPECT_GT(scalars.generation(), generation);
  EXPECT_LT(scalars.paths(), 10U);
}

}  // namespace
}  // namespace stele::event
