// The start of an auditd line: which event it belongs to (audit.log(5), the record format of linux-audit).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace stele::records {

struct AuditLine {
  std::string_view node;    // empty when the line names none
  std::string_view type;    // "SYSCALL", "UNKNOWN[1334]"
  std::string_view stamp;   // "1732378800.123:812", which together with the node is the event
  std::string_view time;    // "1732378800.123": seconds since 1970
  std::string_view serial;  // "812"
  std::int64_t millis = 0;  // the time
  std::string_view fields;  // what follows "audit(…):", without spaces in front
};

// "[node=N ]type=T msg=audit(S.MMM:SERIAL): …". Nothing for another line. Views into `line`.
std::optional<AuditLine> read_audit_line(std::string_view line);

// Whether a record of this type is an event of its own: message types from user space and of the daemon, and the kernel's own
// status. (audit-documentation, specs/messages: ranges 1100–1299 and from 2000 on; LOGIN, 1006, may have a SYSCALL beside it.)
bool stands_alone(std::string_view type);

}  // namespace stele::records
