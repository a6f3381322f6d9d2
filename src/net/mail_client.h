// Mail that goes out over SMTP (RFC 5321), by libcurl. Blocking; for threads of their own.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace stele::net {

struct MailServer {
  // "smtp://mail.example.com:587": in plain text first, then TLS by STARTTLS (RFC 3207), which must be offered unless the server
  // is on this machine; "smtps://mail.example.com": TLS from the first byte (RFC 8314).
  std::string url;
  std::string user;  // empty: no AUTH (RFC 4954)
  std::string password;
  std::string ca_file;  // PEM of the authorities to trust; empty: the system's
  std::int64_t seconds_max = 60;
};

// Whether a URL is of one of the two forms above.
bool is_mail_server_url(std::string_view url);

// Sends `text`, an RFC 5322 message with CRLF line ends, from one mailbox to one. Success means that the server has taken it.
// kUnavailable, with what the server said, when it has not. Gives up, within a second, once `give_up` is true.
Status send_mail(const MailServer& server, const std::string& from, const std::string& to, std::string_view text,
                 const std::atomic<bool>& give_up);

}  // namespace stele::net
