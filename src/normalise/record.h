// What a door decoded, as rules see it: fields by name, a text, perhaps a document. Borrows all of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "event/json_tape.h"

namespace stele::normalise {

// What a name stands for.
struct Value {
  std::string_view bytes;  // of any kind; of a node, its JSON text
  std::uint32_t node = 0;  // of the document, if it is a number, a boolean, an array or an object
};

class Record {
 public:
  void clear();

  // A field; bytes of any kind. An empty one is as none.
  void set(std::string_view name, std::string_view bytes) {
    if (!bytes.empty()) fields_.emplace_back(name, bytes);
  }
  void set_text(std::string_view text) { text_ = text; }
  void set_document(const event::JsonTape* document) { document_ = document; }

  // What expressions are matched against.
  [[nodiscard]] std::string_view text() const { return text_; }
  [[nodiscard]] const event::JsonTape* document() const { return document_; }

  // The field of that name; else the document's member at that path (docs/formats/normaliser.md), looked for from node
  // `from`. Nothing when there is none, and for null and the empty string. A string with escapes is unescaped into `scratch`.
  [[nodiscard]] std::optional<Value> find(std::string_view name, std::string& scratch, std::uint32_t from = 0) const;

  // What a node of the document is; nothing for null and the empty string.
  [[nodiscard]] std::optional<Value> value_of(std::uint32_t node, std::string& scratch) const;

  // The node of the document at that path.
  [[nodiscard]] std::optional<std::uint32_t> node(std::string_view path, std::uint32_t from = 0) const;

 private:
  std::vector<std::pair<std::string_view, std::string_view>> fields_;
  std::string_view text_;
  const event::JsonTape* document_ = nullptr;
};

}  // namespace stele::normalise
