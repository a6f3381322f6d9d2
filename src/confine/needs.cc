#include "confine/needs.h"

#include <link.h>
#include <unistd.h>

#include "confine/sanitized.h"

namespace stele::confine {
namespace {

// Where the objects lie that this program has loaded, wherever that is; others are loaded from there later.
int add_directory(dl_phdr_info* object, std::size_t /*size*/, void* to) {
  const std::string path = object->dlpi_name;
  if (const auto slash = path.rfind('/'); slash != std::string::npos && slash > 0)
    static_cast<std::vector<std::string>*>(to)->push_back(path.substr(0, slash));
  return 0;
}

// The first object is the program itself.
int find_loader(dl_phdr_info* program, std::size_t /*size*/, void* to) {
  for (ElfW(Half) i = 0; i < program->dlpi_phnum; ++i) {
    const auto& header = program->dlpi_phdr[i];
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the ELF headers give addresses as numbers.
    if (header.p_type == PT_INTERP)
      *static_cast<std::string*>(to) = reinterpret_cast<const char*>(program->dlpi_addr + header.p_vaddr);
  }
  return 1;
}

}  // namespace

std::vector<std::string> needed_by_libraries(bool connects) {
  std::vector<std::string> paths{
      // Shared objects: of a program that is run, and those that libraries load when first used (NSS, OpenSSL, gconv).
      "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache", "/etc/ld.so.preload",
      // Time, locale, processors; gRPC reads how many connections may wait (net.core.somaxconn).
      "/etc/localtime", "/usr/share/zoneinfo", "/usr/share/locale", "/sys/devices/system/cpu", "/proc/sys/net/core",
      "/proc/sys/vm/overcommit_memory", "/proc/self", "/dev/null", "/dev/urandom", "/dev/random",
      // Certificates of authorities and settings of the TLS libraries.
      "/etc/ssl", "/etc/pki", "/etc/ca-certificates", "/usr/share/ca-certificates", "/usr/local/share/ca-certificates",
      "/etc/crypto-policies", "/usr/share/crypto-policies", "/etc/gnutls",
      // Names of hosts and services.
      "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf", "/etc/services", "/etc/protocols"};
  ::dl_iterate_phdr(add_directory, &paths);
  if (connects) {
    paths.insert(paths.end(), {"/etc/resolv.conf", "/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager"});
    // A rule holds on to the file that is there, and resolv.conf is replaced with each network. Who is not root finds in /etc
    // what all may read; root would find the hashes of passwords.
    if (::geteuid() != 0) paths.emplace_back("/etc");
  }
  if (kSanitized) paths.emplace_back("/proc");  // a sanitizer reads what is mapped, in a program that is run too
  return paths;
}

std::string program_loader() {
  std::string loader;
  ::dl_iterate_phdr(find_loader, &loader);
  return loader;
}

}  // namespace stele::confine
