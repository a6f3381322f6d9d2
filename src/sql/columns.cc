#include "sql/columns.h"

namespace stele::sql {
namespace {

using Kind = Column::Kind;

constexpr std::array kColumns{
    Column{"idx", Kind::kIndex, {}},
    Column{"id", Kind::kId, {}},
    Column{"received", Kind::kReceived, {}},
    Column{"time", Kind::kTime, {}},
    Column{"source", Kind::kText, {"source.id"}},
    Column{"actor_id", Kind::kText, {"actor.id"}},
    Column{"actor_type", Kind::kText, {"actor.type"}},
    Column{"actor_name", Kind::kText, {"actor.name"}},
    Column{"actor_email", Kind::kText, {"actor.email"}},
    Column{"action", Kind::kText, {"action"}},
    Column{"category", Kind::kText, {"category"}},
    Column{"outcome", Kind::kText, {"outcome"}},
    Column{"severity", Kind::kText, {"severity"}},
    Column{"target_id", Kind::kText, {"targets.id"}},
    Column{"target_type", Kind::kText, {"targets.type"}},
    Column{"target_name", Kind::kText, {"targets.name"}},
    Column{"origin_ip", Kind::kText, {"origin.ip"}},
    Column{"user_agent", Kind::kText, {"origin.user_agent"}},
    Column{"session", Kind::kText, {"context.session"}},
    Column{"request_id", Kind::kText, {"context.request_id"}},
    Column{"host", Kind::kText, {"attributes.host", "origin.host"}},
    Column{"message", Kind::kText, {"message"}},
    Column{"seq", Kind::kNumber, {"seq"}},
    Column{"event_id", Kind::kText, {"id"}},
    Column{"attributes", Kind::kAttributes, {}},
    Column{"entry", Kind::kEntry, {}},
    Column{"q", Kind::kQuery, {}},
};

}  // namespace

std::span<const Column> columns() { return kColumns; }

int query_column() { return static_cast<int>(kColumns.size()) - 1; }

std::string table_declaration() {
  std::string out = "CREATE TABLE events(";
  for (const Column& column : kColumns) {
    const bool number = column.kind == Kind::kIndex || column.kind == Kind::kNumber;
    if (out.back() != '(') out += ", ";
    out += column.name;
    out += number ? " INTEGER" : " TEXT";
    if (column.kind == Kind::kQuery) out += " HIDDEN";
  }
  return out + ", PRIMARY KEY(idx)) WITHOUT ROWID";
}

}  // namespace stele::sql
