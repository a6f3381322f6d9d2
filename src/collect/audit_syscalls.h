// Names of system calls, for audit records that were not enriched.
#pragma once

#include <cstdint>
#include <string_view>

namespace stele::collect {

// The name of system call `number` under `arch`, an audit record's (c000003e: x86-64, c00000b7: aarch64); empty when it is
// none of those that audit rules are written for, or another architecture's. (Linux: asm/unistd_64.h, asm-generic/unistd.h.)
std::string_view syscall_name(std::string_view arch, std::uint64_t number);

}  // namespace stele::collect
