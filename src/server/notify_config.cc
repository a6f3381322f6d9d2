#include "server/notify_config.h"

#include <algorithm>

#include "net/mail_client.h"
#include "notify/mail.h"
#include "notify/mail_text.h"
#include "notify/webhook.h"
#include "server/secret_file.h"

namespace stele::server {
namespace {

constexpr std::size_t kDestinationsMax = 32;  // each has a thread

bool has_twice(std::vector<std::string> list) {
  std::ranges::sort(list);
  return std::ranges::adjacent_find(list) != list.end();
}

// "user:password"; the password may have colons.
Status read_credentials(const std::string& path, net::MailServer& server) {
  STELE_ASSIGN(const std::string text, read_secret("notify_mail_credentials_file", path));
  const auto colon = text.find(':');
  if (colon == std::string::npos || colon == 0 || text.find_first_of("\r\n") != std::string::npos)
    return invalid("notify_mail_credentials_file: " + path + " has one line, user:password");
  server.user = text.substr(0, colon);
  server.password = text.substr(colon + 1);
  return {};
}

}  // namespace

Status check_notify_config(const Config& config) {
  if (config.notify_webhook.size() + config.notify_mail_to.size() > kDestinationsMax)
    return invalid("notify_webhook and notify_mail_to have at most 32 destinations together");
  if (has_twice(config.notify_webhook) || has_twice(config.notify_mail_to))
    return invalid("notify_webhook or notify_mail_to names a destination twice");
  for (const std::string& url : config.notify_webhook) {
    const auto parsed = notify::parse_webhook_url(url);
    if (!parsed) return invalid("notify_webhook " + parsed.error().message);
    if (!parsed->secure && !parsed->loopback)
      return invalid("notify_webhook leaves this machine over https only: " + parsed->place);
  }
  if (config.notify_mail_to.empty()) return {};
  if (!net::is_mail_server_url(config.notify_mail_server))
    return invalid("notify_mail_to needs notify_mail_server, such as smtp://mail.example.com:587 or smtps://mail.example.com");
  if (!notify::is_mailbox(config.notify_mail_from))
    return invalid("notify_mail_to needs notify_mail_from, an address such as stele@example.com");
  for (const std::string& to : config.notify_mail_to) {
    if (!notify::is_mailbox(to)) return invalid("notify_mail_to has addresses such as ada@example.com, not \"" + to + "\"");
  }
  return {};
}

Result<std::vector<std::unique_ptr<notify::Destination>>> make_destinations(const Config& config, const Clock& clock) {
  STELE_TRY(check_notify_config(config));
  std::vector<std::unique_ptr<notify::Destination>> out;
  notify::WebhookOptions webhook;
  if (!config.notify_webhook.empty() && !config.notify_webhook_secret_file.empty()) {
    STELE_ASSIGN(webhook.secret, read_secret("notify_webhook_secret_file", config.notify_webhook_secret_file));
  }
  webhook.ca_file = config.notify_webhook_ca_file;
  std::size_t number = 0;
  for (const std::string& url : config.notify_webhook) {
    webhook.url = url;
    STELE_ASSIGN(auto made, notify::make_webhook(webhook, ++number, clock));
    out.push_back(std::move(made));
  }
  if (config.notify_mail_to.empty()) return out;
  net::MailServer server;
  server.url = config.notify_mail_server;
  server.ca_file = config.notify_mail_ca_file;
  if (!config.notify_mail_credentials_file.empty()) STELE_TRY(read_credentials(config.notify_mail_credentials_file, server));
  number = 0;
  for (const std::string& to : config.notify_mail_to)
    out.push_back(notify::make_mail(server, config.notify_mail_from, to, ++number));
  return out;
}

}  // namespace stele::server
