#include "confine/confine.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "base/os_error.h"
#include "confine/landlock.h"
#include "confine/syscalls.h"

namespace stele::confine {
namespace {

// linux/prctl.h of Linux 6.3.
constexpr int kSetMdwe = 65;                   // PR_SET_MDWE
constexpr unsigned long kRefuseExecGain = 1U;  // PR_MDWE_REFUSE_EXEC_GAIN

Result<bool> has_one_thread() {
  std::error_code error;
  std::filesystem::directory_iterator threads("/proc/self/task", error);
  if (error) return Error{Code::kIo, "cannot count the threads in /proc/self/task: " + error.message()};
  return std::distance(begin(threads), end(threads)) == 1;
}

// No core dump holds a key, and who has become the same user reads no memory.
Status hide_memory() {
  const rlimit none{};
  if (::setrlimit(RLIMIT_CORE, &none) != 0) return os_error("cannot do without core dumps");
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return os_error("cannot hide the memory of this process");
  return {};
}

}  // namespace

Result<Confined> confine(const Confinement& confinement) {
  STELE_ASSIGN(const bool alone, has_one_thread());
  if (!alone) return Error{Code::kInternal, "a process is confined before it starts threads"};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return os_error("cannot do without new privileges");
  STELE_TRY(hide_memory());
  (void)::prctl(kSetMdwe, kRefuseExecGain, 0, 0, 0);
  Confined confined;
  STELE_ASSIGN(confined.landlock_abi, restrict_files(confinement));
  STELE_ASSIGN(confined.syscalls, restrict_syscalls(!confinement.run.empty()));  // last: it takes the calls of the others away
  return confined;
}

}  // namespace stele::confine
