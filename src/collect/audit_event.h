// One audit event: the lines of one node, time and serial, put together.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace stele::collect {

inline constexpr std::size_t kAuditLinesMax = 1'024;      // of an event; further ones are left in the original alone
inline constexpr std::size_t kAuditPathsMax = 64;         // that become targets
inline constexpr std::size_t kAuditEventFieldsMax = 256;  // under different names
inline constexpr std::size_t kAuditCommandMax = 16'384;   // bytes of a command line; what is longer ends in an ellipsis

// A file that the event is about. `kind` is the record's nametype: NORMAL, CREATE, DELETE, PARENT, UNKNOWN.
struct AuditPath {
  std::string name;  // with the working directory before it where it was relative to that
  std::string kind;
};

// What is absent is empty. Texts are of any bytes.
struct AuditEvent {
  std::string_view node;   // borrows from the record, as `stamp` does
  std::string_view stamp;  // "1732378800.123:812"
  UnixNanos time = 0;
  std::string type;     // the record that says what happened: EXECVE or AVC rather than SYSCALL beside it
  std::string types;    // all, in order: "SYSCALL,EXECVE,CWD,PATH,PROCTITLE"
  std::string command;  // of EXECVE's arguments, else of cmd, else the process' title
  std::string address;  // of SOCKADDR: "203.0.113.9:443", "[2001:db8::9]:443", a socket's path
  std::string syscall;  // by name where it is known, else by number
  std::vector<AuditPath> paths;
  // All fields under their own names, the first of each; those of PATH, EXECVE and enriched ones are not among them.
  std::vector<std::pair<std::string, std::string>> fields;
  // The enriched ones, by their names in capitals.
  std::vector<std::pair<std::string, std::string>> enriched;

  [[nodiscard]] std::string_view field(std::string_view name) const;
  // What a field of ids is called: the enriched name, else the number; empty when it is unset (-1).
  [[nodiscard]] std::string_view id_name(std::string_view field, std::string_view enriched_name) const;
};

// Nothing when a line is none of auditd's, or of another event than the first. Linear; no I/O.
std::optional<AuditEvent> read_audit_event(std::string_view record);

}  // namespace stele::collect
