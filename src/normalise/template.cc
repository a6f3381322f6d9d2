#include "normalise/template.h"

#include <algorithm>

#include "base/json_text.h"
#include "event/intake.h"

namespace stele::normalise {

std::optional<Value> Scope::find(std::string_view name, std::string& scratch) const {
  const auto group = std::find(group_names.begin(), group_names.end(), name);
  if (group != group_names.end()) {
    const auto at = static_cast<std::size_t>(group - group_names.begin());
    if (at >= groups.size() || groups[at].empty()) return std::nullopt;
    return Value{groups[at]};
  }
  if (element != 0) {
    if (name == ".") return record.value_of(element, scratch);
    if (const auto node = record.node(name, element)) return record.value_of(*node, scratch);
  }
  return record.find(name, scratch);
}

Result<Template> Template::parse(std::string_view text) {
  Template out;
  const auto add_text = [&](std::string_view piece) {
    if (out.pieces_.empty() || !out.pieces_.back().names.empty()) out.pieces_.emplace_back();
    out.pieces_.back().text += piece;
  };
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t brace = text.find_first_of("{}", at);
    if (brace != at) add_text(text.substr(at, brace == std::string_view::npos ? brace : brace - at));
    if (brace == std::string_view::npos) break;
    if (text.substr(brace, 2) == "{{" || text.substr(brace, 2) == "}}") {
      add_text(text.substr(brace, 1));
      at = brace + 2;
      continue;
    }
    const std::size_t end = text.find('}', brace);
    if (text[brace] == '}' || end == std::string_view::npos)
      return invalid("the brace at byte " + std::to_string(brace) + " of \"" + std::string(text) +
                     "\" has no other; {{ is a brace");
    auto names = parse_names(text.substr(brace + 1, end - brace - 1));
    if (!names) return names.error().in("\"" + std::string(text) + "\"");
    out.pieces_.push_back(std::move(*names));
    at = end + 1;
  }
  if (out.pieces_.empty()) return invalid("a value is not empty");
  return out;
}

// What stands between braces: "a|b|'text'".
Result<Template::Piece> Template::parse_names(std::string_view inside) {
  Piece piece;
  for (std::string_view rest = inside;;) {
    const std::size_t bar = rest.starts_with('\'') ? std::string_view::npos : rest.find('|');
    const std::string_view one = rest.substr(0, bar);
    if (one.starts_with('\'')) {
      if (one.size() < 2 || !one.ends_with('\'') || piece.names.empty())
        return invalid("a text in quotes stands behind the last name");
      piece.text = one.substr(1, one.size() - 2);
      piece.has_text = true;
      return piece;
    }
    if (one.empty() || one.find_first_of(" '") != std::string_view::npos)
      return invalid("\"" + std::string(one) + "\" is no name");
    piece.names.emplace_back(one);
    if (bar == std::string_view::npos) return piece;
    rest.remove_prefix(bar + 1);
  }
}

std::optional<Value> Template::value_of(const Piece& piece, const Scope& scope, std::string& scratch) {
  for (const std::string& name : piece.names) {
    if (auto value = scope.find(name, scratch)) return value;
  }
  if (piece.has_text || piece.names.empty()) return Value{piece.text};
  return std::nullopt;
}

bool Template::append_text(const Scope& scope, std::string& out) const {
  const std::size_t before = out.size();
  std::string scratch;
  for (const Piece& piece : pieces_) {
    const auto value = value_of(piece, scope, scratch);
    if (!value) {
      out.resize(before);
      return false;
    }
    out += value->bytes;
  }
  return true;
}

bool Template::append_json(const Scope& scope, std::string& out) const {
  std::string scratch;
  if (pieces_.size() == 1) {
    const auto value = value_of(pieces_[0], scope, scratch);
    if (!value) return false;
    if (value->node != 0)
      event::append_escaped(*scope.record.document(), value->node, out);
    else
      append_json_bytes(out, value->bytes);
    return true;
  }
  std::string text;
  if (!append_text(scope, text)) return false;
  append_json_bytes(out, text);
  return true;
}

std::vector<std::string_view> Template::names() const {
  std::vector<std::string_view> names;
  for (const Piece& piece : pieces_) names.insert(names.end(), piece.names.begin(), piece.names.end());
  return names;
}

}  // namespace stele::normalise
