#include "sql/statement.h"

#include <sqlite3.h>

#include "base/json_text.h"
#include "sql/database.h"
#include "sql/memory.h"
#include "sql/view.h"

namespace stele::sql {
namespace {

struct EndStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Prepared = std::unique_ptr<sqlite3_stmt, EndStatement>;

// What SQLite, or what it called, has to say.
Error error_of(const View& view, sqlite3* db, int code) {
  if (view.failure) return *view.failure;
  if (const Status status = view.ask_on(); !status) return status.error();
  switch (code & 0xff) {
    case SQLITE_NOMEM: return {Code::kTooLarge, "the statement takes more than 256 MiB of memory; narrow it or sort less"};
    case SQLITE_TOOBIG: return {Code::kTooLarge, sqlite3_errmsg(db)};
    default: break;
  }
  std::string message = sqlite3_errmsg(db);
  if (const int at = sqlite3_error_offset(db); at >= 0) message += " (at byte " + std::to_string(at) + ")";
  return invalid(std::move(message));
}

Result<Prepared> prepare(const View& view, sqlite3* db, std::string_view sql) {
  sqlite3_stmt* made = nullptr;
  const char* rest = nullptr;
  if (const int code = sqlite3_prepare_v2(db, sql.data(), static_cast<int>(sql.size()), &made, &rest); code != SQLITE_OK)
    return error_of(view, db, code);
  Prepared out(made);
  if (!out) return invalid("there is no statement");
  // Behind it only white space and comments may come.
  sqlite3_stmt* second = nullptr;
  const auto left = static_cast<int>(sql.data() + sql.size() - rest);
  const int code = sqlite3_prepare_v2(db, rest, left, &second, nullptr);
  sqlite3_finalize(second);
  if (code != SQLITE_OK || second != nullptr) return invalid("one statement at a time");
  // How it is gone about depends on all that there is; and SQLite's own code has addresses of memory in it.
  constexpr int kOfCode = 1;
  if (sqlite3_stmt_isexplain(out.get()) == kOfCode) return invalid("EXPLAIN QUERY PLAN is there, EXPLAIN alone is not");
  if (sqlite3_stmt_isexplain(out.get()) != 0 && view.searched.scope.kind != query::Term::Kind::kAll)
    return invalid("EXPLAIN is for who sees the log whole");
  if (sqlite3_stmt_readonly(out.get()) == 0 || sqlite3_column_count(out.get()) == 0) return invalid("not authorized");
  return out;
}

Value value_of(sqlite3_stmt* statement, int column) {
  Value out;
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
      out.kind = Value::Kind::kInteger;
      out.integer = sqlite3_column_int64(statement, column);
      return out;
    case SQLITE_FLOAT:
      out.kind = Value::Kind::kReal;
      out.real = sqlite3_column_double(statement, column);
      return out;
    case SQLITE_TEXT: out.kind = Value::Kind::kText; break;
    case SQLITE_BLOB: out.kind = Value::Kind::kBlob; break;
    default: return out;
  }
  // A blob's own bytes are a text's as well.
  const void* const bytes = sqlite3_column_blob(statement, column);
  if (bytes != nullptr)
    out.bytes = {static_cast<const char*>(bytes), static_cast<std::size_t>(sqlite3_column_bytes(statement, column))};
  return out;
}

Result<bool> run(View& view, const StatementRequest& request, Answer& answer) {
  STELE_ASSIGN(const Database db, open_database(view));
  STELE_ASSIGN(const Prepared statement, prepare(view, db.get(), request.sql));

  std::vector<std::string> names;
  for (int i = 0; i < sqlite3_column_count(statement.get()); ++i) {
    const char* const name = sqlite3_column_name(statement.get(), i);
    names.emplace_back(name == nullptr ? "" : name);
  }
  answer.begin(names);
  std::vector<Value> values(names.size());
  std::uint64_t rows = 0;
  int code = SQLITE_ROW;
  while ((code = sqlite3_step(statement.get())) == SQLITE_ROW) {
    if (rows == request.rows_max || answer.bytes() > kAnswerBytesMax) return true;
    ++rows;
    std::size_t row_bytes = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = value_of(statement.get(), static_cast<int>(i));
      row_bytes += values[i].bytes.size();
    }
    if (row_bytes > kRowBytesMax) return Error{Code::kTooLarge, "a row has at most 16 MiB"};
    const std::size_t before = answer.bytes();
    answer.row(values);
    if (!take_memory(static_cast<std::int64_t>(answer.bytes() - before))) return error_of(view, db.get(), SQLITE_NOMEM);
  }
  if (code != SQLITE_DONE) return error_of(view, db.get(), code);
  return false;
}

}  // namespace

Result<bool> run_statement(const search::Searched& searched, const StatementRequest& request, const search::GoOn& go_on,
                           Answer& answer) {
  if (request.sql.size() > kStatementBytesMax) return Error{Code::kTooLarge, "a statement has at most 64 KiB"};
  if (!is_utf8(request.sql) || request.sql.find('\0') != std::string::npos) return invalid("a statement is UTF-8, without zeros");
  if (!install_memory_limits()) return Error{Code::kInternal, "SQLite was in use before its limits"};
  const MemoryLimit memory(kMemoryBytesMax, go_on);
  const auto store = searched.log->store();
  View view{searched, store, store->size(), request.now, go_on, {}};
  auto truncated = run(view, request, answer);
  if (!truncated && MemoryLimit::was_shared_out()) return Error{Code::kBusy, "other statements take the memory that there is"};
  return truncated;
}

}  // namespace stele::sql
