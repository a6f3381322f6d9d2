// Bytes of index files, written and read: little-endian integers, and varints (base 128, low group first).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace stele::index {

template <typename T>
void put(std::string& out, T value) {
  char bytes[sizeof(T)];
  store_le(bytes, value);
  out.append(bytes, sizeof bytes);
}

void put_varint(std::string& out, std::uint64_t value);

// Reads from the front. What is not there reads as 0 and makes it fail, which sticks.
class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : rest_(bytes) {}

  template <typename T>
  T get() {
    if (rest_.size() < sizeof(T)) return static_cast<T>(fail());
    const T value = load_le<T>(rest_.data());
    rest_.remove_prefix(sizeof(T));
    return value;
  }
  std::uint64_t varint();
  std::string_view bytes(std::uint64_t count);

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::uint64_t fail() {
    ok_ = false;
    rest_ = {};
    return 0;
  }
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace stele::index
