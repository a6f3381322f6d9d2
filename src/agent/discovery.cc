#include "agent/discovery.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "agent/file_names.h"
#include "agent/followed_file.h"
#include "agent/journal_library.h"

namespace stele::agent {
namespace {

struct Known {
  const char* pattern;
  const char* remedy;  // with %u for the user
};

constexpr const char* kJoinAdm = "usermod -aG adm %u";
// Where systems without a journal keep the same.
constexpr Known kInsteadOfJournal[] = {
    {"/var/log/syslog", kJoinAdm},
    {"/var/log/messages", "setfacl -m u:%u:r /var/log/messages"},
    {"/var/log/auth.log", kJoinAdm},
    {"/var/log/secure", "setfacl -m u:%u:r /var/log/secure"},
};
constexpr Known kAlways[] = {
    {"/var/log/audit/audit.log", "setfacl -m u:%u:x /var/log/audit, and log_group in /etc/audit/auditd.conf"},
    {"/var/log/nginx/access.log", kJoinAdm},
    {"/var/log/nginx/error.log", kJoinAdm},
    {"/var/log/apache2/access.log", kJoinAdm},
    {"/var/log/apache2/other_vhosts_access.log", kJoinAdm},
    {"/var/log/apache2/error.log", kJoinAdm},
    {"/var/log/httpd/access_log", "setfacl -m u:%u:rx /var/log/httpd"},
    {"/var/log/httpd/error_log", "setfacl -m u:%u:rx /var/log/httpd"},
    {"/var/log/postgresql/*.log", kJoinAdm},
    {"/var/log/postgresql/*.csv", kJoinAdm},
    {"/var/log/postgresql/*.json", kJoinAdm},
};

std::string for_user(std::string text, const std::string& user) {
  for (auto at = text.find("%u"); at != std::string::npos; at = text.find("%u", at + user.size())) text.replace(at, 2, user);
  return text;
}

// 0, or why it cannot be read.
int try_to_read(const std::string& path) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (fd.get() < 0) return errno;
  struct stat st {};
  return ::fstat(fd.get(), &st) == 0 && S_ISREG(st.st_mode) ? 0 : ENOENT;
}

void look_for(const Known& known, const std::string& root, const std::string& user, Discovery& out) {
  const std::string pattern = root + known.pattern;
  bool there = false;
  for (const std::string& path : expand_pattern(pattern)) {
    const int error = try_to_read(path);
    if (error == ENOENT || error == ENOTDIR) continue;
    there = true;
    if (error != 0) out.unreadable.push_back({path, std::generic_category().message(error), for_user(known.remedy, user)});
  }
  if (there) out.files.push_back({pattern, format_of_path(pattern), false, true});
}

// A journal with files of its own that this process may read.
bool look_for_journal(const std::string& root, const std::string& user, Discovery& out) {
  bool readable = false;
  for (const char* place : {"/var/log/journal", "/run/log/journal"}) {
    for (const std::string& path : expand_pattern(root + place + "/*/*.journal")) {
      const int error = try_to_read(path);
      readable = readable || error == 0;
      if (error == EACCES && out.unreadable.empty())
        out.unreadable.push_back(
            {path, std::generic_category().message(error), for_user("usermod -aG systemd-journal %u", user)});
    }
  }
  return readable;
}

}  // namespace

Discovery discover(const std::string& root, const std::string& user) {
  Discovery out;
  out.journal = look_for_journal(root, user, out);
  if (const auto library = journal_library(); out.journal && !library) {
    out.unreadable.push_back({"the journal", library.error().message, ""});
    out.journal = false;
  }
  if (!out.journal) {
    for (const Known& known : kInsteadOfJournal) look_for(known, root, user, out);
  }
  for (const Known& known : kAlways) look_for(known, root, user, out);
  return out;
}

}  // namespace stele::agent
