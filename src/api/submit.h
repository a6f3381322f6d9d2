// Taking events in.
#pragma once

#include "api/service.h"

namespace stele::api {

// POST /api/v1/events?log=&source=&results=full|range|entries&proof=range|none.
void submit_events(Service& service, const net::Request& request, const Call& call, const net::Reply& reply);

}  // namespace stele::api
