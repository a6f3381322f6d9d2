// Notices as signed HTTP requests (docs/formats/notification.md).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "notify/destination.h"

namespace stele::notify {

// The body of the request.
std::string webhook_body(const Notice& notice);

// The value of Stele-Signature: "t=<seconds since 1970>,v1=<hex of HMAC-SHA-256(secret, t ‖ "." ‖ body)>".
std::string webhook_signature(std::string_view secret, std::int64_t seconds, std::string_view body);

// A URL as libcurl is to be asked for it.
struct WebhookUrl {
  std::string base;    // "https://hooks.example.com:8443", user and password included
  std::string target;  // "/services/T0/B0?x=y"
  std::string place;   // without user, password, path and query
  bool secure = false;
  bool loopback = false;
};

// kInvalid unless it is an http or https URL with a host.
Result<WebhookUrl> parse_webhook_url(std::string_view url);

struct WebhookOptions {
  std::string url;
  std::string secret;   // empty: requests are not signed
  std::string ca_file;  // PEM of the authorities to trust; empty: the system's
};

// `number` counts from 1. Answers with a status from 200 to 299 are success; redirections are not followed.
Result<std::unique_ptr<Destination>> make_webhook(const WebhookOptions& options, std::size_t number, const Clock& clock);

}  // namespace stele::notify
