// Lines and records of files, hosts and programs (docs/formats/records.md).
#pragma once

#include <memory>

#include "collect/http_door.h"

namespace stele::collect {

// At /api/v1/collect/records: NDJSON, one record with its format a line.
std::unique_ptr<HttpDoor> make_records_door();

}  // namespace stele::collect
