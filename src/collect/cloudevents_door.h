// CloudEvents 1.0.2 over HTTP: structured, batched and binary mode (HTTP protocol binding, section 3).
#pragma once

#include <memory>

#include "collect/http_door.h"

namespace stele::collect {

// At /api/v1/cloudevents. The id of the event is its source and id together, which make it unique.
std::unique_ptr<HttpDoor> make_cloudevents_door();

}  // namespace stele::collect
