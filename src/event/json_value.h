// Looking into a parsed JSON text without saying each time what is not there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "event/json_tape.h"

namespace stele::event {

// A value in a tape, or nothing. Valid as long as the tape is unchanged. Asking the wrong type, or nothing, gives nothing.
class JsonValue {
 public:
  JsonValue() = default;
  explicit JsonValue(const JsonTape& tape, std::uint32_t at = 0) : tape_(&tape), at_(at) {}

  explicit operator bool() const { return tape_ != nullptr; }
  [[nodiscard]] bool is(JsonType type) const { return tape_ != nullptr && node().type == type; }

  // A member of an object.
  [[nodiscard]] JsonValue operator[](std::string_view key) const;
  // A string's value, unescaped; empty for anything else.
  [[nodiscard]] std::string text() const;
  // Its bytes, without white space outside strings.
  [[nodiscard]] std::string_view raw() const { return tape_ == nullptr ? std::string_view() : tape_->raw(node()); }
  // A number from 0 to 2^64-1.
  [[nodiscard]] std::optional<std::uint64_t> number() const;

  // The first element of an array.
  [[nodiscard]] JsonValue first() const {
    JsonValue out;
    for_each([&](JsonValue one) {
      if (!out) out = one;
    });
    return out;
  }

  // Calls f(JsonValue) for each element of an array.
  template <typename F>
  void for_each(F&& f) const {
    if (!is(JsonType::kArray)) return;
    tape_->for_each_child(at_, [&](std::uint32_t child) { f(JsonValue(*tape_, child)); });
  }

  // Calls f(name, unescaped; JsonValue) for each member of an object.
  template <typename F>
  void for_each_member(F&& f) const {
    if (!is(JsonType::kObject)) return;
    std::string scratch;
    tape_->for_each_child(at_,
                          [&](std::uint32_t child) { f(tape_->name(tape_->nodes()[child], scratch), JsonValue(*tape_, child)); });
  }

 private:
  [[nodiscard]] const JsonNode& node() const { return tape_->nodes()[at_]; }

  const JsonTape* tape_ = nullptr;
  std::uint32_t at_ = 0;
};

}  // namespace stele::event
