#include "notify/webhook.h"

#include <algorithm>

#include "base/bytes.h"
#include "crypto/hmac.h"
#include "crypto/sha256.h"
#include "net/http_client.h"

namespace stele::notify {
namespace {

constexpr std::int64_t kSecondsMax = 15;
constexpr std::size_t kAnswerBytesMax = 64U << 10;

class Webhook final : public Destination {
 public:
  Webhook(WebhookUrl url, const WebhookOptions& options, std::size_t number, const Clock& clock)
      : url_(std::move(url)),
        secret_(options.secret),
        name_("webhook-" + std::to_string(number)),
        key_("webhook:" + hex_encode(as_byte_span(crypto::sha256(as_byte_span(options.url))))),
        clock_(clock),
        client_(url_.base) {
    request_.content_type = "application/json";
    request_.seconds_max = kSecondsMax;
    request_.answer_bytes_max = kAnswerBytesMax;
    client_.set_trust({options.ca_file, ""});
  }

  [[nodiscard]] std::string name() const override { return name_; }
  [[nodiscard]] std::string place() const override { return url_.place; }
  [[nodiscard]] std::string key() const override { return key_; }

  Status send(const Notice& notice, const std::atomic<bool>& stop) override {
    const std::string body = webhook_body(notice);
    net::PostRequest request = request_;
    request.body = body;
    request.give_up = &stop;
    request.headers = {"User-Agent: stele/" STELE_VERSION, "Stele-Notice: " + notice.id};
    if (!secret_.empty())
      request.headers.push_back("Stele-Signature: " + webhook_signature(secret_, clock_.now() / kSecond, body));
    STELE_ASSIGN(const net::ClientAnswer answer, client_.post(url_.target, request));
    if (answer.status >= 200 && answer.status <= 299) return {};
    return unavailable("it answered with status " + std::to_string(answer.status));
  }

 private:
  WebhookUrl url_;
  std::string secret_;
  std::string name_;
  std::string key_;
  const Clock& clock_;
  net::HttpClient client_;
  net::PostRequest request_;
};

}  // namespace

std::string webhook_body(const Notice& notice) { return "{\"stele_notification\":1," + notice_json(notice).substr(1) + "\n"; }

std::string webhook_signature(std::string_view secret, std::int64_t seconds, std::string_view body) {
  std::string signed_text = std::to_string(seconds) + ".";
  signed_text += body;
  const Hash mac = crypto::hmac_sha256(as_byte_span(secret), as_byte_span(signed_text));
  return "t=" + std::to_string(seconds) + ",v1=" + hex_encode(as_byte_span(mac));
}

Result<WebhookUrl> parse_webhook_url(std::string_view url) {
  const Error wrong = invalid("is a URL such as https://hooks.example.com/stele, not what stands there");
  if (std::ranges::any_of(url, [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; })) return wrong;
  WebhookUrl out;
  out.secure = url.starts_with("https://");
  if (!out.secure && !url.starts_with("http://")) return wrong;
  const std::size_t host_at = url.find("://") + 3;
  const std::size_t end = std::min(url.find_first_of("/?#", host_at), url.size());
  std::string_view authority = url.substr(host_at, end - host_at);
  out.base = url.substr(0, end);
  out.target = url.substr(end, url.find('#', end) - end);
  if (!out.target.starts_with('/')) out.target.insert(0, "/");
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) authority.remove_prefix(at + 1);
  out.place = std::string(url.substr(0, host_at)) + std::string(authority);
  const std::size_t port_at = authority.starts_with('[') ? authority.find(']') + 1 : authority.rfind(':');
  const std::string_view host = authority.substr(0, port_at);
  if (host.empty()) return wrong;
  out.loopback = host == "localhost" || host == "[::1]" ||
                 (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos);
  return out;
}

Result<std::unique_ptr<Destination>> make_webhook(const WebhookOptions& options, std::size_t number, const Clock& clock) {
  STELE_ASSIGN(WebhookUrl url, parse_webhook_url(options.url));
  return std::unique_ptr<Destination>(new Webhook(std::move(url), options, number, clock));
}

}  // namespace stele::notify
