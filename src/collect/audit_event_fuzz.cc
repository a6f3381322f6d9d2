// Any bytes as an audit event: nothing, or an event within its limits; and its fields alone.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "collect/audit_event.h"
#include "collect/audit_fields.h"

namespace {

namespace sc = stele::collect;

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<sc::AuditField> fields;
  for (const bool execve : {false, true}) {
    sc::read_audit_fields(text, execve, fields);
    require(fields.size() <= sc::kAuditFieldsMax);
    for (const sc::AuditField& field : fields) require(!field.name.empty() && field.name.size() <= size);
  }
  const auto event = sc::read_audit_event(text);
  if (!event) return 0;
  require(!event->type.empty() && event->time >= 0 && event->paths.size() <= sc::kAuditPathsMax);
  require(event->fields.size() <= sc::kAuditEventFieldsMax && event->command.size() <= sc::kAuditCommandMax + 3);
  (void)event->id_name("auid", "AUID");
  return 0;
}
