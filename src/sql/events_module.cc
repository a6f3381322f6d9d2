#include "sql/events_module.h"

#include <sqlite3.h>

#include <cstring>
#include <exception>
#include <new>

#include "base/json_text.h"
#include "query/parse.h"
#include "query/term_maker.h"
#include "sql/event_scan.h"
#include "sql/plan_choice.h"

namespace stele::sql {
namespace {

constexpr std::size_t kListMost = 256;  // values of IN; more are left to SQLite

struct Table : sqlite3_vtab {
  explicit Table(View& of) : sqlite3_vtab(), view(of) {}
  View& view;
};

struct Cursor : sqlite3_vtab_cursor {
  explicit Cursor(View& view) : sqlite3_vtab_cursor(), cells(view) {}
  ScanCells cells;
  std::unique_ptr<Rows> rows;
  std::vector<std::string> queries;  // that were asked
};

View& view_of(sqlite3_vtab* table) { return static_cast<Table*>(table)->view; }
Cursor& cursor_of(sqlite3_vtab_cursor* cursor) { return *static_cast<Cursor*>(cursor); }

int fail(sqlite3_vtab* table, const Error& error) {
  view_of(table).failure = error;
  sqlite3_free(table->zErrMsg);
  table->zErrMsg = sqlite3_mprintf("%s", error.message.c_str());
  return SQLITE_ERROR;
}

// What is thrown must not pass through SQLite.
template <typename F>
int guarded(F&& f) {
  try {
    return f();
  } catch (const std::bad_alloc&) {
    return SQLITE_NOMEM;
  } catch (const std::exception&) {
    return SQLITE_ERROR;
  }
}

std::string_view text_of(sqlite3_value* value) {
  const unsigned char* const text = sqlite3_value_text(value);
  if (text == nullptr) return {};
  return {reinterpret_cast<const char*>(text), static_cast<std::size_t>(sqlite3_value_bytes(value))};
}

Operand operand_of(sqlite3_value* value) {
  switch (sqlite3_value_type(value)) {
    case SQLITE_TEXT: return text_of(value);
    case SQLITE_INTEGER: return std::int64_t{sqlite3_value_int64(value)};
    default: return {};
  }
}

Result<query::Term> query_term(std::string_view text, UnixNanos now) {
  if (text.size() > query::kQueryBytesMax) return invalid("q: a query has at most 16,384 bytes");
  if (!is_utf8(text)) return invalid("q: a query is UTF-8");
  auto parsed = query::parse_query(text, now);
  if (auto* right = std::get_if<query::Query>(&parsed)) return std::move(right->term);
  const auto& error = std::get<query::QueryError>(parsed);
  return invalid("q: " + error.message + (error.at ? " (at character " + std::to_string(*error.at) + ")" : ""));
}

// From a plan and the values that SQLite hands in for it.
class Filter {
 public:
  Filter(const ScanPlan& plan, View& view, Cursor& cursor) : plan_(plan), view_(view), cursor_(cursor) {}

  Status open(sqlite3_value** values) {
    cursor_.queries.clear();
    cursor_.rows.reset();  // what it holds counts
    for (std::size_t i = 0; i < plan_.parts.size(); ++i) STELE_TRY(add(plan_.parts[i], values[i]));
    const query::Term term = query::all_of(std::move(terms_));
    if (plan_.keys.empty()) {
      STELE_ASSIGN(cursor_.rows, EventScan::make(view_, cursor_.cells, term, plan_.newest_first));
    } else {
      STELE_ASSIGN(cursor_.rows, GroupedRows::make(view_, term, plan_.keys, plan_.once));
    }
    return cursor_.rows->next();
  }

 private:
  Status add(const ScanPlan::Part& part, sqlite3_value* value) {
    const Column& column = columns()[static_cast<std::size_t>(part.column)];
    if (column.kind == Column::Kind::kQuery && !part.one_of) {
      STELE_ASSIGN(auto term, query_term(text_of(value), view_.now));
      cursor_.queries.emplace_back(text_of(value));
      terms_.push_back(sqlite3_value_type(value) == SQLITE_NULL ? no_row() : std::move(term));
    } else if (part.one_of) {
      return add_list(part, column, value);
    } else if (part.compare == Compare::kNull || part.compare == Compare::kNotNull) {
      push(term_of(column, part.compare, {}));
    } else if (sqlite3_value_type(value) == SQLITE_NULL) {
      // IS has null for a value; anything else compared with it is not true.
      if (part.compare != Compare::kEqual) terms_.push_back(no_row());
    } else {
      STELE_TRY(check_time(column, part.compare, operand_of(value)));
      push(term_of(column, part.compare, operand_of(value)));
    }
    return {};
  }

  Status add_list(const ScanPlan::Part& part, const Column& column, sqlite3_value* list) {
    std::vector<query::Term> terms;
    sqlite3_value* value = nullptr;
    int code = sqlite3_vtab_in_first(list, &value);
    for (; code == SQLITE_OK && value != nullptr; code = sqlite3_vtab_in_next(list, &value)) {
      if (sqlite3_value_type(value) == SQLITE_NULL) continue;
      if (column.kind == Column::Kind::kQuery) {
        STELE_ASSIGN(auto term, query_term(text_of(value), view_.now));
        cursor_.queries.emplace_back(text_of(value));
        terms.push_back(std::move(term));
        if (terms.size() > kListMost) return invalid("q: one of at most 256 queries");
        continue;
      }
      STELE_TRY(check_time(column, part.compare, operand_of(value)));
      auto term = term_of(column, part.compare, operand_of(value));
      if (!term || terms.size() == kListMost) return {};
      terms.push_back(*std::move(term));
    }
    if (code != SQLITE_OK && code != SQLITE_DONE) return Error{Code::kInternal, sqlite3_errstr(code)};
    terms_.push_back(terms.empty() ? no_row() : query::one_of(std::move(terms)));
    return {};
  }

  void push(std::optional<query::Term> term) {
    if (term) terms_.push_back(*std::move(term));
  }

  const ScanPlan& plan_;
  View& view_;
  Cursor& cursor_;
  std::vector<query::Term> terms_;
};

int connect(sqlite3* db, void* view, int, const char* const*, sqlite3_vtab** out, char** error) {
  return guarded([&] {
    if (const int code = sqlite3_declare_vtab(db, table_declaration().c_str()); code != SQLITE_OK) {
      *error = sqlite3_mprintf("%s", sqlite3_errmsg(db));
      return code;
    }
    sqlite3_vtab_config(db, SQLITE_VTAB_INNOCUOUS);
    *out = new Table(*static_cast<View*>(view));
    return SQLITE_OK;
  });
}

int disconnect(sqlite3_vtab* table) {
  delete static_cast<Table*>(table);
  return SQLITE_OK;
}

int best_index(sqlite3_vtab* table, sqlite3_index_info* info) {
  return guarded([&] {
    const auto plan = choose_plan(view_of(table), *info);
    if (!plan) return fail(table, plan.error());
    if (!*plan) return SQLITE_CONSTRAINT;
    const std::string text = (*plan)->text();
    info->idxStr = static_cast<char*>(sqlite3_malloc64(text.size() + 1));
    if (info->idxStr == nullptr) return SQLITE_NOMEM;
    std::memcpy(info->idxStr, text.c_str(), text.size() + 1);
    info->needToFreeIdxStr = 1;
    return SQLITE_OK;
  });
}

int open(sqlite3_vtab* table, sqlite3_vtab_cursor** out) {
  return guarded([&] {
    if (view_of(table).scans == kScansMax) return fail(table, {Code::kTooLarge, "a statement reads events in at most 64 places"});
    *out = new Cursor(view_of(table));
    return SQLITE_OK;
  });
}

int close(sqlite3_vtab_cursor* cursor) {
  delete static_cast<Cursor*>(cursor);
  return SQLITE_OK;
}

int filter(sqlite3_vtab_cursor* cursor, int, const char* plan, int, sqlite3_value** values) {
  return guarded([&] {
    View& view = view_of(cursor->pVtab);
    Status status = view.ask_on();
    if (status) status = Filter(ScanPlan::of(plan), view, cursor_of(cursor)).open(values);
    return status ? SQLITE_OK : fail(cursor->pVtab, status.error());
  });
}

int next(sqlite3_vtab_cursor* cursor) {
  return guarded([&] {
    const Status status = cursor_of(cursor).rows->next();
    return status ? SQLITE_OK : fail(cursor->pVtab, status.error());
  });
}

int at_end(sqlite3_vtab_cursor* cursor) {
  const Cursor& of = cursor_of(cursor);
  return !of.rows || of.rows->at_end() ? 1 : 0;
}

void give(sqlite3_context* context, const Cell& cell) {
  if (cell.kind == Cell::Kind::kNumber) return sqlite3_result_int64(context, cell.number);
  if (cell.kind == Cell::Kind::kNull) return sqlite3_result_null(context);
  const char* const text = cell.text.data() == nullptr ? "" : cell.text.data();
  sqlite3_result_text(context, text, static_cast<int>(cell.text.size()), cell.lasting ? SQLITE_STATIC : SQLITE_TRANSIENT);
}

int column(sqlite3_vtab_cursor* cursor, sqlite3_context* context, int number) {
  return guarded([&] {
    Cursor& of = cursor_of(cursor);
    if (number == query_column()) {
      if (of.queries.size() != 1)
        return fail(cursor->pVtab, invalid("q stands only in WHERE q = 'a query', once, joined to the rest by AND"));
      give(context, Cell::of(of.queries.front(), false));
      return SQLITE_OK;
    }
    Cell cell;
    if (const Status status = of.rows->cell(number, cell); !status) return fail(cursor->pVtab, status.error());
    give(context, cell);
    return SQLITE_OK;
  });
}

constexpr sqlite3_module kModule = [] {
  sqlite3_module out{};  // without xCreate: the table is there by itself, and no other can be made of it
  out.xConnect = connect;
  out.xBestIndex = best_index;
  out.xDisconnect = disconnect;
  out.xOpen = open;
  out.xClose = close;
  out.xFilter = filter;
  out.xNext = next;
  out.xEof = at_end;
  out.xColumn = column;
  return out;
}();

}  // namespace

Status add_events_table(sqlite3* db, View& view) {
  if (sqlite3_create_module_v2(db, "events", &kModule, &view, nullptr) == SQLITE_OK) return {};
  return Error{Code::kInternal, sqlite3_errmsg(db)};
}

}  // namespace stele::sql
