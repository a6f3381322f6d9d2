#include "records/cutter.h"

namespace stele::records {

std::unique_ptr<RecordCutter> make_cutter(std::string_view format, Position from) {
  if (format == "line" || format == "access-log" || format == "journal") return make_line_cutter(from);
  if (format == "postgres-csv") return make_csv_cutter(from);
  if (format == "auditd") return make_audit_cutter(from);
  if (format == "cloudtrail") return make_document_cutter("Records", from);
  if (format == "k8s-audit") return make_document_cutter("items", from);
  if (format == "postgres-json" || format == "ocsf" || format == "github" || format == "json" || format == "event")
    return make_document_cutter("", from);
  return nullptr;
}

}  // namespace stele::records
