#include "sql/database.h"

#include <sqlite3.h>

#include <array>
#include <string>
#include <utility>

#include "base/spelling.h"
#include "sql/events_module.h"
#include "sql/functions.h"
#include "sql/statement.h"

namespace stele::sql {
namespace {

constexpr std::array<std::pair<int, int>, 11> kLimits{{
    {SQLITE_LIMIT_LENGTH, static_cast<int>(kValueBytesMax)},
    {SQLITE_LIMIT_SQL_LENGTH, static_cast<int>(kStatementBytesMax)},
    {SQLITE_LIMIT_COLUMN, 256},
    {SQLITE_LIMIT_EXPR_DEPTH, 100},
    {SQLITE_LIMIT_COMPOUND_SELECT, 50},
    {SQLITE_LIMIT_VDBE_OP, 100'000},
    {SQLITE_LIMIT_FUNCTION_ARG, 100},
    {SQLITE_LIMIT_ATTACHED, 0},
    {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, static_cast<int>(kPatternBytesMax)},
    {SQLITE_LIMIT_VARIABLE_NUMBER, 0},
    {SQLITE_LIMIT_WORKER_THREADS, 0},
}};

constexpr std::array<std::pair<int, int>, 7> kSwitches{{
    {SQLITE_DBCONFIG_DEFENSIVE, 1},
    {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
    {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
    {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
    {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
    {SQLITE_DBCONFIG_DQS_DML, 0},  // "x" is a name and never a text
    {SQLITE_DBCONFIG_DQS_DDL, 0},
}};

std::string lowered(const char* text) {
  std::string out(text == nullptr ? "" : text);
  for (char& c : out) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return out;
}

// What is not named here is not done.
int authorise(void*, int action, const char* first, const char* second, const char*, const char*) {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE: return SQLITE_OK;
    case SQLITE_READ: {
      const std::string table = lowered(first);
      if (table == "events" || table == "json_each" || table == "json_tree") return SQLITE_OK;
      // Names of a statement's own tables come without a column. No table of SQLite's has one of theirs read so.
      const bool own = table.starts_with("sqlite_") || table.starts_with("pragma_") || table == "dbstat";
      return second != nullptr && *second == '\0' && !own ? SQLITE_OK : SQLITE_DENY;
    }
    case SQLITE_FUNCTION: return is_allowed_function(lowered(second)) ? SQLITE_OK : SQLITE_DENY;
    default: return SQLITE_DENY;
  }
}

int is_over(void* data) {
  View& view = *static_cast<View*>(data);
  if (const Status status = view.ask_on(); !status) {
    view.failure = status.error();
    return 1;
  }
  return 0;
}

}  // namespace

void CloseDatabase::operator()(sqlite3* db) const { sqlite3_close(db); }

Result<Database> open_database(View& view) {
  constexpr int kStepsBetween = 1'000;  // some 50 µs
  sqlite3* opened = nullptr;
  const int code =
      sqlite3_open_v2(":memory:", &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX, nullptr);
  Database db(opened);
  if (code != SQLITE_OK) return Error{Code::kUnavailable, "SQLite cannot be opened: " + std::string(sqlite3_errstr(code))};
  for (const auto& [limit, value] : kLimits) sqlite3_limit(opened, limit, value);
  for (const auto& [what, on] : kSwitches) {
    if (sqlite3_db_config(opened, what, on, nullptr) != SQLITE_OK) return Error{Code::kInternal, "SQLite lacks a safe setting"};
  }
  // What is sorted stays in memory: no statement writes to a disk.
  if (sqlite3_exec(opened, "PRAGMA temp_store=MEMORY", nullptr, nullptr, nullptr) != SQLITE_OK)
    return Error{Code::kInternal, sqlite3_errmsg(opened)};
  STELE_TRY(add_events_table(opened, view));
  STELE_TRY(add_functions(opened, view));
  // SQLite declares tables like these when they are first named, which the authorizer would not have.
  for (const char* const sql : {"SELECT 1 FROM events WHERE 0", "SELECT 1 FROM json_each(0)", "SELECT 1 FROM json_tree(0)"}) {
    if (sqlite3_exec(opened, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return Error{Code::kInternal, sqlite3_errmsg(opened)};
  }
  sqlite3_progress_handler(opened, kStepsBetween, is_over, &view);
  sqlite3_set_authorizer(opened, authorise, nullptr);
  return db;
}

}  // namespace stele::sql
