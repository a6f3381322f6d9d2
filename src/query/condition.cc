#include "query/condition.h"

#include <algorithm>

#include "query/text.h"

namespace stele::query {
namespace {

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> out;
  for (std::string_view word = next_word(text); !word.empty(); word = next_word(text)) out.push_back(folded(word));
  return out;
}

std::vector<std::size_t> borders_of(const std::vector<std::string>& words) {
  std::vector<std::size_t> out(words.size(), 0);
  for (std::size_t i = 1; i < words.size(); ++i) {
    std::size_t border = out[i - 1];
    while (border > 0 && words[i] != words[border]) border = out[border - 1];
    out[i] = words[i] == words[border] ? border + 1 : border;
  }
  return out;
}

}  // namespace

Condition Condition::is(std::string value) {
  Condition out(Kind::kIs);
  out.value_ = std::move(value);
  return out;
}

Condition Condition::match(std::string_view value) {
  Condition out(Kind::kMatch);
  out.value_ = folded(value);
  out.pieces_ = words_of(value);
  out.borders_ = borders_of(out.pieces_);
  return out;
}

Condition Condition::words(std::string_view words) {
  Condition out(Kind::kWords);
  out.pieces_ = words_of(words);
  out.borders_ = borders_of(out.pieces_);
  return out;
}

Condition Condition::like(const std::vector<std::string>& pieces) {
  Condition out(Kind::kLike);
  for (const std::string& piece : pieces) out.pieces_.push_back(folded(piece));
  return out;
}

Condition Condition::contains(std::string_view part) {
  Condition out(Kind::kContains);
  out.value_ = folded(part);
  return out;
}

Condition Condition::number(std::optional<Bound> low, std::optional<Bound> high) {
  Condition out(Kind::kNumber);
  out.low_ = low;
  out.high_ = high;
  return out;
}

Condition Condition::address(AddressRange range) {
  Condition out(Kind::kAddress);
  out.range_ = range;
  return out;
}

bool Condition::operator()(std::string_view text) const {
  switch (kind_) {
    case Kind::kAny: return true;
    case Kind::kIs: return text == value_;
    case Kind::kMatch: return equal_folded(text, value_) || has_words(text);
    case Kind::kWords: return has_words(text);
    case Kind::kLike: return is_like(text);
    case Kind::kContains: return find_folded(text, value_) != std::string_view::npos;
    case Kind::kNumber: {
      const auto number = Number::parse(text);
      return number && is_within(*number);
    }
    case Kind::kAddress: {
      const auto address = parse_address(text);
      return address && range_->has(*address);
    }
  }
  return false;
}

// One after the other, whatever stands between them (Knuth, Morris and Pratt: no word of the text is looked at again and again).
bool Condition::has_words(std::string_view text) const {
  if (pieces_.empty() || !is_text(text)) return false;
  std::string_view rest = text;
  std::size_t found = 0;
  while (true) {
    if (found == 0) {  // the next place where they may begin
      std::size_t at = find_folded(text, pieces_[0], text.size() - rest.size());
      while (at != std::string_view::npos && at > 0 && is_word_byte(text[at - 1])) at = find_folded(text, pieces_[0], at + 1);
      if (at == std::string_view::npos) return false;
      rest = text.substr(at);
    }
    const std::string_view word = next_word(rest);
    if (word.empty()) return false;
    while (found > 0 && !equal_folded(word, pieces_[found])) found = borders_[found - 1];
    if (equal_folded(word, pieces_[found])) ++found;
    if (found == pieces_.size()) return true;
  }
}

bool Condition::is_like(std::string_view text) const {
  const std::string& first = pieces_.front();
  const std::string& last = pieces_.back();
  if (pieces_.size() == 1) return equal_folded(text, first);
  if (text.size() < first.size() + last.size() || !equal_folded(text.substr(0, first.size()), first)) return false;
  if (!equal_folded(text.substr(text.size() - last.size()), last)) return false;
  std::string_view middle = text.substr(first.size(), text.size() - first.size() - last.size());
  for (std::size_t i = 1; i + 1 < pieces_.size(); ++i) {
    const std::size_t at = find_folded(middle, pieces_[i]);
    if (at == std::string_view::npos) return false;
    middle.remove_prefix(at + pieces_[i].size());
  }
  return true;
}

bool Condition::is_within(const Number& number) const {
  if (low_) {
    const int order = number.compare(low_->number);
    if (order < 0 || (order == 0 && !low_->included)) return false;
  }
  if (!high_) return true;
  const int order = number.compare(high_->number);
  return order < 0 || (order == 0 && high_->included);
}

}  // namespace stele::query
