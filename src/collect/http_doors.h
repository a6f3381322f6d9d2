// Every door that shares the port of HTTP.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "collect/http_door.h"

namespace stele::collect {

struct DoorSecrets {
  std::optional<std::string> github;  // of its webhooks; their door is there only with one
  Hash ids{};                         // under which ids are made of what came
};
std::vector<std::unique_ptr<HttpDoor>> make_http_doors(const DoorSecrets& secrets);

}  // namespace stele::collect
