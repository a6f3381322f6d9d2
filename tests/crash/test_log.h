// A log for tests: what it is follows from a seed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "io/file.h"
#include "log/store.h"
#include "support/fixed.h"

namespace stele::testing {

// Creates a log in `dir`; what it is depends on `seed` alone.
Result<log::Identity> create_test_log(io::FileSystem& fs, const std::string& dir, std::uint64_t seed);

// Opens it as a server does. The clock must outlive the store.
Result<std::unique_ptr<log::Store>> open_test_log(io::FileSystem& fs, const std::string& dir, const log::StoreOptions& options,
                                                  const Clock& clock);

// Journal files of a few blocks and segments of a few bundles, so that everything that happens in a year happens at once.
log::StoreOptions small_options();

}  // namespace stele::testing
