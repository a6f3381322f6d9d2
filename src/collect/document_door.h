// JSON documents that rules understand: CloudTrail, Kubernetes audit, OCSF, and whatever else is JSON.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "collect/http_door.h"

namespace stele::collect {

// At /api/v1/collect/<format>, for each format of the table in document_door.cc: one document, an array, lines of NDJSON, or
// the list in which that format ships them. What no rule understands is kept all the same, as the action "<format>.event".
std::vector<std::unique_ptr<HttpDoor>> make_document_doors();

// The names of these formats.
std::vector<std::string_view> document_formats();

}  // namespace stele::collect
