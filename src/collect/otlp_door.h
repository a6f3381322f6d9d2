// OpenTelemetry logs over HTTP (OTLP 1.9, OTLP/HTTP): protobuf and JSON.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "collect/http_door.h"

namespace stele::collect {

// At /v1/logs. Repeats of a request are recognised by what its records say, as otlp_event() has it. A record that cannot be read
// is quarantined: a client drops what a partial success names. Errors are a google.rpc.Status in the request's encoding.
std::unique_ptr<HttpDoor> make_otlp_door(const Hash& id_secret);

}  // namespace stele::collect
