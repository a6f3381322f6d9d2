#include "sentence/template.h"

#include "base/bytes.h"
#include "base/printable.h"
#include "sentence/past_tense.h"

namespace stele::sentence {
namespace {

Error wrong(std::string_view text, std::size_t at, std::string_view what) {
  return invalid("the " + std::string(1, text[at]) + " at byte " + std::to_string(at) + " of \"" + std::string(text) + "\" " +
                 std::string(what));
}

// "4,200 rows" of "4200".
std::string counted_text(const std::string& value, const std::string& unit) {
  const auto number = parse_decimal(value);
  return (number ? grouped(*number) : value) + " " + (number == 1U ? unit : plural(unit));
}

}  // namespace

void Template::add_text(char c, std::size_t part) {
  if (pieces_.empty() || !pieces_.back().names.empty() || pieces_.back().part != part) pieces_.push_back({"", {}, "", part});
  pieces_.back().text.push_back(c);
}

Result<Template> Template::parse(std::string_view text) {
  Template out;
  std::size_t parts = 0;
  std::size_t part = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (std::string_view("{}[]").find(c) == std::string_view::npos) {
      out.add_text(c, part);
    } else if (at + 1 < text.size() && text[at + 1] == c) {
      out.add_text(c, part);
      ++at;
    } else if (c == '[') {
      if (part != 0) return wrong(text, at, "stands within another");
      part = ++parts;
    } else if (c == ']') {
      if (part == 0) return wrong(text, at, "has no other; ]] is a bracket");
      part = 0;
    } else {
      const std::size_t end = text.find('}', at);
      if (c == '}' || end == std::string_view::npos) return wrong(text, at, "has no other; {{ is a brace");
      auto piece = parse_names(text.substr(at + 1, end - at - 1));
      if (!piece) return piece.error().in("\"" + std::string(text) + "\"");
      piece->part = part;
      out.pieces_.push_back(std::move(*piece));
      at = end;
    }
  }
  if (part != 0) return invalid("a [ of \"" + std::string(text) + "\" has no other; [[ is a bracket");
  if (out.pieces_.empty()) return invalid("a sentence is not empty");
  return out;
}

// What stands between braces: "a|b|'text'", "a row".
Result<Template::Piece> Template::parse_names(std::string_view inside) {
  Piece piece;
  for (std::string_view rest = inside;;) {
    if (rest.starts_with('\'')) {
      if (rest.size() < 2 || !rest.ends_with('\'') || piece.names.empty())
        return invalid("a text in quotes stands behind the last name");
      piece.text = rest.substr(1, rest.size() - 2);
      return piece;
    }
    const std::size_t bar = rest.find('|');
    std::string_view one = rest.substr(0, bar);
    const std::size_t space = one.find(' ');
    if (space != std::string_view::npos && bar == std::string_view::npos) {
      piece.unit = one.substr(space + 1);
      one = one.substr(0, space);
      if (piece.unit.empty()) return invalid("what is counted has a name");
    }
    if (one.empty() || one.find_first_of(" '") != std::string_view::npos)
      return invalid("\"" + std::string(one) + "\" is no name");
    piece.names.emplace_back(one);
    if (bar == std::string_view::npos) return piece;
    rest.remove_prefix(bar + 1);
  }
}

std::string Template::value_of(const Piece& piece, const Find& find) {
  for (const std::string& name : piece.names) {
    if (std::string value = find(name); !value.empty()) return piece.unit.empty() ? value : counted_text(value, piece.unit);
  }
  return piece.text;
}

std::optional<std::string> Template::fill(const Find& find) const {
  std::string out;
  std::size_t begin = 0;    // of the brackets that are being filled
  std::size_t part = 0;     // and which they are
  std::size_t dropped = 0;  // those that vanished
  for (const Piece& piece : pieces_) {
    if (piece.part != part) {
      part = piece.part;
      begin = out.size();
    }
    if (piece.part != 0 && piece.part == dropped) continue;
    const std::string value = value_of(piece, find);
    if (value.empty() && piece.part == 0) return std::nullopt;
    if (value.empty()) {
      out.resize(begin);
      dropped = piece.part;
      continue;
    }
    out += value;
  }
  return out;
}

}  // namespace stele::sentence
