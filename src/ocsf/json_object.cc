#include "ocsf/json_object.h"

#include "base/json_text.h"

namespace stele::ocsf {

void JsonObject::begin(std::string_view name) {
  if (!members_.empty()) members_ += ',';
  append_json_string(members_, name);
  members_ += ':';
}

JsonObject& JsonObject::text(std::string_view name, std::string_view value) {
  if (value.empty()) return *this;
  begin(name);
  append_json_string(members_, value);
  return *this;
}

JsonObject& JsonObject::number(std::string_view name, std::int64_t value) {
  begin(name);
  members_ += std::to_string(value);
  return *this;
}

JsonObject& JsonObject::number(std::string_view name, std::optional<std::int64_t> value) {
  return value ? number(name, *value) : *this;
}

JsonObject& JsonObject::raw(std::string_view name, std::string_view json) {
  if (json.empty()) return *this;
  begin(name);
  members_ += json;
  return *this;
}

void append_element(std::string& array, std::string_view json) {
  if (array.empty()) {
    array = "[]";
  } else {
    array.insert(array.size() - 1, ",");
  }
  array.insert(array.size() - 1, json);
}

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

}  // namespace stele::ocsf
