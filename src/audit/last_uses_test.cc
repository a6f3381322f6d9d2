#include "audit/last_uses.h"

#include <gtest/gtest.h>

#include "support/temp_folder.h"

namespace stele::audit {
namespace {

class LastUsesTest : public ::testing::Test {
 protected:
  static void give(access::Grants& grants, const std::string& id) {
    access::Grant grant;
    grant.holder = access::Holder::kUser;
    grant.id = id;
    grant.role = "reader";
    grants.put(grant);
  }
  std::string file_text() const { return *io::read_file(io::posix(), file_, 1U << 20); }

  testing::TempFolder temporary_;
  std::string file_ = temporary_.path("last-uses.json");
};

TEST_F(LastUsesTest, OutlastAStart) {
  {
    access::Grants grants;
    for (const char* id : {"ada", "bea"}) give(grants, id);
    LastUses uses(io::posix(), file_, grants);
    EXPECT_TRUE(uses.read());
    EXPECT_TRUE(uses.keep());
    EXPECT_FALSE(io::posix().exists(file_)) << "nothing to say";
    grants.note_use("user:ada", 1'700'000'000'000'000'000);
    grants.note_use("user:eve", 1'700'000'000'000'000'000);
    EXPECT_TRUE(uses.keep());
  }
  EXPECT_EQ(file_text(), "{\"stele_last_uses\":1,\"identities\":{\"user:ada\":\"2023-11-14T22:13:20.000000000Z\"}}\n");
  access::Grants grants;
  for (const char* id : {"ada", "bea"}) give(grants, id);
  LastUses uses(io::posix(), file_, grants);
  ASSERT_TRUE(uses.read());
  EXPECT_EQ(grants.list(access::Holder::kUser).at(0).last_used, 1'700'000'000'000'000'000);
  EXPECT_EQ(grants.list(access::Holder::kUser).at(1).last_used, 0);
  ASSERT_TRUE(io::posix().remove(file_));
  EXPECT_TRUE(uses.keep());
  EXPECT_FALSE(io::posix().exists(file_)) << "nothing changed";
  grants.note_use("user:bea", 5);
  EXPECT_TRUE(uses.keep());
  EXPECT_EQ(parse_last_uses(file_text())->size(), 2U);
}

TEST_F(LastUsesTest, AFileThatIsNoneSaysNothing) {
  for (const char* text : {"", "{}", "[]", "{\"stele_last_uses\":2,\"identities\":{}}",
                           "{\"stele_last_uses\":1,\"identities\":[]}", "{\"stele_last_uses\":1,\"identities\":{\"user:ada\":5}}",
                           "{\"stele_last_uses\":1,\"identities\":{\"user:ada\":\"yesterday\"}}"}) {
    EXPECT_EQ(parse_last_uses(text).error().code, Code::kCorrupt) << text;
    ASSERT_TRUE(io::write_file(io::posix(), file_, text, 0600));
    access::Grants grants;
    give(grants, "ada");
    LastUses uses(io::posix(), file_, grants);
    EXPECT_EQ(uses.read().error().code, Code::kCorrupt) << text;
    EXPECT_EQ(grants.list(access::Holder::kUser).at(0).last_used, 0);
    grants.note_use("user:ada", 7);
    EXPECT_TRUE(uses.keep());
    EXPECT_TRUE(parse_last_uses(file_text())) << "it is written anew";
  }
}

TEST_F(LastUsesTest, WhatCannotBeReadOrWrittenIsSaid) {
  ASSERT_TRUE(io::posix().make_dirs(file_));
  access::Grants grants;
  give(grants, "ada");
  LastUses uses(io::posix(), file_, grants);
  EXPECT_FALSE(uses.read());
  grants.note_use("user:ada", 7);
  EXPECT_TRUE(uses.keep()) << "it stays as it is";
  LastUses again(io::posix(), file_, grants);
  EXPECT_FALSE(again.keep());
}

}  // namespace
}  // namespace stele::audit
