#include "event/delivery_key.h"

#include <simdjson.h>

#include "event/entry.h"

namespace stele::event {

namespace ondemand = simdjson::ondemand;

struct DeliveryKeyReader::Parser {
  ondemand::parser parser;
  std::string padded;
};

namespace {

// Whether the member has this name, which needs no escapes but may have been written with some.
bool is_called(ondemand::field& member, std::string_view name) {
  const char* raw = member.key().raw();  // up to its closing quote
  for (const char c : name) {
    if (*raw == '\\') return member.unescaped_key().value() == name;
    if (*raw++ != c) return false;
  }
  return *raw == '"';
}

// The member "id" when it is a string, else "".
std::string read_id(ondemand::value value) {
  if (value.type() != ondemand::json_type::object) return {};
  for (ondemand::field member : value.get_object()) {
    if (!is_called(member, "id")) continue;
    if (member.value().type() != ondemand::json_type::string) return {};
    return std::string(member.value().get_string().value());
  }
  return {};
}

DeliveryKey read_key(ondemand::document& document) {
  DeliveryKey key;
  for (ondemand::field member : document.get_object()) {
    if (is_called(member, "source")) {
      key.source_id = read_id(member.value());
    } else if (is_called(member, "event")) {
      key.event_id = read_id(member.value());
      break;
    }
  }
  return key;
}

}  // namespace

DeliveryKeyReader::DeliveryKeyReader() : parser_(std::make_unique<Parser>()) {}
DeliveryKeyReader::~DeliveryKeyReader() = default;

Result<std::optional<DeliveryKey>> DeliveryKeyReader::read(std::string_view entry) {
  std::string& padded = parser_->padded;
  padded.reserve(kEntryBytesMax + simdjson::SIMDJSON_PADDING);
  padded = entry;
  padded.append(simdjson::SIMDJSON_PADDING, ' ');
  try {
    ondemand::document document = parser_->parser.iterate(padded.data(), entry.size(), padded.size());
    DeliveryKey key = read_key(document);
    if (key.event_id.empty()) return std::optional<DeliveryKey>();
    return std::optional(std::move(key));
  } catch (const simdjson::simdjson_error& error) {
    return corrupt(std::string("the entry is not JSON: ") + error.what());
  }
}

}  // namespace stele::event
