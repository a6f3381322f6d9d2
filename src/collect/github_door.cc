#include "collect/github_door.h"

#include "base/bytes.h"
#include "collect/document.h"
#include "crypto/hmac.h"

namespace stele::collect {
namespace {

class GithubDoor final : public HttpDoor {
 public:
  explicit GithubDoor(std::string secret) : secret_(std::move(secret)) {}

  [[nodiscard]] std::string_view kind() const override { return "github"; }
  [[nodiscard]] std::vector<std::string> paths() const override { return {"/api/v1/webhooks/github"}; }
  [[nodiscard]] bool proves_itself() const override { return true; }

  Status decode(const net::Request& request, std::string_view body, DoorBatch& batch) const override {
    const std::string wanted =
        "sha256=" + hex_encode(as_byte_span(crypto::hmac_sha256(as_byte_span(secret_), as_byte_span(body))));
    if (!crypto::equal_in_constant_time(as_byte_span(wanted), as_byte_span(request.header("x-hub-signature-256"))))
      return unauthenticated("X-Hub-Signature-256 is not the body's under this server's secret");
    event::JsonTape tape;
    event::JsonError error;
    if (!tape.parse(body, kDocumentLimits, error) || tape.nodes()[0].type != event::JsonType::kObject) {
      batch.quarantine(error.code.empty() ? "no object; the webhook's content type is application/json" : error.code, body);
      return {};
    }
    begin_document(batch, "github", tape);
    batch.also("github_event", request.header("x-github-event"));
    batch.also("github_delivery", request.header("x-github-delivery"));
    batch.add(body, true);
    return {};
  }

 private:
  std::string secret_;
};

}  // namespace

std::unique_ptr<HttpDoor> make_github_door(std::string secret) { return std::make_unique<GithubDoor>(std::move(secret)); }

}  // namespace stele::collect
