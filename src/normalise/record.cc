#include "normalise/record.h"

#include "base/bytes.h"

namespace stele::normalise {

using event::JsonNode;
using event::JsonType;

void Record::clear() {
  fields_.clear();
  text_ = {};
  document_ = nullptr;
}

std::optional<Value> Record::find(std::string_view name, std::string& scratch, std::uint32_t from) const {
  for (const auto& [known, bytes] : fields_) {
    if (known == name) return Value{bytes};
  }
  if (name == "message" && !text_.empty()) return Value{text_};
  const auto at = node(name, from);
  return at ? value_of(*at, scratch) : std::nullopt;
}

std::optional<Value> Record::value_of(std::uint32_t node, std::string& scratch) const {
  const JsonNode& found = document_->nodes()[node];
  if (found.type == JsonType::kNull) return std::nullopt;
  if (found.type != JsonType::kString) return Value{document_->raw(found), node};
  const std::string_view text = document_->string(found, scratch);
  if (text.empty()) return std::nullopt;
  return Value{text};
}

std::optional<std::uint32_t> Record::node(std::string_view path, std::uint32_t from) const {
  if (document_ == nullptr) return std::nullopt;
  const JsonNode& parent = document_->nodes()[from];
  if (parent.type != JsonType::kObject && parent.type != JsonType::kArray) return std::nullopt;
  const std::string_view first = path.substr(0, path.find('.'));
  const auto wanted = parent.type == JsonType::kArray ? parse_decimal(first) : std::nullopt;
  std::optional<std::uint32_t> whole;
  std::optional<std::uint32_t> step;
  std::uint64_t number = 0;
  std::string scratch;
  document_->for_each_child(from, [&](std::uint32_t child) {
    if (parent.type == JsonType::kArray) {
      if (wanted == number++) step = child;
      return;
    }
    const std::string_view name = document_->name(document_->nodes()[child], scratch);
    if (name == path) whole = child;
    if (name == first) step = child;
  });
  if (whole) return whole;
  if (!step || first.size() == path.size()) return step;
  return node(path.substr(first.size() + 1), *step);
}

}  // namespace stele::normalise
