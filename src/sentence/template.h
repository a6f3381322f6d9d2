// A sentence with names in it: "{actor} logged in[ from {origin.ip}]" (docs/formats/sentences.md).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace stele::sentence {

class Template {
 public:
  // What a name stands for; empty: nothing.
  using Find = std::function<std::string(std::string_view name)>;

  // kInvalid says what is wrong with `text`, and at which byte.
  static Result<Template> parse(std::string_view text);

  // The sentence. Nothing when a name outside brackets stands for nothing.
  [[nodiscard]] std::optional<std::string> fill(const Find& find) const;

 private:
  // Text, or names of which the first that stands for something counts, with a text for when none does.
  struct Piece {
    std::string text;
    std::vector<std::string> names;
    std::string unit;      // what there is a number of: "row"
    std::size_t part = 0;  // 0: outside brackets; else which pair of them it is in
  };
  static Result<Piece> parse_names(std::string_view inside);
  [[nodiscard]] static std::string value_of(const Piece& piece, const Find& find);
  void add_text(char c, std::size_t part);

  std::vector<Piece> pieces_;
};

}  // namespace stele::sentence
