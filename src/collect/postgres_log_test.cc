// Goal: both of PostgreSQL's structured logs say the same, in every version, and the rules find who did what.
#include "collect/postgres_log.h"

#include <gtest/gtest.h>

#include "collect/record_format.h"
#include "normalise/samples.h"
#include "support/understanding.h"

namespace stele::collect {
namespace {

std::string got(std::string_view format, std::string_view record, std::string_view path) {
  DoorBatch batch({"s", "records", "", ""}, testing::shipped_understanding(), 1'795'450'805'000'000'000);
  find_record_format(format)->add(record, batch);
  const event::EntryBatch entries = std::move(batch).take();
  EXPECT_EQ(entries.count(), 1U);
  const auto view = event::read_entry(entries.entry(0));
  EXPECT_TRUE(view.ok());
  return normalise::member_at(view->event, path).value_or("");
}

void expect(std::string_view format, std::string_view record, const std::vector<std::pair<const char*, const char*>>& members) {
  for (const auto& [path, is] : members) EXPECT_EQ(got(format, record, path), is) << path;
}

constexpr std::string_view kCsv =
    "2026-11-23 16:20:00.123 CET,\"ada\",\"shop\",812,\"203.0.113.9:51230\",6741f2a0.32c,5,\"SELECT\",2026-11-23 16:19:00 "
    "CET,3/7,0,LOG,"
    "00000,\"AUDIT: SESSION,1,1,READ,SELECT,TABLE,public.customers,\"\"select *\nfrom customers\"\",<not "
    "logged>\",,,,,,,,,\"psql\","
    "\"client backend\",,0";
constexpr std::string_view kJson =
    R"({"timestamp":"2026-11-23 16:20:00.123 CET","user":"bob","dbname":"shop","pid":813,"remote_host":"2001:db8::9","remote_port":5,)"
    R"("session_id":"6741f2a0.32d","line_num":2,"ps":"authentication","error_severity":"FATAL","state_code":"28P01",)"
    R"("message":"password authentication failed for user \"bob\"","detail":"no match","backend_type":"client backend","query_id":0})";

TEST(PostgresCsv, of_14_and_later_is_understood_by_its_columns) {
  expect("postgres-csv", kCsv,
         {{"id", "6741f2a0.32c/5"},
          {"time", "2026-11-23T15:20:00.123000000Z"},
          {"actor", R"({"type":"user","id":"ada"})"},
          {"action", "postgres.SELECT"},
          {"category", "data_access"},
          {"outcome", "success"},
          {"origin.ip", "203.0.113.9"},
          {"targets", R"([{"type":"TABLE","id":"public.customers"},{"type":"database","id":"shop"}])"},
          {"context.session", "6741f2a0.32c"},
          {"attributes.application_name", "psql"},
          {"attributes.sql_state_code", "00000"},
          {"severity", "info"}});
}

TEST(PostgresCsv, of_13_has_two_columns_less) {
  const std::string_view shorter = kCsv.substr(0, kCsv.size() - 3);
  expect("postgres-csv", shorter, {{"action", "postgres.SELECT"}, {"attributes.backend_type", "client backend"}});
  EXPECT_EQ(got("postgres-csv", "a,b,c", "action"), "stele.quarantined");
  EXPECT_EQ(got("postgres-csv", kCsv.substr(0, 230), "action"), "stele.quarantined");
}

TEST(PostgresJson, is_understood_likewise) {
  expect("postgres-json", kJson,
         {{"id", "6741f2a0.32d/2"},
          {"actor.id", "bob"},
          {"action", "postgres.login"},
          {"outcome", "failure"},
          {"origin.ip", "2001:db8::9"},
          {"targets.0.id", "shop"},
          {"attributes.detail", "no match"},
          {"attributes.connection_from", "2001:db8::9:5"},
          {"attributes.process_id", "813"}});
  EXPECT_EQ(got("postgres-json", "{}", "action"), "stele.quarantined");
  EXPECT_EQ(got("postgres-json", "{", "action"), "stele.quarantined");
}

TEST(PostgresLog, what_no_rule_knows_keeps_its_level) {
  expect("postgres-json",
         R"({"timestamp":"2026-11-23 16:20:00.123 +0530","pid":9,"error_severity":"WARNING","message":"no transaction"})",
         {{"action", "postgres.message"},
          {"outcome", "unknown"},
          {"severity", "warning"},
          {"actor", R"({"type":"process","id":"postgres[9]"})"},
          {"time", "2026-11-23T10:50:00.123000000Z"},
          {"message", "no transaction"}});
}

TEST(PostgresTime, takes_zones_that_have_one_meaning_and_no_others) {
  EXPECT_EQ(read_postgres_time("1970-01-01 01:00:01.5 CET"), 1'500'000'000);
  EXPECT_EQ(read_postgres_time("1970-01-01 03:00:00 +03"), 0);
  EXPECT_EQ(read_postgres_time("1969-12-31 19:00:00 EST"), 0);
  for (const char* text :
       {"1970-01-01 01:00:01 IST", "1970-01-01 01:00:01", "1970-01-01", "", "1970-01-01 x UTC", "1970-01-01 01:00:01 +9"})
    EXPECT_FALSE(read_postgres_time(text)) << text;
}

}  // namespace
}  // namespace stele::collect
