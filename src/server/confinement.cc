#include "server/confinement.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>

#include "base/bytes.h"
#include "base/os_error.h"
#include "confine/confine.h"
#include "confine/privileges.h"
#include "io/file.h"
#include "server/data_dir.h"

namespace stele::server {
namespace {

std::vector<std::string> directories(const Config& config) {
  std::vector<std::string> out{config.data};
  if (!config.keys.empty()) out.push_back(config.keys);
  return out;
}

// Through a descriptor: whoever may write to the directory above cannot put a link there in between.
Status give(const std::string& directory, const confine::User& user) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  const bool given = fd >= 0 && ::fchown(fd, user.uid, user.gid) == 0;
  const int number = errno;
  if (fd >= 0) ::close(fd);
  if (given) return {};
  return os_error("cannot give " + directory + " to " + user.name, number);
}

// What was not there belongs to the user; what was is his, or he could not go on with it tomorrow.
Status make_for(const confine::User& user, const std::string& directory) {
  std::vector<std::string> made;
  for (std::string path = directory; !io::posix().exists(path); path = io::parent_of(path)) made.push_back(path);
  STELE_TRY(io::posix().make_dirs(directory));
  for (const std::string& path : made) STELE_TRY(give(path, user));
  struct stat st {};
  if (::stat(directory.c_str(), &st) != 0 || st.st_uid == user.uid) return {};
  return invalid(directory + " belongs to another user than " + user.name + ": chown -R " + user.name + " " + directory);
}

bool has_low_port(const Config& config) {
  constexpr std::uint64_t kFirstFree = 1024;
  for (const auto* list : {&config.listen, &config.listen_tls, &config.otlp_grpc, &config.otlp_grpc_tls, &config.syslog,
                           &config.syslog_tls, &config.relp, &config.relp_tls}) {
    for (const std::string& address : *list) {
      const auto port = parse_decimal(std::string_view(address).substr(address.rfind(':') + 1));
      if (port && *port > 0 && *port < kFirstFree) return true;
    }
  }
  return false;
}

Status limit_privileges(const Config& config) {
  std::optional<confine::User> user;
  if (!config.user.empty()) {
    STELE_ASSIGN(user, confine::find_user(config.user));
    if (confine::is_root()) {
      for (const std::string& directory : directories(config)) STELE_TRY(make_for(*user, directory));
    }
  }
  std::vector<int> kept;
  if (has_low_port(config)) kept.push_back(CAP_NET_BIND_SERVICE);
  // Root reads directories and keys that belong to others, as it did yesterday.
  if (!user && confine::is_root()) kept.push_back(CAP_DAC_OVERRIDE);
  return confine::limit_privileges(user, kept);
}

// A file that is read again when it is replaced, by a rename or by another end of a link.
void add_replaced(std::vector<std::string>& out, const std::string& file) {
  if (file.empty()) return;
  out.push_back(io::parent_of(file));
  std::error_code error;
  const auto real = std::filesystem::canonical(file, error);
  if (!error) out.push_back(real.parent_path());
}

confine::Confinement confinement(const Config& config) {
  confine::Confinement out;
  for (const std::string& path : {config.sources, config.people, config.rules, config.sentences, config.github_secret_file,
                                  config.notify_webhook_secret_file, config.notify_mail_credentials_file, config.oidc_roles,
                                  config.oidc_client_secret_file}) {
    if (!path.empty()) out.read.push_back(path);
  }
  for (const std::string& path : {config.tls_certificate, config.tls_key, config.tls_client_ca, config.notify_webhook_ca_file,
                                  config.notify_mail_ca_file, config.oidc_ca_file}) {
    add_replaced(out.read, path);
  }
  out.write = directories(config);
  for (const std::string& directory : out.write) out.list.push_back(io::parent_of(directory));  // it is synced, too
  if (config.verify_hours != 0) out.run.emplace_back("/proc/self/exe");
  out.connects = !config.notify_webhook.empty() || !config.notify_mail_to.empty() || !config.oidc_issuer.empty();
  return out;
}

}  // namespace

Status confine_process(const Config& config) {
  STELE_TRY(check_config(config));
  if (config.user.empty() && confine::is_root()) spdlog::warn("the server runs as root; --user NAME gives that up");
  if (!config.confine && config.user.empty()) return {};
  constexpr mode_t kForOthers = 077;
  ::umask(kForOthers);
  STELE_TRY(limit_privileges(config));
  if (!config.confine) return {};
  // A directory must be there to be allowed.
  for (const std::string& directory : directories(config)) STELE_TRY(io::posix().make_dirs(directory));
  auto confined = confine::confine(confinement(config));
  if (!confined) return confined.error().in("confine (--confine false does without)");
  if (confined->landlock_abi == 0) spdlog::warn("not confined to its files: this kernel has no Landlock");
  if (!confined->syscalls) spdlog::warn("not confined to its system calls: this kernel has no seccomp filters");
  if (confined->landlock_abi == 0 && !confined->syscalls) return {};
  const std::string landlock = confined->landlock_abi == 0 ? "" : "Landlock ABI " + std::to_string(confined->landlock_abi);
  const bool both = confined->landlock_abi != 0 && confined->syscalls;
  spdlog::info("confined: {}{}{}", landlock, both ? ", " : "", confined->syscalls ? "seccomp" : "");
  return {};
}

}  // namespace stele::server
