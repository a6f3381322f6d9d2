#include "confine/privileges.h"

#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

#include "base/os_error.h"

namespace stele::confine {
namespace {

std::uint64_t bits(const std::vector<int>& capabilities) {
  std::uint64_t set = 0;
  for (const int one : capabilities) set |= std::uint64_t{1} << static_cast<unsigned>(one);
  return set;
}

// The three sets of a thread, 64 bits each, in the two halves that capset(2) takes.
class Capabilities {
 public:
  [[nodiscard]] bool read() { return ::syscall(SYS_capget, &header_, halves_.data()) == 0; }
  [[nodiscard]] bool write() { return ::syscall(SYS_capset, &header_, halves_.data()) == 0; }
  [[nodiscard]] bool can(int capability) const {
    const auto number = static_cast<unsigned>(capability);
    return (halves_[number / 32].effective >> (number % 32) & 1U) != 0;
  }
  [[nodiscard]] bool has_other_than(std::uint64_t set) const {
    const auto parts = split(set);
    for (std::size_t half = 0; half < parts.size(); ++half) {
      const auto& [effective, permitted, inheritable] = halves_[half];
      if ((permitted & ~parts[half]) != 0 || inheritable != 0 || effective != permitted) return true;
    }
    return false;
  }
  void keep(std::uint64_t set) {
    const auto parts = split(set);
    for (std::size_t half = 0; half < parts.size(); ++half) {
      halves_[half].permitted &= parts[half];
      halves_[half].effective = halves_[half].permitted;
      halves_[half].inheritable = 0;
    }
  }

 private:
  static constexpr std::size_t kHalves = 2;
  static_assert(kHalves == _LINUX_CAPABILITY_U32S_3);
  static std::array<std::uint32_t, kHalves> split(std::uint64_t set) {
    return {static_cast<std::uint32_t>(set), static_cast<std::uint32_t>(set >> 32U)};
  }

  __user_cap_header_struct header_{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, kHalves> halves_{};
};

// What no program that is run can have again.
Status bound(std::uint64_t kept) {
  for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability) {
    if ((kept >> static_cast<unsigned>(capability) & 1U) != 0) continue;
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) return os_error("cannot give capabilities up");
  }
  return {};
}

Status become(const User& user) {
  if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return os_error("cannot keep a capability");
  if (::initgroups(user.name.c_str(), user.gid) != 0) return os_error("cannot take the groups of " + user.name);
  if (::setresgid(user.gid, user.gid, user.gid) != 0) return os_error("cannot take the group of " + user.name);
  if (::setresuid(user.uid, user.uid, user.uid) != 0) return os_error("cannot become " + user.name);
  return {};
}

// Believed only when it was tried.
Status check_no_way_back(const User& user) {
  const bool is_he = ::getuid() == user.uid && ::geteuid() == user.uid && ::getgid() == user.gid && ::getegid() == user.gid;
  if (is_he && ::setresuid(0, 0, 0) != 0 && ::setresgid(0, 0, 0) != 0) return {};
  return Error{Code::kIo, "this process could become root again"};
}

}  // namespace

Result<User> find_user(const std::string& name) {
  constexpr std::size_t kBytesMax = 1U << 16;
  std::vector<char> text(kBytesMax);
  passwd entry{};
  passwd* found = nullptr;
  errno = ::getpwnam_r(name.c_str(), &entry, text.data(), text.size(), &found);
  if (found != nullptr) return User{name, found->pw_uid, found->pw_gid};
  if (errno == 0) return Error{Code::kNotFound, "this machine has no user " + name};
  return os_error("cannot look for the user " + name);
}

bool is_root() { return ::geteuid() == 0; }

Status limit_privileges(const std::optional<User>& user, const std::vector<int>& kept) {
  const bool changes = user && (::getuid() != user->uid || ::geteuid() != user->uid || ::getgid() != user->gid);
  if (changes && !is_root()) return Error{Code::kDenied, "only root can become " + user->name};
  Capabilities capabilities;
  if (!capabilities.read()) return os_error("cannot read the capabilities of this process");
  const std::uint64_t set = bits(kept);
  if (capabilities.can(CAP_SETPCAP)) STELE_TRY(bound(set));
  if (changes) STELE_TRY(become(*user));
  (void)::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  if (!capabilities.read()) return os_error("cannot read the capabilities of this process");
  // Under a service manager that left none, its filter may not even allow the call.
  const bool has_others = capabilities.has_other_than(set);
  capabilities.keep(set);
  if (has_others && !capabilities.write()) return os_error("cannot give capabilities up");
  return changes && user->uid != 0 ? check_no_way_back(*user) : Status();
}

}  // namespace stele::confine
