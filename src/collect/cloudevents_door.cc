#include "collect/cloudevents_door.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/json_text.h"
#include "collect/document.h"
#include "event/body.h"

namespace stele::collect {
namespace {

constexpr std::string_view kFormat = "cloudevents";
constexpr std::size_t kEventsMax = 50'000;  // of a batch

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

// A header's value: percent-encoded UTF-8 (section 3.1.3.2).
std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = text[i] == '%' ? hex_decode(lower(text.substr(i + 1, 2))) : std::nullopt;
    if (byte && byte->size() == 1) {
      out += *byte;
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

// An event in binary mode as the same event in structured mode: its attributes are headers, its data is the body.
std::string structured(const net::Request& request, std::string_view body) {
  std::string out = "{";
  const auto begin = [&](std::string_view name) {
    if (out.size() > 1) out.push_back(',');
    append_json_string(out, name);
    out.push_back(':');
  };
  std::vector<std::string> seen{"data", "data_base64", "datacontenttype"};
  for (const auto& [name, value] : request.headers) {
    const std::string attribute = lower(name);
    if (!attribute.starts_with("ce-")) continue;
    const std::string member = attribute.substr(3);
    if (std::find(seen.begin(), seen.end(), member) != seen.end() || !is_utf8(member)) continue;
    seen.push_back(member);
    begin(member);
    append_json_bytes(out, percent_decoded(value));
  }
  const std::string type = lower(request.header("content-type"));
  if (!type.empty()) {
    begin("datacontenttype");
    append_json_bytes(out, type);
  }
  if (body.empty()) return out + "}";
  event::JsonTape tape;
  event::JsonError error;
  const bool json = type.empty() || type.find("json") != std::string::npos;
  if (json && tape.parse(body, kDocumentLimits, error)) {
    begin("data");
    out += tape.text();
  } else if (is_utf8(body)) {
    begin("data");
    append_json_string(out, body);
  } else {
    begin("data_base64");
    out.push_back('"');
    base64_append(out, as_byte_span(body));
    out.push_back('"');
  }
  return out + "}";
}

class CloudeventsDoor final : public HttpDoor {
 public:
  [[nodiscard]] std::string_view kind() const override { return kFormat; }
  [[nodiscard]] std::vector<std::string> paths() const override { return {"/api/v1/cloudevents"}; }

  Status decode(const net::Request& request, std::string_view body, DoorBatch& batch) const override {
    event::JsonTape tape;
    const std::string type = lower(request.header("content-type"));
    if (type.starts_with("application/cloudevents-batch+json")) {
      STELE_ASSIGN(const auto events, event::split_events(body, false, kEventsMax));
      for (const std::string_view one : events) add_document(batch, kFormat, one, tape);
      return {};
    }
    std::string made;
    if (!type.starts_with("application/cloudevents")) {
      if (request.header("ce-specversion").empty())
        return invalid("this is no CloudEvent: no ce-specversion, and the Content-Type is not application/cloudevents+json");
      made = structured(request, body);
      body = made;
    }
    event::JsonError error;
    if (!tape.parse(body, kDocumentLimits, error)) return invalid("the event is not JSON: " + error.message);
    add_document(batch, kFormat, body, tape);
    return {};
  }
};

}  // namespace

std::unique_ptr<HttpDoor> make_cloudevents_door() { return std::make_unique<CloudeventsDoor>(); }

}  // namespace stele::collect
