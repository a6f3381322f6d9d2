// The machine's source of unpredictable bytes.
#pragma once

#include "base/clock.h"

namespace stele::crypto {

// OpenSSL's generator (RAND_bytes, seeded by the operating system). Lives for ever; thread-safe.
// fill() aborts the process if the generator fails: no key, nonce or token may be made from less.
Random& system_random();

}  // namespace stele::crypto
