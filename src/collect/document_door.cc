#include "collect/document_door.h"

#include <optional>

#include "collect/document.h"
#include "event/body.h"

namespace stele::collect {
namespace {

struct Format {
  std::string_view name;
  std::string_view list;  // the member of an object that has the documents, where they are shipped so
};
constexpr Format kFormats[] = {{"cloudtrail", "Records"}, {"k8s-audit", "items"}, {"ocsf", ""}, {"github", ""}, {"json", ""}};
constexpr std::size_t kDocumentsMax = 50'000;  // in one request

using Documents = std::vector<std::string_view>;

// The documents in the list of that name; nothing when the body is no object with one. kTooLarge when it has too many values
// to be looked through.
Result<std::optional<Documents>> listed(std::string_view body, std::string_view list, event::JsonTape& tape) {
  std::optional<Documents> out;
  if (list.empty()) return out;
  event::JsonError error;
  if (!tape.parse(body, kWholeBodyLimits, error)) {
    if (error.code == "too_large") return Error{Code::kTooLarge, error.message + "; send the list in parts"};
    return out;
  }
  if (tape.nodes()[0].type != event::JsonType::kObject) return out;
  tape.for_each_child(0, [&](std::uint32_t child) {
    if (tape.key(tape.nodes()[child]) != list || tape.nodes()[child].type != event::JsonType::kArray) return;
    out.emplace();
    tape.for_each_child(child, [&](std::uint32_t document) { out->push_back(tape.raw(tape.nodes()[document])); });
  });
  return out;
}

class DocumentDoor final : public HttpDoor {
 public:
  explicit DocumentDoor(const Format& format) : format_(format) {}

  [[nodiscard]] std::string_view kind() const override { return format_.name; }
  [[nodiscard]] std::vector<std::string> paths() const override { return {"/api/v1/collect/" + std::string(format_.name)}; }

  Status decode(const net::Request& request, std::string_view body, DoorBatch& batch) const override {
    event::JsonTape whole;
    STELE_ASSIGN(std::optional<Documents> documents, listed(body, format_.list, whole));
    if (!documents) {
      const bool lines = request.header("content-type").find("ndjson") != std::string_view::npos;
      auto split = event::split_events(body, lines, kDocumentsMax);
      if (!split) return split.error();
      documents = std::move(*split);
    }
    if (documents->size() > kDocumentsMax)
      return Error{Code::kTooLarge, "more than " + std::to_string(kDocumentsMax) + " documents in one request"};
    event::JsonTape tape;
    for (const std::string_view document : *documents) add_document(batch, format_.name, document, tape);
    return {};
  }

  [[nodiscard]] net::Response stored(const net::Request&, const Stored& stored) const override {
    net::Response out;
    out.headers.emplace_back("Content-Type", "application/json");
    out.body = "{\"stored\":" + std::to_string(stored.count) + ",\"quarantined\":" + std::to_string(stored.quarantined) + "}\n";
    return out;
  }

 private:
  const Format& format_;
};

}  // namespace

std::vector<std::unique_ptr<HttpDoor>> make_document_doors() {
  std::vector<std::unique_ptr<HttpDoor>> out;
  for (const Format& format : kFormats) out.push_back(std::make_unique<DocumentDoor>(format));
  return out;
}

std::vector<std::string_view> document_formats() {
  std::vector<std::string_view> out;
  for (const Format& format : kFormats) out.push_back(format.name);
  return out;
}

}  // namespace stele::collect
