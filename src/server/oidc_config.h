// The company's provider that a configuration names.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "oidc/login.h"
#include "server/config.h"

namespace stele::server {

// What can be said about the keys without reading a file; kInvalid names the key.
Status check_oidc_config(const Config& config);

// Reads the files that the configuration names; null where it names no provider. kInvalid too where a role is for a log that is
// not among `logs`. The clock and the source of randomness outlive it.
Result<std::unique_ptr<oidc::Login>> make_oidc_login(const Config& config, const std::vector<std::string>& logs,
                                                     const access::Grants& grants, const Clock& clock, Random& random);

}  // namespace stele::server
