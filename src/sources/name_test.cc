// Names of sources and counters: bounded, valid, and the same again after they were written into the log.
#include "sources/name.h"

#include <gtest/gtest.h>

#include "base/json_text.h"
#include "base/readable_text.h"

namespace stele::sources {
namespace {

std::string name_of(std::string_view text, std::size_t bytes_max = kNameBytesMax) {
  std::string buffer;
  return std::string(ledger_name(text, buffer, bytes_max));
}

std::string readable(std::string_view text) {
  std::string out;
  append_readable(out, text, 4096);
  return out;
}

TEST(LedgerName, leaves_what_is_short_as_it_is) {
  for (const char* text : {"", "billing", "syslog/web-1", "\xc3\xa4\xf0\x9f\x90\xa2", "\xef\xbc\x81", "<ef>"})
    EXPECT_EQ(name_of(text), text);
}

// Goal: Stele's own entries make text readable; a name that went through that is the same name, and unaltered from then on.
TEST(LedgerName, is_the_same_after_it_was_made_readable) {
  const std::string text =
      "a\xef\xbf\xbd"
      "b\xef\xbf\xbd";
  const std::string name = name_of(text);
  EXPECT_EQ(name, "a<ef><bf><bd>b<ef><bf><bd>");
  EXPECT_EQ(name_of(readable(text)), name);
  EXPECT_EQ(readable(name), name);
  EXPECT_EQ(name_of(name), name);
}

// Goal: whatever the length of its characters, a name is cut between them, and two long ones do not meet.
TEST(LedgerName, cuts_between_characters) {
  for (const std::string letter : {"a", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x90\xa2", "\xef\xbf\xbd"}) {
    std::string text;
    for (std::size_t shift = 0; shift < 4; ++shift) {
      text.assign(shift, 'x');
      while (text.size() < 3 * kNameBytesMax) text += letter;
      const std::string name = name_of(text);
      EXPECT_LE(name.size(), kNameBytesMax);
      EXPECT_GT(name.size(), kNameBytesMax - 4);
      EXPECT_TRUE(is_utf8(name)) << name;
      EXPECT_EQ(name_of(name), name);
      EXPECT_EQ(readable(name), name);
      EXPECT_NE(name_of(text + "y"), name);
    }
  }
}

}  // namespace
}  // namespace stele::sources
