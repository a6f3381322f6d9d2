#include "collect/audit_syscalls.h"

namespace stele::collect {
namespace {

struct Syscall {
  std::string_view name;
  int x86_64;
  int aarch64;
};
constexpr Syscall kSyscalls[] = {
    {"open", 2, -1},
    {"openat", 257, 56},
    {"openat2", 437, 437},
    {"creat", 85, -1},
    {"open_by_handle_at", 304, 265},
    {"truncate", 76, 45},
    {"ftruncate", 77, 46},
    {"unlink", 87, -1},
    {"unlinkat", 263, 35},
    {"rename", 82, -1},
    {"renameat", 264, 38},
    {"renameat2", 316, 276},
    {"link", 86, -1},
    {"linkat", 265, 37},
    {"symlink", 88, -1},
    {"symlinkat", 266, 36},
    {"mkdir", 83, -1},
    {"mkdirat", 258, 34},
    {"rmdir", 84, -1},
    {"mknod", 133, -1},
    {"mknodat", 259, 33},
    {"chmod", 90, -1},
    {"fchmod", 91, 52},
    {"fchmodat", 268, 53},
    {"fchmodat2", 452, 452},
    {"chown", 92, -1},
    {"fchown", 93, 55},
    {"lchown", 94, -1},
    {"fchownat", 260, 54},
    {"setxattr", 188, 5},
    {"lsetxattr", 189, 6},
    {"fsetxattr", 190, 7},
    {"removexattr", 197, 14},
    {"lremovexattr", 198, 15},
    {"fremovexattr", 199, 16},
    {"execve", 59, 221},
    {"execveat", 322, 281},
    {"setuid", 105, 146},
    {"setgid", 106, 144},
    {"setreuid", 113, 145},
    {"setregid", 114, 143},
    {"setresuid", 117, 147},
    {"setresgid", 119, 149},
    {"setfsuid", 122, 151},
    {"setfsgid", 123, 152},
    {"capset", 126, 91},
    {"socket", 41, 198},
    {"connect", 42, 203},
    {"bind", 49, 200},
    {"listen", 50, 201},
    {"accept", 43, 202},
    {"accept4", 288, 242},
    {"sendto", 44, 206},
    {"sendmsg", 46, 211},
    {"kill", 62, 129},
    {"tkill", 200, 130},
    {"tgkill", 234, 131},
    {"ptrace", 101, 117},
    {"process_vm_readv", 310, 270},
    {"process_vm_writev", 311, 271},
    {"mount", 165, 40},
    {"umount2", 166, 39},
    {"pivot_root", 155, 41},
    {"chroot", 161, 51},
    {"unshare", 272, 97},
    {"setns", 308, 268},
    {"init_module", 175, 105},
    {"finit_module", 313, 273},
    {"delete_module", 176, 106},
    {"kexec_load", 246, 104},
    {"kexec_file_load", 320, 294},
    {"bpf", 321, 280},
    {"perf_event_open", 298, 241},
    {"adjtimex", 159, 171},
    {"settimeofday", 164, 170},
    {"clock_settime", 227, 112},
    {"clock_adjtime", 305, 266},
    {"sethostname", 170, 161},
    {"setdomainname", 171, 162},
    {"swapon", 167, 224},
    {"swapoff", 168, 225},
    {"reboot", 169, 142},
    {"acct", 163, 89},
    {"personality", 135, 92},
    {"memfd_create", 319, 279},
    {"io_uring_setup", 425, 425},
    {"io_uring_enter", 426, 426},
};

}  // namespace

std::string_view syscall_name(std::string_view arch, std::uint64_t number) {
  const bool x86_64 = arch == "c000003e";
  if (!x86_64 && arch != "c00000b7") return {};
  for (const Syscall& one : kSyscalls) {
    const int its = x86_64 ? one.x86_64 : one.aarch64;
    if (its >= 0 && static_cast<std::uint64_t>(its) == number) return one.name;
  }
  return {};
}

}  // namespace stele::collect
