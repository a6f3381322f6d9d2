// System calls, by a seccomp filter (seccomp(2), libseccomp).
#pragma once

#include "base/result.h"

namespace stele::confine {

// Leaves all threads of the process, and what it runs, with the system calls that a server of ours makes; `starts_programs`
// leaves it those that start, wait for and end others. Others fail: EPERM, or ENOSYS where they are newer than the list. False
// when the kernel has no filters, or a container keeps them from us. The process has no_new_privs.
Result<bool> restrict_syscalls(bool starts_programs);

}  // namespace stele::confine
