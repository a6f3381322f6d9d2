// Goal: what a file holds is seen by its start, and what is not known is lines.
#include "cli/format_guess.h"

#include <gtest/gtest.h>

namespace stele::cli {
namespace {

std::string guess(std::string_view head, std::string_view name = "x") { return guess_format(name, head).format; }

TEST(FormatGuess, knows_each_format_by_its_start) {
  EXPECT_EQ(guess("node=a type=SYSCALL msg=audit(1732378800.123:1): arch=c000003e\n"), "auditd");
  EXPECT_EQ(guess("203.0.113.9 - ada [23/Nov/2026:16:20:00 +0000] \"GET / HTTP/1.1\" 200 1\n"), "access-log");
  EXPECT_EQ(guess("2026-11-23 16:20:00.123 UTC,,,812,,6741f2a0.32c,5,,2026-11-23 16:19:00 UTC,,0,LOG,00000,\"a\nb\",,,,,,,,,\"\","
                  "\"checkpointer\",,0\n"),
            "postgres-csv");
  EXPECT_EQ(guess(R"({"timestamp":"2026-11-23 16:20:00.123 UTC","pid":1,"error_severity":"LOG","message":"x"})"),
            "postgres-json");
  EXPECT_EQ(guess(R"({"Records":[{"eventVersion":"1.08","eventSource":"x","eventName":"y"},{"eventVersion")"), "cloudtrail");
  EXPECT_EQ(guess(R"({"kind":"EventList","items":[{"auditID":"a","stage":"Panic","verb":"get"}]})"), "k8s-audit");
  EXPECT_EQ(guess("[\n {\"class_uid\": 3002}\n]"), "ocsf");
  EXPECT_EQ(guess(R"({"time":"t","actor":{},"action":"x"})"), "event");
  EXPECT_EQ(guess(R"({"a":1})"), "json");
  EXPECT_EQ(guess("{\"a\":"), "json");
}

TEST(FormatGuess, takes_all_else_for_lines) {
  EXPECT_EQ(guess("Nov 23 16:20:00 web-1 sshd[812]: Accepted\n"), "line");
  EXPECT_EQ(guess("a,b,c\n"), "line");
  EXPECT_EQ(guess("x [23/Nov/2026] \"y\"\n"), "line");
  EXPECT_EQ(guess(""), "line");
  EXPECT_EQ(guess("", "/var/log/audit/audit.log"), "auditd");
  EXPECT_EQ(guess("\xff\xfe\n\0"), "line");
}

}  // namespace
}  // namespace stele::cli
