// One record of PostgreSQL's log, as csvlog or jsonlog writes it (documentation of 13 to 16, sections 20.8.4 and 20.8.5).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "event/json_tape.h"

namespace stele::collect {

// The columns of csvlog, in their order. 13 has all but the last two.
enum class PostgresColumn : std::uint8_t {
  kLogTime,
  kUserName,
  kDatabaseName,
  kProcessId,
  kConnectionFrom,
  kSessionId,
  kSessionLineNum,
  kCommandTag,
  kSessionStartTime,
  kVirtualTransactionId,
  kTransactionId,
  kErrorSeverity,
  kSqlStateCode,
  kMessage,
  kDetail,
  kHint,
  kInternalQuery,
  kInternalQueryPos,
  kContext,
  kQuery,
  kQueryPos,
  kLocation,
  kApplicationName,
  kBackendType,
  kLeaderPid,
  kQueryId,
};
inline constexpr std::size_t kPostgresColumns = 26;
std::string_view postgres_column_name(PostgresColumn column);

// An absent column is empty.
struct PostgresLog {
  std::array<std::string, kPostgresColumns> columns;
  std::string client;  // the host of connection_from, without its port; empty for "[local]"

  [[nodiscard]] const std::string& operator[](PostgresColumn column) const { return columns[static_cast<std::size_t>(column)]; }
};

// Nothing when it is no CSV with at least the columns of 12 (23), or has no severity or message column.
std::optional<PostgresLog> read_postgres_csv(std::string_view record);
// Nothing when it is no object with error_severity and timestamp. jsonlog's keys are kept under csvlog's names.
std::optional<PostgresLog> read_postgres_json(const event::JsonTape& tape);

// "2026-11-23 16:20:00.123 UTC": a time with the abbreviation or the offset of a zone. Abbreviations are those that PostgreSQL
// itself takes by default to have one meaning (appendix B.4); nothing for others.
std::optional<UnixNanos> read_postgres_time(std::string_view text);

}  // namespace stele::collect
