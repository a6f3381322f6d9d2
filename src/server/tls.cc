#include "server/tls.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

#include "crypto/certificate.h"

namespace stele::server {
namespace {

bool has_tls_door(const Config& config) {
  return !config.listen_tls.empty() || !config.syslog_tls.empty() || !config.relp_tls.empty() || !config.otlp_grpc_tls.empty();
}

// The addresses of this machine that others may call it by; not those of one link alone.
std::vector<std::string> own_addresses() {
  std::vector<std::string> out;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return out;
  for (const ifaddrs* one = list; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || (one->ifa_flags & IFF_UP) == 0) continue;
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (one->ifa_addr->sa_family == AF_INET) {
      const auto* address = reinterpret_cast<const sockaddr_in*>(one->ifa_addr);
      ::inet_ntop(AF_INET, &address->sin_addr, text.data(), text.size());
    } else if (one->ifa_addr->sa_family == AF_INET6) {
      const auto* address = reinterpret_cast<const sockaddr_in6*>(one->ifa_addr);
      if (IN6_IS_ADDR_LINKLOCAL(&address->sin6_addr)) continue;
      ::inet_ntop(AF_INET6, &address->sin6_addr, text.data(), text.size());
    }
    if (text.front() != '\0') out.emplace_back(text.data());
  }
  ::freeifaddrs(list);
  return out;
}

// What the certificate is for: the names that the operator gives, and those that the machine has.
std::vector<std::string> names(const Config& config) {
  std::vector<std::string> out = config.tls_names;
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) == 0 && host.front() != '\0') out.emplace_back(host.data());
  for (const char* name : {"localhost", "127.0.0.1", "::1"}) out.emplace_back(name);
  for (std::string& address : own_addresses()) out.push_back(std::move(address));
  std::vector<std::string> once;
  for (std::string& name : out) {
    if (std::ranges::find(once, name) == once.end()) once.push_back(std::move(name));
  }
  return once;
}

Status make_certificate(io::FileSystem& fs, const Config& config, const DataLayout& layout, const Clock& clock) {
  if (fs.exists(layout.tls_certificate())) return {};
  STELE_ASSIGN(const crypto::SelfSigned made, crypto::make_self_signed(names(config), clock.now()));
  STELE_TRY(fs.make_dirs(layout.tls_dir()));
  STELE_TRY(io::write_file(fs, layout.tls_key(), made.key, 0600));
  return io::write_file(fs, layout.tls_certificate(), made.certificate, 0644);
}

}  // namespace

Result<std::shared_ptr<net::TlsIdentity>> open_tls(io::FileSystem& fs, const Config& config, const DataLayout& layout,
                                                   const Clock& clock) {
  if (!has_tls_door(config)) return std::shared_ptr<net::TlsIdentity>();
  net::TlsFiles files{config.tls_certificate, config.tls_key, config.tls_client_ca};
  if (files.certificate.empty()) {
    STELE_TRY(make_certificate(fs, config, layout, clock));
    files.certificate = layout.tls_certificate();
    files.key = layout.tls_key();
  }
  STELE_ASSIGN(auto identity, net::TlsIdentity::read(files));
  spdlog::info("TLS with {}: fingerprint {}, pin {}", files.certificate, identity->fingerprint(), identity->pin());
  return identity;
}

Shown shown_by(const net::TlsIdentity& identity) { return {identity.fingerprint(), identity.authority()}; }

event::InternalEvent certificate_changed(const Shown& before, const Shown& after, UnixNanos now) {
  const bool is_other = before.fingerprint != after.fingerprint;
  event::InternalEvent event;
  event.time = now;
  event.action = "stele.certificate.changed";
  event.category = "configuration_change";
  event.severity = "notice";
  event.message = is_other ? "The server shows another certificate." : "The authority of clients' certificates is another.";
  event.targets = {{"certificate", after.fingerprint}};
  event.attributes = {{"from", before.fingerprint}, {"to", after.fingerprint}};
  if (before.authority != after.authority) {
    event.attributes.emplace_back("authority_from", before.authority);
    event.attributes.emplace_back("authority_to", after.authority);
  }
  return event;
}

}  // namespace stele::server
