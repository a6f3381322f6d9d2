// Any body to every door: it is refused, or all that comes of it are entries, each with an event by the schema.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "collect/http_doors.h"
#include "crypto/hmac.h"
#include "event/intake.h"
#include "support/understanding.h"

namespace {

namespace sc = stele::collect;
namespace se = stele::event;

void require(bool holds) {
  if (!holds) std::abort();
}

const std::vector<std::unique_ptr<sc::HttpDoor>>& doors() {
  static const auto all = sc::make_http_doors({"secret", {}});
  return all;
}

void check_entries(const se::EntryBatch& batch) {
  static se::Intake intake({1U << 22, 160, 1U << 20});
  for (std::size_t i = 0; i < batch.count(); ++i) {
    const auto view = se::read_entry(batch.entry(i));
    require(view.ok());
    se::Accepted accepted;
    se::Finding error;
    require(intake.read(view->event, accepted, error));
    require(accepted.id == batch.event_id(i));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto signature = stele::crypto::hmac_sha256(stele::as_byte_span("secret"), stele::as_byte_span(body));
  for (const char* type : {"application/json", "application/x-protobuf", "application/x-ndjson", "application/cloudevents+json",
                           "application/cloudevents-batch+json", "text/plain"}) {
    stele::net::Request request;
    request.headers = {{"Content-Type", type},
                       {"ce-specversion", "1.0"},
                       {"ce-id", std::string(body.substr(0, 40))},
                       {"ce-source", "/%7e%zz"},
                       {"ce-type", "t"},
                       {"X-GitHub-Event", "push"},
                       {"X-GitHub-Delivery", std::string(body.substr(0, 20))},
                       {"X-Hub-Signature-256", "sha256=" + stele::hex_encode(stele::as_byte_span(signature))}};
    for (const auto& door : doors()) {
      sc::DoorBatch batch({"s", std::string(door->kind()), "192.0.2.1:1", ""}, stele::testing::shipped_understanding(),
                          1'795'450'805'000'000'000);
      const stele::Status read = door->decode(request, body, batch);
      if (!read.ok()) {
        require(!read.error().message.empty() && door->refused(request, read.error()).status >= 400);
        continue;
      }
      require(batch.take_sent().size() == batch.count());
      check_entries(std::move(batch).take());
    }
  }
  return 0;
}
