// GitHub's webhooks (docs.github.com, "Validating webhook deliveries"): signed with a shared secret.
#pragma once

#include <memory>
#include <string>

#include "collect/http_door.h"

namespace stele::collect {

// At /api/v1/webhooks/github. A delivery whose X-Hub-Signature-256 is not that of its body under `secret` is answered 401. To
// rules it is a document with the fields github_event and github_delivery of its headers.
std::unique_ptr<HttpDoor> make_github_door(std::string secret);

}  // namespace stele::collect
