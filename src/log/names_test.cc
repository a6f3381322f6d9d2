#include "log/names.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace stele::log {
namespace {

// Goal: a name is a folder's name on any file system, and needs no escape in a path of a URL.
TEST(LogNames, are_plain) {
  for (const char* name : {"main", "audit", "a", "9", "tenant-a", "eu_2026"}) EXPECT_TRUE(is_log_name(name)) << name;
  for (const char* name : {"", "Main", "-a", "_a", ".", "..", "a/b", "a b", "\xc3\xa4", "a.b"})
    EXPECT_FALSE(is_log_name(name)) << name;
  EXPECT_TRUE(is_log_name(std::string(63, 'x')));
  EXPECT_FALSE(is_log_name(std::string(64, 'x')));
}

// Goal: whoever looks at the first log sees main.
TEST(LogNames, are_told_main_first_and_audit_last) {
  const std::map<std::string, int, LogOrder> logs{{"audit", 0}, {"zeta", 0}, {"alpha", 0}, {"main", 0}};
  std::string told;
  for (const auto& [name, value] : logs) told += name + " ";
  EXPECT_EQ(told, "main alpha zeta audit ");
}

}  // namespace
}  // namespace stele::log
