#include "confine/syscalls.h"

#include <linux/sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/os_error.h"
#include "confine/sanitized.h"

namespace stele::confine {
namespace {

// What is not here is refused: what is new in a kernel is closed until somebody needs it. Left out are all that change the
// machine or other processes, new privileges, namespaces, tracing, keys of the kernel, its own programs (bpf, io_uring); what
// Landlock does not look at by a file's path (chmod, utime, on old kernels truncate); and programs in memory (memfd_create,
// execveat), which it lets run.
constexpr std::string_view kFiles =
    "access close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fadvise64 fallocate fchmod fcntl "
    "fdatasync "
    "fgetxattr flock fstat fstatfs fsync ftruncate getcwd getdents getdents64 inotify_add_watch inotify_init inotify_init1 "
    "inotify_rm_watch lseek lstat mkdir mkdirat newfstatat open openat openat2 pipe pipe2 pread64 preadv preadv2 pwrite64 "
    "pwritev "
    "pwritev2 read readahead readlink readlinkat readv rename renameat renameat2 rmdir sendfile stat statfs statx "
    "sync_file_range "
    "syncfs umask unlink unlinkat write writev";
constexpr std::string_view kMemory =
    "brk get_mempolicy madvise membarrier mincore mlock mlock2 mmap mprotect mremap msync munlock munmap";
constexpr std::string_view kItself =
    "arch_prctl capget exit exit_group futex futex_waitv get_robust_list getcpu getegid geteuid getgid getgroups getpgid getpgrp "
    "getpid getppid getpriority getrandom getresgid getresuid getrlimit getrusage getsid gettid getuid ioprio_get ioprio_set "
    "prctl "
    "prlimit64 restart_syscall rseq sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam "
    "sched_getscheduler sched_setaffinity sched_setattr sched_yield set_robust_list set_tid_address setpriority setrlimit "
    "sysinfo "
    "times uname";
constexpr std::string_view kSignals =
    "kill pause rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait "
    "rt_tgsigqueueinfo sigaltstack signalfd signalfd4 tgkill tkill";
// adjtimex and clock_adjtime tell whether the clock is synchronised; to set it takes a capability.
constexpr std::string_view kTime =
    "adjtimex alarm clock_adjtime clock_getres clock_gettime clock_nanosleep getitimer gettimeofday nanosleep setitimer time "
    "timer_create timer_delete timer_getoverrun timer_gettime timer_settime timerfd_create timerfd_gettime timerfd_settime";
constexpr std::string_view kEvents =
    "epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2 poll ppoll pselect6 select";
constexpr std::string_view kNetwork =
    "accept accept4 bind connect getpeername getsockname getsockopt listen recvfrom recvmmsg recvmsg sendmmsg sendmsg sendto "
    "setsockopt shutdown socketpair";
constexpr std::string_view kPrograms = "execve pidfd_open pidfd_send_signal vfork wait4 waitid";
// LeakSanitizer stops the threads at the end and looks through them.
constexpr std::string_view kSanitizers = "personality process_vm_readv ptrace";

constexpr int kFamilies[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};  // netlink tells which addresses the machine has
// Not TIOCSTI, which types into the terminal that the server was started from.
constexpr unsigned long kControls[] = {FIONBIO, FIONREAD, FIOASYNC, FIOCLEX, FIONCLEX, TCGETS, TIOCGWINSZ};
constexpr scmp_datum_t kNamespaces =
    CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

// Linux 5.17: the last one that glibc 2.36 knows. What is newer, libraries try and do without on ENOSYS, not on EPERM. From 424
// on numbers are the same on all architectures.
constexpr int kNewestKnown = 450;  // set_mempolicy_home_node
constexpr int kNumbersEnd = 600;   // some decades of new ones

class Filter {
 public:
  Filter() : context_(::seccomp_init(SCMP_ACT_ERRNO(EPERM))) {}

  // What the libraries and this processor have no number for cannot be called either.
  void allow(std::string_view names) {
    while (!names.empty()) {
      const std::string name(names.substr(0, names.find(' ')));
      add(SCMP_ACT_ALLOW, ::seccomp_syscall_resolve_name(name.c_str()), {});
      names.remove_prefix(std::min(names.size(), name.size() + 1));
    }
  }
  void allow(int number, scmp_arg_cmp argument) { add(SCMP_ACT_ALLOW, number, std::span(&argument, 1)); }
  void deny_as_unknown(int number) { add(SCMP_ACT_ERRNO(ENOSYS), number, {}); }
  // For all threads. False where the kernel has no filters, or a container keeps them from us.
  Result<bool> load() {
    note(::seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_TSYNC, 1));
    note(::seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2));  // a tree: a few comparisons a call
    note(::seccomp_attr_set(context_.get(), SCMP_FLTATR_API_SYSRAWRC, 1));  // what the kernel says
    if (failed_ != 0) return os_error("cannot make a filter of system calls", failed_);
    const int failed = -::seccomp_load(context_.get());
    if (failed == EPERM || failed == ENOSYS) return false;
    if (failed != 0) return os_error("cannot filter system calls", failed);
    return true;
  }

 private:
  struct Release {
    void operator()(void* context) const { ::seccomp_release(context); }
  };
  static_assert(std::is_same_v<scmp_filter_ctx, void*>);

  void add(std::uint32_t action, int number, std::span<const scmp_arg_cmp> arguments) {
    if (number < 0) return;
    note(::seccomp_rule_add_array(context_.get(), action, number, static_cast<unsigned>(arguments.size()), arguments.data()));
  }
  void note(int answer) {
    if (answer < 0 && failed_ == 0) failed_ = -answer;
  }

  std::unique_ptr<void, Release> context_;
  int failed_ = 0;
};

}  // namespace

Result<bool> restrict_syscalls(bool starts_programs) {
  if (::prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0) return false;
  Filter filter;
  for (const std::string_view names : {kFiles, kMemory, kItself, kSignals, kTime, kEvents, kNetwork}) filter.allow(names);
  for (const int family : kFamilies) filter.allow(SCMP_SYS(socket), {0, SCMP_CMP_EQ, static_cast<scmp_datum_t>(family), 0});
  for (const unsigned long control : kControls) filter.allow(SCMP_SYS(ioctl), {1, SCMP_CMP_EQ, control, 0});
  // Threads, or processes too. What clone3 asks for lies in memory, where no filter looks: libraries take clone instead.
  const bool forks = starts_programs || kSanitized;
  const scmp_datum_t looked_at = forks ? kNamespaces : kNamespaces | CLONE_THREAD;
  filter.allow(SCMP_SYS(clone), {0, SCMP_CMP_MASKED_EQ, looked_at, looked_at & CLONE_THREAD});
  filter.deny_as_unknown(SCMP_SYS(clone3));
  if (forks) filter.allow(kPrograms);
  if (kSanitized) filter.allow(kSanitizers);
  for (int number = kNewestKnown + 1; number < kNumbersEnd; ++number) filter.deny_as_unknown(number);
  return filter.load();
}

}  // namespace stele::confine
