// Every door that shares the port of HTTP.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collect/http_door.h"

namespace stele::collect {

// That of GitHub's webhooks only where there is a secret.
std::vector<std::unique_ptr<HttpDoor>> make_http_doors(const std::optional<std::string>& github_secret);

}  // namespace stele::collect
