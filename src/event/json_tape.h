// A strict reader of I-JSON (RFC 7493) that keeps every lexeme: it strips white space, checks the whole grammar, and
// notes where each value stands. simdjson minifies and checks UTF-8; the grammar, duplicate keys, surrogates and
// limits are checked here, since no library keeps number and string lexemes while refusing duplicate keys.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stele::event {

enum class JsonType : std::uint8_t { kObject, kArray, kString, kNumber, kTrue, kFalse, kNull };

// One value. Offsets count from the start of the minified text; a key's span is without its quotes, as escaped there.
struct JsonNode {
  JsonType type = JsonType::kNull;
  bool escaped = false;  // a string with backslashes in it
  bool key_escaped = false;
  std::uint32_t key_at = 0;
  std::uint32_t key_size = 0;
  std::uint32_t at = 0;  // first byte of the value, a string's quote included
  std::uint32_t size = 0;
  std::uint32_t end = 0;  // index of the node after this value and all within it
};

struct JsonLimits {
  std::size_t bytes_max = 1U << 20;
  std::uint32_t depth_max = 32;
  std::uint32_t nodes_max = 20'000;
};

// What is wrong and where (an RFC 6901 pointer to the value that was being read).
struct JsonError {
  std::string code;  // "invalid_json", "duplicate_key", "too_deep", "too_large"
  std::string path;
  std::string message;
};

// The parsed text. Reused between events to keep its buffers. Not thread-safe.
class JsonTape {
 public:
  // Reads one value, nothing after it but white space. False with `error` filled; the tape is then empty.
  [[nodiscard]] bool parse(std::string_view json, const JsonLimits& limits, JsonError& error);

  // The minified text.
  [[nodiscard]] std::string_view text() const { return {text_.data(), size_}; }
  [[nodiscard]] const std::vector<JsonNode>& nodes() const { return nodes_; }

  // Views into text(), valid until the next parse.
  [[nodiscard]] std::string_view key(const JsonNode& node) const { return text().substr(node.key_at, node.key_size); }
  // A member's name; unescapes the key into `scratch` when it must.
  [[nodiscard]] std::string_view name(const JsonNode& node, std::string& scratch) const;
  [[nodiscard]] std::string_view raw(const JsonNode& node) const { return text().substr(node.at, node.size); }
  // A string's value; unescapes into `scratch` when it must.
  [[nodiscard]] std::string_view string(const JsonNode& node, std::string& scratch) const;

  // Calls f(index of child) for each member or element of node `index`.
  template <typename F>
  void for_each_child(std::uint32_t index, F&& f) const {
    for (std::uint32_t child = index + 1; child < nodes_[index].end; child = nodes_[child].end) f(child);
  }

  // RFC 6901 pointer of a node.
  [[nodiscard]] std::string path(std::uint32_t index) const;

 private:
  friend class JsonScan;
  [[nodiscard]] const JsonNode* broken_word(std::string_view json) const;

  std::string text_;  // minified, with padding behind it
  std::size_t size_ = 0;
  std::vector<JsonNode> nodes_;
};

// The text of a JSON string's inside, unescaped. Of what has not passed JsonTape::parse: half a pair is U+FFFD, and a backslash
// before what cannot follow one goes.
std::string json_unescape(std::string_view escaped);

}  // namespace stele::event
