// SHA-256 of many messages at a time, with the best of what the processor has. Most callers want crypto/sha256.h, which
// ends here; this header is for tests and benchmarks that must name an implementation.
//
// Source: FIPS 180-4, RFC 6962 section 2.1. No function here keeps state: all are thread-safe. Stack: under 32 KiB.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"

namespace stele::crypto {

enum class Sha256Kernel {
  kPortable,  // OpenSSL, one message after the other
  kShaNi,     // x86 SHA extensions, four messages interleaved
  kAvx512,    // AVX-512 F and BW, two sets of sixteen messages interleaved
};

std::string_view kernel_name(Sha256Kernel kernel);

// What this processor and operating system can run, kPortable first. Found out once; lives for ever.
std::span<const Sha256Kernel> available_kernels();

// out[i] = SHA-256(prefix ‖ bodies[i]) for all bodies, in no particular order. Reads no byte outside a body. `out` holds
// bodies.size() hashes and overlaps no body.
// The first form chooses by the size of the batch, and may use several kernels for it. The second uses `kernel`, which
// must be available, for all.
void hash_prefixed(std::uint8_t prefix, std::span<const ByteSpan> bodies, Hash* out);
void hash_prefixed(Sha256Kernel kernel, std::uint8_t prefix, std::span<const ByteSpan> bodies, Hash* out);

// As hash_nodes of crypto/sha256.h, with `kernel`, which must be available.
void hash_nodes(Sha256Kernel kernel, const Hash* children, std::size_t pairs, Hash* out);

}  // namespace stele::crypto
