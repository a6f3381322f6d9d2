#include "confine/landlock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

#include "base/os_error.h"
#include "confine/needs.h"

namespace stele::confine {
namespace {

using Rights = std::uint64_t;

// Debian 12 has the header of Linux 6.1; what came later is named here as in include/uapi/linux/landlock.h of Linux 6.15.
constexpr Rights kTruncate = 1U << 14;            // LANDLOCK_ACCESS_FS_TRUNCATE, ABI 3
constexpr Rights kIoctlDevice = 1U << 15;         // LANDLOCK_ACCESS_FS_IOCTL_DEV, ABI 5
constexpr Rights kConnect = 1U << 1;              // LANDLOCK_ACCESS_NET_CONNECT_TCP, ABI 4
constexpr Rights kScopeAbstractSocket = 1U << 0;  // LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET, ABI 6
constexpr Rights kScopeSignal = 1U << 1;          // LANDLOCK_SCOPE_SIGNAL, ABI 6

// struct landlock_ruleset_attr. An older kernel takes the longer one when what it does not know is 0.
struct RulesetAttributes {
  Rights files = 0;
  Rights network = 0;
  Rights scoped = 0;
};
static_assert(sizeof(RulesetAttributes) == 24);

constexpr Rights kReadFile = LANDLOCK_ACCESS_FS_READ_FILE;
constexpr Rights kList = LANDLOCK_ACCESS_FS_READ_DIR;
constexpr Rights kRead = kReadFile | kList;
constexpr Rights kRun = LANDLOCK_ACCESS_FS_EXECUTE | kReadFile;
constexpr Rights kWrite = kRead | LANDLOCK_ACCESS_FS_WRITE_FILE | kTruncate | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                          LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                          LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REFER;
constexpr Rights kOfFiles = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | kReadFile | kTruncate | kIoctlDevice;

// All that version `abi` knows, so that all is refused that no rule allows.
Rights known_rights(int abi) {
  constexpr Rights kFirst = LANDLOCK_ACCESS_FS_REFER - 1;  // each bit below is of ABI 1
  Rights rights = kFirst;
  if (abi >= 2) rights |= LANDLOCK_ACCESS_FS_REFER;
  if (abi >= 3) rights |= kTruncate;
  if (abi >= 5) rights |= kIoctlDevice;
  return rights;
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

// What there is not, and what this user may not even find, gives no right.
Status allow(const Descriptor& ruleset, const std::string& path, Rights rights) {
  const Descriptor place(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (place.get() < 0) return {};
  struct stat st {};
  if (::fstat(place.get(), &st) != 0) return os_error("cannot look at " + path);
  landlock_path_beneath_attr rule{};
  rule.allowed_access = S_ISDIR(st.st_mode) ? rights : rights & kOfFiles;
  rule.parent_fd = place.get();
  if (rule.allowed_access == 0) return {};
  if (::syscall(SYS_landlock_add_rule, ruleset.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0) return {};
  return os_error("Landlock takes no rule for " + path);
}

Status allow_all(const Descriptor& ruleset, const std::vector<std::string>& paths, Rights rights) {
  for (const std::string& path : paths) STELE_TRY(allow(ruleset, path, rights));
  return {};
}

}  // namespace

Result<int> restrict_files(const Confinement& confinement) {
  const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  constexpr std::array kHasNone{ENOSYS, EOPNOTSUPP, EPERM};  // not built in, not turned on, kept from us by a container
  if (version < 0 && std::ranges::find(kHasNone, errno) != kHasNone.end()) return 0;
  if (version < 0) return os_error("Landlock does not tell its version");
  const int abi = static_cast<int>(version);

  RulesetAttributes attributes;
  attributes.files = known_rights(abi);
  if (abi >= 4 && !confinement.connects) attributes.network = kConnect;
  if (abi >= 6) attributes.scoped = kScopeAbstractSocket | kScopeSignal;
  const Descriptor ruleset(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0)));
  if (ruleset.get() < 0) return os_error("Landlock makes no set of rules");
  const Rights known = attributes.files;
  STELE_TRY(allow_all(ruleset, confinement.read, kRead & known));
  STELE_TRY(allow_all(ruleset, confinement.list, kList & known));
  STELE_TRY(allow_all(ruleset, confinement.write, kWrite & known));
  STELE_TRY(allow_all(ruleset, confinement.run, kRun & known));
  STELE_TRY(allow_all(ruleset, needed_by_libraries(confinement.connects), kRead & known));
  if (!confinement.run.empty()) STELE_TRY(allow(ruleset, program_loader(), kRun & known));
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) return os_error("Landlock does not confine this process");
  return abi;
}

}  // namespace stele::confine
