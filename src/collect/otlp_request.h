// An OTLP request for logs, taken apart. Of this room alone: the generated classes show.
#pragma once

#include <opentelemetry/proto/collector/logs/v1/logs_service.pb.h>

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace stele::collect {

namespace otlp = opentelemetry::proto;

// One log record, with what it was sent under. Borrows.
struct OtlpRecord {
  const otlp::resource::v1::Resource& resource;
  const otlp::common::v1::InstrumentationScope& scope;
  const otlp::logs::v1::LogRecord& record;
  std::string_view verbatim;  // its bytes on the wire, or its JSON text
};

using OtlpTake = std::function<void(const OtlpRecord&)>;
// A record that cannot be read, in a request that can.
using OtlpBroken = std::function<void(std::string_view verbatim)>;

// Calls `take` for each record of an ExportLogsServiceRequest, in order; `broken` for one that is no LogRecord. kInvalid when
// the request itself is none. `body` is of protobuf, or of JSON as OTLP maps it (hexadecimal trace and span ids, enumerations
// as numbers, 64-bit integers as numbers or strings, unknown members passed over).
Status for_each_otlp_record(std::string_view body, const OtlpTake& take, const OtlpBroken& broken);
Status for_each_otlp_json_record(std::string_view body, const OtlpTake& take, const OtlpBroken& broken);

// What is said of such a request.
Error malformed_otlp();

}  // namespace stele::collect
