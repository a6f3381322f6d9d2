#include "event/json_tape.h"

#include <emmintrin.h>
#include <simdjson.h>

#include <algorithm>
#include <bit>

#include "base/ascii.h"

namespace stele::event {
namespace {

constexpr std::size_t kPadding = 16;  // what the string scan may read past the end

unsigned hex_value(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return 16;
}

constexpr unsigned kNoUnit = 0x10000;

// The code unit of "XXXX", or kNoUnit when it is not four hexadecimal digits.
unsigned code_unit(const char* p) {
  unsigned v = 0;
  for (int i = 0; i < 4; ++i) {
    const unsigned digit = hex_value(p[i]);
    if (digit > 15) return kNoUnit;
    v = v << 4 | digit;
  }
  return v;
}

bool is_first_of_pair(unsigned unit) { return unit >= 0xd800 && unit < 0xdc00; }
bool is_second_of_pair(unsigned unit) { return unit >= 0xdc00 && unit < 0xe000; }

void append_utf8(std::string& out, unsigned c) {
  const auto put = [&](unsigned byte) { out.push_back(static_cast<char>(byte)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xc0 | c >> 6);
    put(0x80 | (c & 63));
  } else if (c < 0x10000) {
    put(0xe0 | c >> 12);
    put(0x80 | (c >> 6 & 63));
    put(0x80 | (c & 63));
  } else {
    put(0xf0 | c >> 18);
    put(0x80 | (c >> 12 & 63));
    put(0x80 | (c >> 6 & 63));
    put(0x80 | (c & 63));
  }
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

}  // namespace

std::string json_unescape(std::string_view escaped) {
  constexpr unsigned kReplacement = 0xfffd;
  constexpr std::size_t kUnitBytes = 6;  // of \uXXXX
  std::string out;
  out.reserve(escaped.size());
  const auto unit_at = [&](std::size_t i) {
    return escaped.size() - i >= kUnitBytes && escaped[i] == '\\' && escaped[i + 1] == 'u' ? code_unit(&escaped[i + 2]) : kNoUnit;
  };
  for (std::size_t i = 0; i < escaped.size();) {
    if (escaped[i] != '\\' || i + 1 == escaped.size()) {
      out.push_back(escaped[i++]);
      continue;
    }
    if (unsigned unit = unit_at(i); unit != kNoUnit) {
      i += kUnitBytes;
      if (is_first_of_pair(unit) && is_second_of_pair(unit_at(i))) {
        unit = 0x10000 + ((unit - 0xd800) << 10) + (unit_at(i) - 0xdc00);
        i += kUnitBytes;
      }
      append_utf8(out, is_first_of_pair(unit) || is_second_of_pair(unit) ? kReplacement : unit);
      continue;
    }
    switch (const char c = escaped[i + 1]) {
      case 'b': out.push_back('\b'); break;
      case 'f': out.push_back('\f'); break;
      case 'n': out.push_back('\n'); break;
      case 'r': out.push_back('\r'); break;
      case 't': out.push_back('\t'); break;
      default: out.push_back(c);
    }
    i += 2;
  }
  return out;
}

// One pass over minified text; recursion is bounded by depth_max.
class JsonScan {
 public:
  JsonScan(JsonTape& tape, const JsonLimits& limits, JsonError& error)
      : tape_(tape), limits_(limits), error_(error), begin_(tape.text_.data()), p_(begin_), end_(begin_ + tape.size_) {}

  bool run() {
    if (!value(0, {})) return false;
    return p_ == end_ || fail("invalid_json", "text after the end of the value");
  }

 private:
  struct Key {
    std::uint32_t at = 0;
    std::uint32_t size = 0;
    bool escaped = false;
  };

  std::uint32_t offset() const { return static_cast<std::uint32_t>(p_ - begin_); }

  bool fail(std::string_view code, std::string message) {
    error_.code = code;
    error_.message = std::move(message) + " (at byte " + std::to_string(offset()) + " of the text without white space)";
    error_.path = tape_.nodes_.empty() ? "" : tape_.path(static_cast<std::uint32_t>(tape_.nodes_.size() - 1));
    return false;
  }

  bool value(std::uint32_t depth, const Key& key) {
    if (tape_.nodes_.size() >= limits_.nodes_max) {
      return fail("too_large", "more than " + std::to_string(limits_.nodes_max) + " values in one event");
    }
    const auto index = tape_.nodes_.size();
    JsonNode& node = tape_.nodes_.emplace_back();
    node.key_at = key.at;
    node.key_size = key.size;
    node.key_escaped = key.escaped;
    node.at = offset();
    node.end = static_cast<std::uint32_t>(index + 1);  // while open, so that path() works on errors
    if (p_ == end_) return fail("invalid_json", "the text ends where a value is expected");
    bool good = false;
    switch (*p_) {
      case '{': good = object(index, depth); break;
      case '[': good = array(index, depth); break;
      case '"': {
        node.type = JsonType::kString;
        bool escaped = false;
        good = string(escaped);
        tape_.nodes_[index].escaped = escaped;
        break;
      }
      case 't': good = literal(index, "true", JsonType::kTrue); break;
      case 'f': good = literal(index, "false", JsonType::kFalse); break;
      case 'n': good = literal(index, "null", JsonType::kNull); break;
      default: node.type = JsonType::kNumber; good = number();
    }
    if (!good) return false;
    JsonNode& done = tape_.nodes_[index];
    done.size = offset() - done.at;
    done.end = static_cast<std::uint32_t>(tape_.nodes_.size());
    return true;
  }

  bool enter(std::uint32_t depth) {
    return depth < limits_.depth_max || fail("too_deep", "nested deeper than " + std::to_string(limits_.depth_max) + " levels");
  }

  bool object(std::size_t index, std::uint32_t depth) {
    tape_.nodes_[index].type = JsonType::kObject;
    if (!enter(depth)) return false;
    ++p_;
    if (take('}')) return true;
    do {
      if (p_ == end_ || *p_ != '"') return fail("invalid_json", "a member's name is expected, in quotes");
      Key key;
      key.at = offset() + 1;
      if (!string(key.escaped)) return false;
      key.size = offset() - key.at - 1;
      if (!take(':')) return fail("invalid_json", "':' is expected after a member's name");
      if (!value(depth + 1, key)) return false;
    } while (take(','));
    if (!take('}')) return fail("invalid_json", "',' or '}' is expected");
    tape_.nodes_[index].end = static_cast<std::uint32_t>(tape_.nodes_.size());
    return unique_keys(static_cast<std::uint32_t>(index));
  }

  bool array(std::size_t index, std::uint32_t depth) {
    tape_.nodes_[index].type = JsonType::kArray;
    if (!enter(depth)) return false;
    ++p_;
    if (take(']')) return true;
    do {
      if (!value(depth + 1, {})) return false;
    } while (take(','));
    return take(']') || fail("invalid_json", "',' or ']' is expected");
  }

  bool string(bool& escaped) {
    ++p_;
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i backslash = _mm_set1_epi8('\\');
    const __m128i control = _mm_set1_epi8(0x1f);
    for (;;) {
      const __m128i chunk = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p_));
      const __m128i hits = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(chunk, quote), _mm_cmpeq_epi8(chunk, backslash)),
                                        _mm_cmpeq_epi8(_mm_min_epu8(chunk, control), chunk));
      const auto mask = static_cast<unsigned>(_mm_movemask_epi8(hits));
      if (mask == 0) {
        p_ += 16;
        continue;
      }
      p_ += std::countr_zero(mask);
      if (p_ >= end_) {
        p_ = end_;
        return fail("invalid_json", "a string is not closed");
      }
      if (*p_ == '"') {
        ++p_;
        return true;
      }
      if (*p_ != '\\') return fail("invalid_json", "a control character stands unescaped in a string");
      escaped = true;
      if (!escape()) return false;
    }
  }

  bool escape() {
    if (end_ - p_ < 2) return fail("invalid_json", "a string is not closed");
    const char c = p_[1];
    if (c != 'u') {
      if (std::string_view("\"\\/bfnrt").find(c) == std::string_view::npos)
        return fail("invalid_json", "an unknown escape in a string");
      p_ += 2;
      return true;
    }
    const auto unit_at = [&](std::ptrdiff_t at) { return end_ - p_ >= at + 4 ? code_unit(p_ + at) : kNoUnit; };
    const unsigned unit = unit_at(2);
    if (unit > 0xffff) return fail("invalid_json", "\\u is followed by four hexadecimal digits");
    if (is_second_of_pair(unit)) return fail("invalid_json", "a lone surrogate, which is no character");
    if (!is_first_of_pair(unit)) {
      p_ += 6;
      return true;
    }
    const bool pair = end_ - p_ >= 12 && p_[6] == '\\' && p_[7] == 'u';
    const unsigned low = pair ? unit_at(8) : 0;
    if (!is_second_of_pair(low)) return fail("invalid_json", "a lone surrogate, which is no character");
    p_ += 12;
    return true;
  }

  bool number() {
    const auto digits = [&] {
      const char* start = p_;
      while (p_ < end_ && is_digit(*p_)) ++p_;
      return p_ != start;
    };
    if (p_ < end_ && *p_ == '-') ++p_;
    const bool zero = p_ < end_ && *p_ == '0';
    const char* start = p_;
    if (!digits()) return fail("invalid_json", "a value is expected");
    if (zero && p_ - start > 1) return fail("invalid_json", "a number has no leading zeros");
    if (p_ < end_ && *p_ == '.') {
      ++p_;
      if (!digits()) return fail("invalid_json", "digits are expected after the decimal point");
    }
    if (p_ < end_ && (*p_ == 'e' || *p_ == 'E')) {
      ++p_;
      if (p_ < end_ && (*p_ == '+' || *p_ == '-')) ++p_;
      if (!digits()) return fail("invalid_json", "digits are expected in the exponent");
    }
    return true;
  }

  bool literal(std::size_t index, std::string_view word, JsonType type) {
    tape_.nodes_[index].type = type;
    if (std::string_view(p_, static_cast<std::size_t>(end_ - p_)).starts_with(word)) {
      p_ += word.size();
      return true;
    }
    return fail("invalid_json", "a value is expected");
  }

  bool take(char c) {
    if (p_ == end_ || *p_ != c) return false;
    ++p_;
    return true;
  }

  // Small objects are compared pair by pair, large ones sorted.
  bool unique_keys(std::uint32_t object) {
    keys_.clear();
    bool escaped = false;
    tape_.for_each_child(object, [&](std::uint32_t child) {
      const JsonNode& node = tape_.nodes_[child];
      escaped |= node.key_escaped;
      keys_.push_back(tape_.key(node));
    });
    std::vector<std::string> plain;
    if (escaped) {
      plain.reserve(keys_.size());
      for (std::string_view& key : keys_) key = plain.emplace_back(json_unescape(key));
    }
    constexpr std::size_t kPairwiseMax = 12;
    if (keys_.size() > kPairwiseMax) {
      std::sort(keys_.begin(), keys_.end());
      const auto twice = std::adjacent_find(keys_.begin(), keys_.end());
      return twice == keys_.end() || duplicate(object, *twice);
    }
    for (std::size_t i = 1; i < keys_.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (keys_[i].size() == keys_[j].size() && keys_[i] == keys_[j]) return duplicate(object, keys_[i]);
      }
    }
    return true;
  }

  bool duplicate(std::uint32_t object, std::string_view key) {
    error_.code = "duplicate_key";
    error_.path = tape_.path(object);
    error_.message = "the member \"" + std::string(key) + "\" stands twice in one object";
    return false;
  }

  JsonTape& tape_;
  const JsonLimits& limits_;
  JsonError& error_;
  const char* begin_;
  const char* p_;
  const char* end_;
  std::vector<std::string_view> keys_;
};

bool JsonTape::parse(std::string_view json, const JsonLimits& limits, JsonError& error) {
  nodes_.clear();
  size_ = 0;
  if (json.size() > limits.bytes_max) {
    error = {
        "too_large", "",
        "the event has " + std::to_string(json.size()) + " bytes; at most " + std::to_string(limits.bytes_max) + " are taken"};
    return false;
  }
  if (text_.size() < json.size() + simdjson::SIMDJSON_PADDING + kPadding) {
    text_.resize(json.size() + simdjson::SIMDJSON_PADDING + kPadding);
  }
  if (simdjson::minify(json.data(), json.size(), text_.data(), size_) != simdjson::SUCCESS) {
    size_ = 0;
    error = {"invalid_json", "", "a string is not closed"};
    return false;
  }
  std::fill_n(text_.begin() + static_cast<std::ptrdiff_t>(size_), kPadding, '\0');
  bool good = simdjson::validate_utf8(text_.data(), size_);
  if (!good) {
    error = {"invalid_json", "", "the text is not UTF-8"};
  } else {
    good = JsonScan(*this, limits, error).run();
    if (const JsonNode* broken = good && size_ != json.size() ? broken_word(json) : nullptr) {
      error = {"invalid_json", path(static_cast<std::uint32_t>(broken - nodes_.data())), "white space within a number or a word"};
      good = false;
    }
  }
  if (!good) {
    nodes_.clear();
    size_ = 0;
  }
  return good;
}

// Minifying joins what only white space kept apart: "1 2" becomes "12". Walks `json` beside the text and returns the first
// number or word that does not stand there in one piece.
const JsonNode* JsonTape::broken_word(std::string_view json) const {
  std::size_t in = 0;   // in `json`
  std::size_t out = 0;  // in the text
  const auto skip_space = [&] {
    while (in < json.size() && is_space(json[in])) ++in;
  };
  const auto pass = [&](std::size_t token_at, std::size_t size) {  // brackets, colons and commas up to a token, and it
    for (; out < token_at; ++out, ++in) skip_space();
    skip_space();
    in += size;
    out += size;
  };
  for (const JsonNode& node : nodes_) {
    if (node.key_at != 0) pass(node.key_at - 1U, node.key_size + 2U);
    if (node.type == JsonType::kObject || node.type == JsonType::kArray) continue;
    pass(node.at, node.size);
    if (node.type != JsonType::kString && json.substr(in - node.size, node.size) != raw(node)) return &node;
  }
  return nullptr;
}

std::string_view JsonTape::name(const JsonNode& node, std::string& scratch) const {
  if (!node.key_escaped) return key(node);
  scratch = json_unescape(key(node));
  return scratch;
}

std::string_view JsonTape::string(const JsonNode& node, std::string& scratch) const {
  const std::string_view inside = raw(node).substr(1, node.size - 2);
  if (!node.escaped) return inside;
  scratch = json_unescape(inside);
  return scratch;
}

std::string JsonTape::path(std::uint32_t index) const {
  std::string out;
  std::string scratch;
  std::uint32_t at = 0;
  while (at < index) {
    const bool in_array = nodes_[at].type == JsonType::kArray;
    std::uint32_t child = at + 1;
    std::uint32_t position = 0;
    // A node that is still being read has no size yet: whatever follows it lies within it.
    while (nodes_[child].size != 0 && nodes_[child].end <= index) {
      child = nodes_[child].end;
      ++position;
    }
    out += '/';
    if (in_array) {
      out += std::to_string(position);
    } else {
      for (const char c : name(nodes_[child], scratch)) {
        if (c == '~')
          out += "~0";
        else if (c == '/')
          out += "~1";
        else
          out += c;
      }
    }
    at = child;
  }
  return out;
}

}  // namespace stele::event
