// The process gives up for good what it has no use for: files, programs, system calls, and any way to more.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace stele::confine {

// What a process still needs. Libraries' own needs (needs.h) are seen to.
struct Confinement {
  std::vector<std::string> read;   // files, and directories with all that is below them, now or later
  std::vector<std::string> list;   // directories whose names may be read, and those of directories below, but no file
  std::vector<std::string> write;  // directories below which files may be made, changed, renamed and removed
  std::vector<std::string> run;    // programs, as this one linked; none: not even a fork is possible
  bool connects = false;           // whether it opens TCP connections to others (from Landlock ABI 4 on; before, it always may)
};

// What holds from now on.
struct Confined {
  int landlock_abi = 0;   // 0: this kernel has no Landlock, and files, programs and connections are not confined
  bool syscalls = false;  // false: this kernel has no seccomp filters
};

// Confines the calling process, and what it will run, for as long as they live. Called while it has one thread, as later threads
// inherit it and present ones would not: kInternal otherwise. What is open stays open. A path that there is not gives nothing,
// also not to a file that comes there later; a file that is replaced needs its directory.
//
// Besides, where the kernel can: no privileges by set-user-id programs, no core dumps, no process of the same user may look into
// this one, no memory that was written becomes code (Linux 6.3), no signals to processes outside (Landlock ABI 6). A system call
// that is not wanted fails with EPERM; one that is newer than Linux 5.17 with ENOSYS, as before it was there.
//
// What the kernel lacks is in the answer. kIo when it has it and it fails: then the process is confined in part.
Result<Confined> confine(const Confinement& confinement);

}  // namespace stele::confine
