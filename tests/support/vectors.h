// The vectors of tests/interop, made by other implementations; its README.md describes them.
#pragma once

#include <gtest/gtest.h>
#include <simdjson.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace stele::testing {

// The whole file, parsed. `source_dir` is STELE_SOURCE_DIR.
class Vectors {
 public:
  explicit Vectors(const std::string& source_dir) {
    const auto error = parser_.load(source_dir + "/tests/interop/testdata/vectors.json").get(root_);
    if (error != simdjson::SUCCESS) ADD_FAILURE() << "vectors.json: " << simdjson::error_message(error);
  }

  // One list; the test fails when it is absent or empty.
  [[nodiscard]] simdjson::dom::array list(std::string_view name) const {
    simdjson::dom::array out;
    const auto error = root_[name].get(out);
    if (error != simdjson::SUCCESS || out.size() == 0) ADD_FAILURE() << "vectors.json has no " << name;
    return out;
  }

 private:
  simdjson::dom::parser parser_;
  simdjson::dom::element root_;
};

// Read once.
inline const Vectors& vectors(const std::string& source_dir) {
  static const Vectors kVectors(source_dir);
  return kVectors;
}

// Members of a vector; the test fails when one is absent or of another type.
template <typename T>
T member(simdjson::dom::element object, std::string_view name) {
  T out{};
  const auto error = object[name].get(out);
  EXPECT_EQ(error, simdjson::SUCCESS) << name;
  return out;
}
inline std::string text_of(simdjson::dom::element object, std::string_view name) {
  return std::string(member<std::string_view>(object, name));
}
inline std::uint64_t number_of(simdjson::dom::element object, std::string_view name) {
  return member<std::uint64_t>(object, name);
}
inline bool has(simdjson::dom::element object, std::string_view name) { return object[name].error() == simdjson::SUCCESS; }

inline Hash hash_from(std::string_view base64) {
  const auto hash = base64_decode_hash(base64);
  EXPECT_TRUE(hash.has_value()) << base64;
  return hash.value_or(Hash{});
}
inline Hash hash_of(simdjson::dom::element object, std::string_view name) { return hash_from(text_of(object, name)); }
inline std::vector<Hash> hashes_of(simdjson::dom::element object, std::string_view name) {
  std::vector<Hash> out;
  for (const simdjson::dom::element one : member<simdjson::dom::array>(object, name)) {
    out.push_back(hash_from(std::string_view(one)));
  }
  return out;
}

}  // namespace stele::testing
