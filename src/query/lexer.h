// The pieces of a typed query: runs of characters, quoted texts, white space and parentheses.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace stele::query {

constexpr bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// Walks over a text that outlives it. Places are bytes from 0.
class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  [[nodiscard]] std::size_t at() const { return at_; }
  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
  // '\0' at the end.
  [[nodiscard]] char peek() const { return at_end() ? '\0' : text_[at_]; }
  // Whether a term may end here: white space, `)`, or the end.
  [[nodiscard]] bool at_gap() const { return at_end() || is_space(peek()) || peek() == ')'; }

  void skip_space() {
    while (!at_end() && is_space(text_[at_])) ++at_;
  }
  [[nodiscard]] bool sees(std::string_view what) const { return text_.substr(at_).starts_with(what); }
  bool take(std::string_view what) {
    if (!sees(what)) return false;
    at_ += what.size();
    return true;
  }

  // What stands here up to white space, a parenthesis or a quote; may be empty.
  [[nodiscard]] std::string_view run() const {
    const std::string_view rest = text_.substr(at_);
    return rest.substr(0, rest.find_first_of(" \t\r\n()\""));
  }
  void skip(std::string_view run) { at_ += run.size(); }

  // The quoted text whose first quote stands here, without its quotes and escapes; nothing when it has no last one, and then
  // the lexer stays.
  std::optional<std::string> quoted() {
    std::string out;
    for (std::size_t i = at_ + 1; i < text_.size(); ++i) {
      if (text_[i] == '"') {
        at_ = i + 1;
        return out;
      }
      const bool escape = text_[i] == '\\' && i + 1 < text_.size() && (text_[i + 1] == '"' || text_[i + 1] == '\\');
      if (escape) ++i;
      out.push_back(text_[i]);
    }
    return std::nullopt;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace stele::query
