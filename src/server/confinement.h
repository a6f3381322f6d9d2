// What the server's process keeps of its rights: what its configuration needs.
#pragma once

#include "base/result.h"
#include "server/config.h"

namespace stele::server {

// Makes the data directory, becomes `user`, gives privileges up, and confines the process (design 0020). Says in the server's log
// what holds, and what this kernel cannot hold. Called before any thread is started; after an error the process ends.
Status confine_process(const Config& config);

}  // namespace stele::server
