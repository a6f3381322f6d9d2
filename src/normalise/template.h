// Text with names in it, as normalisers write values: "{user}", "{uid|'unknown'}", "{app}[{pid}]".
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "normalise/record.h"

namespace stele::normalise {

// Where names are looked for: the groups of an expression, then the element that an `each` stands at, then the record.
struct Scope {
  const Record& record;
  std::span<const std::string> group_names;
  std::span<const std::string_view> groups;  // what each matched; empty when it took no part
  std::uint32_t element = 0;                 // node of the document; 0: none

  // Nothing for what is absent or empty. Values may borrow from `scratch`.
  [[nodiscard]] std::optional<Value> find(std::string_view name, std::string& scratch) const;
};

class Template {
 public:
  Template() = default;

  // kInvalid says what is wrong with `text`, and at which byte.
  static Result<Template> parse(std::string_view text);

  // Appends the text. False, with `out` as it was, when a name stands for nothing.
  [[nodiscard]] bool append_text(const Scope& scope, std::string& out) const;

  // Appends JSON: the value itself where the template is one name alone, else a string. Bytes that are not UTF-8 become
  // {"$base64":…}. False, with `out` as it was, when a name stands for nothing.
  [[nodiscard]] bool append_json(const Scope& scope, std::string& out) const;

  // The names in it, to be checked when it is read.
  [[nodiscard]] std::vector<std::string_view> names() const;

 private:
  // Text, or names of which the first that stands for something counts, with a text for when none does.
  struct Piece {
    std::string text;
    std::vector<std::string> names;
    bool has_text = false;  // with names: whether `text` is there for when none does
  };
  [[nodiscard]] static std::optional<Value> value_of(const Piece& piece, const Scope& scope, std::string& scratch);
  static Result<Piece> parse_names(std::string_view inside);

  std::vector<Piece> pieces_;
};

}  // namespace stele::normalise
