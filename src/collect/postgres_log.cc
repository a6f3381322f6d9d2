#include "collect/postgres_log.h"

#include <algorithm>
#include <vector>

#include "base/bytes.h"

namespace stele::collect {
namespace {

using Column = PostgresColumn;

struct Name {
  std::string_view csv;
  std::string_view json;
};
constexpr std::array<Name, kPostgresColumns> kNames = {{{"log_time", "timestamp"},
                                                        {"user_name", "user"},
                                                        {"database_name", "dbname"},
                                                        {"process_id", "pid"},
                                                        {"connection_from", ""},
                                                        {"session_id", "session_id"},
                                                        {"session_line_num", "line_num"},
                                                        {"command_tag", "ps"},
                                                        {"session_start_time", "session_start"},
                                                        {"virtual_transaction_id", "vxid"},
                                                        {"transaction_id", "txid"},
                                                        {"error_severity", "error_severity"},
                                                        {"sql_state_code", "state_code"},
                                                        {"message", "message"},
                                                        {"detail", "detail"},
                                                        {"hint", "hint"},
                                                        {"internal_query", "internal_query"},
                                                        {"internal_query_pos", "internal_position"},
                                                        {"context", "context"},
                                                        {"query", "statement"},
                                                        {"query_pos", "cursor_position"},
                                                        {"location", ""},
                                                        {"application_name", "application_name"},
                                                        {"backend_type", "backend_type"},
                                                        {"leader_pid", "leader_pid"},
                                                        {"query_id", "query_id"}}};

// The next field; false when its quotes make no sense. `more`: another one follows.
bool take_field(std::string_view& text, std::string& field, bool& more) {
  field.clear();
  if (text.starts_with('"')) {
    text.remove_prefix(1);
    for (;;) {
      const auto quote = text.find('"');
      if (quote == std::string_view::npos) return false;
      field += text.substr(0, quote);
      text.remove_prefix(quote + 1);
      if (!text.starts_with('"')) break;
      field.push_back('"');
      text.remove_prefix(1);
    }
    if (!text.empty() && text[0] != ',') return false;
  } else {
    const std::string_view plain = text.substr(0, text.find(','));
    field = plain;
    text.remove_prefix(plain.size());
  }
  more = !text.empty();
  if (more) text.remove_prefix(1);
  return true;
}

bool is_complete(const PostgresLog& log) { return !log[Column::kErrorSeverity].empty() && !log[Column::kLogTime].empty(); }

struct Zone {
  std::string_view name;
  int hours;
};
constexpr Zone kZones[] = {{"UTC", 0},  {"GMT", 0},  {"Z", 0},    {"WET", 0},  {"WEST", 1}, {"BST", 1},  {"CET", 1},
                           {"CEST", 2}, {"EET", 2},  {"EEST", 3}, {"MSK", 3},  {"JST", 9},  {"KST", 9},  {"EST", -5},
                           {"EDT", -4}, {"CST", -6}, {"CDT", -5}, {"MST", -7}, {"MDT", -6}, {"PST", -8}, {"PDT", -7}};

// RFC 3339's form of a zone: "Z", "+01:00". Empty when it is not known.
std::string offset_of(std::string_view zone) {
  const auto found = std::find_if(std::begin(kZones), std::end(kZones), [&](const Zone& one) { return one.name == zone; });
  if (found != std::end(kZones)) return (found->hours < 0 ? "-0" : "+0") + std::to_string(std::abs(found->hours)) + ":00";
  if (zone.size() < 3 || (zone[0] != '+' && zone[0] != '-')) return {};
  std::string out(zone);  // "+03", "+0530", "+05:30"
  if (out.size() == 3) out += ":00";
  if (out.size() == 5) out.insert(3, ":");
  return out;
}

}  // namespace

std::string_view postgres_column_name(PostgresColumn column) { return kNames[static_cast<std::size_t>(column)].csv; }

std::optional<PostgresLog> read_postgres_csv(std::string_view record) {
  constexpr std::size_t kColumnsMin = 23;
  PostgresLog log;
  std::string field;
  std::size_t count = 0;
  for (bool more = true; more; ++count) {
    if (!take_field(record, field, more)) return std::nullopt;
    if (count < kPostgresColumns) log.columns[count] = field;
  }
  if (count < kColumnsMin || !is_complete(log)) return std::nullopt;
  const std::string& from = log[Column::kConnectionFrom];
  if (from != "[local]") log.client = from.substr(0, from.rfind(':'));
  return log;
}

std::optional<PostgresLog> read_postgres_json(const event::JsonTape& tape) {
  if (tape.nodes().empty() || tape.nodes()[0].type != event::JsonType::kObject) return std::nullopt;
  PostgresLog log;
  std::string port;
  std::string scratch;
  std::string value;
  tape.for_each_child(0, [&](std::uint32_t child) {
    const event::JsonNode& node = tape.nodes()[child];
    const std::string name(tape.name(node, scratch));
    if (node.type == event::JsonType::kString)
      value = tape.string(node, scratch);
    else
      value = node.type == event::JsonType::kNumber ? std::string(tape.raw(node)) : "";
    if (name == "remote_host") log.client = value;
    if (name == "remote_port") port = value;
    for (std::size_t i = 0; i < kPostgresColumns; ++i) {
      if (!kNames[i].json.empty() && kNames[i].json == name) log.columns[i] = value;
    }
  });
  if (!is_complete(log)) return std::nullopt;
  log.columns[static_cast<std::size_t>(Column::kConnectionFrom)] = log.client + (port.empty() ? "" : ":" + port);
  if (log.client == "[local]") log.client.clear();
  return log;
}

std::optional<UnixNanos> read_postgres_time(std::string_view text) {
  const auto first = text.find(' ');
  const auto second = first == std::string_view::npos ? first : text.find(' ', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const std::string offset = offset_of(text.substr(second + 1));
  if (offset.empty()) return std::nullopt;
  return parse_time(std::string(text.substr(0, first)) + "T" + std::string(text.substr(first + 1, second - first - 1)) + offset);
}

}  // namespace stele::collect
