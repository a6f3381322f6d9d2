// Goal: what was imported is remembered for each log, source and format; records are named by all that stands before them.
#include "cli/import_memory.h"

#include <gtest/gtest.h>

#include "io/file.h"
#include "support/temp_folder.h"

namespace stele::cli {
namespace {

Imported sample(const std::string& source) { return {"example.org/log", source, "line", 7, "aa", 6, "bb", 7, 1, 2}; }

TEST(ImportMemory, keeps_what_was_imported_for_each_log_and_source) {
  const testing::TempFolder folder;
  const std::string path = folder.path() + "/a.stele-import";
  auto memory = ImportMemory::open(path);
  ASSERT_TRUE(memory);
  ASSERT_TRUE(memory->keep(sample("a")));
  ASSERT_TRUE(memory->keep(sample("b \"c\"")));
  Imported more = sample("a");
  more.records = 9;
  ASSERT_TRUE(memory->keep(more));
  const auto again = ImportMemory::open(path);
  ASSERT_TRUE(again);
  EXPECT_EQ(imported_json(again->find(sample("a"))), imported_json(more));
  EXPECT_EQ(imported_json(again->find(sample("b \"c\""))), imported_json(sample("b \"c\"")));
  Imported other;
  other.origin = "other";
  EXPECT_EQ(again->find(other).records, 0U);
}

TEST(ImportMemory, refuses_what_it_did_not_write) {
  const testing::TempFolder folder;
  const std::string path = folder.path() + "/a.stele-import";
  const std::string good = imported_json(sample("a"));
  for (const std::string& text : {good.substr(0, good.size() / 2), std::string(R"({"stele_import":2})"), std::string("{}")}) {
    ASSERT_TRUE(io::write_file(io::posix(), path, text, 0600));
    const auto memory = ImportMemory::open(path);
    ASSERT_FALSE(memory) << text;
    EXPECT_NE(memory.error().message.find("remove it to import the whole file anew"), std::string::npos);
  }
}

TEST(RecordChain, names_a_record_by_all_before_it_and_by_its_whole_length) {
  records::Record a{"a", 1, 0, {}};
  records::Record cut{"a", 9, 0, {}};
  RecordChain one("line");
  RecordChain other("line");
  RecordChain format("json");
  one.add(a);
  other.add(a);
  format.add(a);
  EXPECT_EQ(one.id(), other.id());
  EXPECT_NE(one.id(), format.id());
  const std::string first = one.id();
  one.add(a);
  EXPECT_NE(one.id(), first);
  other.add(cut);
  EXPECT_NE(one.id(), other.id());
  EXPECT_EQ(one.id().size(), std::string("import:").size() + 32);
}

}  // namespace
}  // namespace stele::cli
