// Files, programs and connections, by Landlock (Documentation/userspace-api/landlock.rst of Linux).
#pragma once

#include "base/result.h"
#include "confine/confine.h"

namespace stele::confine {

// Confines the calling thread, and those it starts, to what `confinement` and the libraries need. The version of Landlock's
// interface that holds; 0 when the kernel has none, or does not let this process use it. The process has no_new_privs.
Result<int> restrict_files(const Confinement& confinement);

}  // namespace stele::confine
