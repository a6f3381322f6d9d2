#include "notify/mail.h"

#include <utility>

#include "crypto/sha256.h"
#include "notify/mail_text.h"

namespace stele::notify {
namespace {

class Mail final : public Destination {
 public:
  Mail(net::MailServer server, std::string from, std::string to, std::size_t number)
      : server_(std::move(server)), from_(std::move(from)), to_(std::move(to)), name_("mail-" + std::to_string(number)) {}

  [[nodiscard]] std::string name() const override { return name_; }
  [[nodiscard]] std::string place() const override { return to_; }
  [[nodiscard]] std::string key() const override { return "mail:" + hex_encode(as_byte_span(crypto::sha256(as_byte_span(to_)))); }

  Status send(const Notice& notice, const std::atomic<bool>& stop) override {
    return net::send_mail(server_, from_, to_, mail_text(notice, from_, to_), stop);
  }

 private:
  net::MailServer server_;
  std::string from_;
  std::string to_;
  std::string name_;
};

}  // namespace

std::unique_ptr<Destination> make_mail(net::MailServer server, std::string from, std::string to, std::size_t number) {
  return std::make_unique<Mail>(std::move(server), std::move(from), std::move(to), number);
}

}  // namespace stele::notify
