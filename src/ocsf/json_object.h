// A JSON object that is written member by member; what is absent is left out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stele::ocsf {

class JsonObject {
 public:
  // Nothing where `value` is empty. UTF-8.
  JsonObject& text(std::string_view name, std::string_view value);
  JsonObject& number(std::string_view name, std::int64_t value);
  JsonObject& number(std::string_view name, std::optional<std::int64_t> value);
  // `json` is a value's text; nothing where it is empty.
  JsonObject& raw(std::string_view name, std::string_view json);

  [[nodiscard]] bool empty() const { return members_.empty(); }
  // The object's text; empty where it has no members, so that raw() leaves it out.
  [[nodiscard]] std::string json() const { return members_.empty() ? std::string() : "{" + members_ + "}"; }

 private:
  void begin(std::string_view name);

  std::string members_;
};

// Appends to an array that is written as JSON; `array` is empty or one that this wrote.
void append_element(std::string& array, std::string_view json);

// As a JSON string.
std::string quoted(std::string_view text);

}  // namespace stele::ocsf
