// The server's certificate: from the operator's files, or made here.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "event/internal_event.h"
#include "io/file.h"
#include "net/tls_identity.h"
#include "server/config.h"
#include "server/data_dir.h"

namespace stele::server {

// Null when no door is over TLS. Without tls_certificate one is made in the data directory, once. kInvalid: a file cannot be
// used.
Result<std::shared_ptr<net::TlsIdentity>> open_tls(io::FileSystem& fs, const Config& config, const DataLayout& layout,
                                                   const Clock& clock);

// What of the server's certificate can change: its fingerprint, and that of the authority of clients.
struct Shown {
  std::string fingerprint;
  std::string authority;
};
Shown shown_by(const net::TlsIdentity& identity);

// That what was shown was replaced, as an entry of the log "audit".
event::InternalEvent certificate_changed(const Shown& before, const Shown& after, UnixNanos now);

}  // namespace stele::server
