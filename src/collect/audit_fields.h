// The fields of one auditd line (audit-documentation, specs/fields; libaudit's encoding of values).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace stele::collect {

inline constexpr std::size_t kAuditFieldsMax = 2'048;  // of one line; further ones are left in the original alone

// A field with its value decoded; what stands for no value ("?", "(null)", "(none)") is not among them.
struct AuditField {
  std::string_view name;  // borrows from the line
  std::string value;      // any bytes
  bool enriched = false;  // auditd's own interpretation (log_format = ENRICHED), from behind 0x1d; its name is in capitals
};

// Reads what follows "msg=audit(…): ". Linear. Values in double quotes are taken as they stand; those of fields that the
// dictionary calls encoded, and that are capital hexadecimal digits, are decoded. Inside a record of user space, msg='…', the
// fields are looked for too. What an SELinux record says in words, "avc:  denied  { read } for", becomes the dictionary's
// seresult and seperms; the interpreted socket address in braces becomes its members. Other words without '=' belong to an `op`
// before them, or to nothing. `is_execve`: a0, a1, … are arguments, and encoded.
void read_audit_fields(std::string_view text, bool is_execve, std::vector<AuditField>& out);

}  // namespace stele::collect
