// What is masked is nowhere in what is shown, and everything else is as it was.
#include "event/mask.h"

#include <gtest/gtest.h>

#include "event/json_tape.h"
#include "event/scalars.h"

namespace stele::event {
namespace {

const std::string kEntryHead =
    R"({"stele":1,"id":"018f","received":"2026-11-23T16:20:00.000000000Z","source":{"id":"s","kind":"http"},)";

TEST(Mask, takes_values_out_of_sight) {
  const std::string entry =
      kEntryHead + R"("event":{"time":"t","actor":{"id":"u1","email":"a@x"},"targets":[{"id":"a"},{"id":"b","name":"n"}],)"
                   R"("attributes":{"card":{"no":[1,2]},"cards":3}},"original":"raw a@x"})";
  const std::string seen = Mask({"actor.email", "targets.id", "attributes.card", "source.id"}).of(entry);
  EXPECT_EQ(
      seen,
      R"({"stele":1,"id":"018f","received":"2026-11-23T16:20:00.000000000Z","source":{"id":"[masked]","kind":"http"},)"
      R"("event":{"time":"t","actor":{"id":"u1","email":"[masked]"},)"
      R"("targets":[{"id":"[masked]"},{"id":"[masked]","name":"n"}],"attributes":{"card":"[masked]","cards":3}},)"
      R"("original":"[masked]","masked":["actor.email","targets.id","attributes.card","source.id","original"],"verifiable":false})");
}

// Goal: names with escapes, and what $literal stands around, are the paths that searches know.
TEST(Mask, knows_paths_as_searches_do) {
  const std::string entry =
      kEntryHead +
      R"("event":{"attributes":{"\u0061\"b":{"$literal":{"c":1,"$literal":{"d":2}}},"$literal":{"e":3},"":{"f":4}}}})";
  Scalars scalars;
  std::vector<std::string> paths;
  for (const auto& one : scalars.read(entry)) paths.push_back(scalars.path(one.path));
  ASSERT_EQ(paths.size(), 6U);  // with the two of the source
  for (const std::string& path : paths) {
    const std::string seen = Mask({path}).of(entry);
    Scalars of_seen;
    std::size_t masked = 0;
    for (const auto& one : of_seen.read(seen)) {
      const std::string& at = of_seen.path(one.path);
      if (at == path) EXPECT_EQ(one.text, "[masked]") << path;
      if (one.text == "[masked]") ++masked;
    }
    EXPECT_EQ(masked, 1U) << path << " " << seen;
  }
}

TEST(Mask, of_what_is_no_entry_shows_nothing) {
  for (const std::string_view none : {"", "[1]", "{\"a\":", "\"secret\"", "secret"})
    EXPECT_EQ(Mask({"a"}).of(none), R"({"masked":["a","original"],"verifiable":false})");
}

TEST(Mask, is_of_whole_names) {
  EXPECT_TRUE(is_masked("a.b", {"a"}));
  EXPECT_TRUE(is_masked("a", {"a"}));
  EXPECT_FALSE(is_masked("ab", {"a"}));
  EXPECT_FALSE(is_masked("a", {"a.b"}));
}

}  // namespace
}  // namespace stele::event
