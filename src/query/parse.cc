#include "query/parse.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/json_text.h"
#include "query/lexer.h"
#include "query/pattern.h"
#include "query/term_maker.h"
#include "query/text.h"

namespace stele::query {
namespace {

constexpr std::string_view kOperators = ":=<>";
constexpr std::string_view kRange = "..";

// What other languages write between terms, and what to do instead.
struct Foreign {
  std::string_view word;
  std::string_view instead;
  std::string_view suggestion;
};
constexpr std::array kForeign{
    Foreign{"AND", "terms that stand side by side all hold: leave AND out, or put it into quotes", ""},
    Foreign{"&&", "terms that stand side by side all hold: leave && out, or put it into quotes", ""},
    Foreign{"NOT", "write - directly in front of the term, or put NOT into quotes", "-"},
    Foreign{"||", "write OR between the terms, or put || into quotes", "OR"},
};

// A field whose values are read.
struct Asked {
  Field field;
  bool exactly = false;  // behind `=`
};

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

// Reads by recursive descent. What fails gives nothing, and the maker's error has its place, in bytes.
class Parser {
 public:
  Parser(std::string_view text, UnixNanos now) : text_(text), lexer_(text), maker_(now) {}

  QueryResult read() {
    auto term = any(nullptr, 0);
    if (term && !lexer_.at_end()) term = fail(lexer_.at(), "there is no ( that this ) closes");
    if (!term) return placed(std::move(maker_.error()));
    Query out{*std::move(term), std::move(maker_.warnings())};
    for (QueryWarning& warning : out.warnings) warning.what = placed(std::move(warning.what));
    return out;
  }

 private:
  using Made = std::optional<Term>;

  std::nullopt_t fail(std::size_t at, std::string message, std::string suggestion = {}) {
    maker_.fail(std::move(message), std::move(suggestion));
    maker_.error().at = at;
    return std::nullopt;
  }

  // What the maker made of what stands at `at`: its error and its new warnings belong there.
  template <typename T>
  std::optional<T> made(std::size_t at, std::optional<T> what) {
    if (!what) maker_.error().at = at;
    for (QueryWarning& warning : maker_.warnings()) warning.what.at = warning.what.at.value_or(at);
    return what;
  }

  // From bytes to characters.
  [[nodiscard]] QueryError placed(QueryError error) const {
    if (error.at) error.at = characters(text_.substr(0, *error.at));
    return error;
  }

  // Terms side by side with OR between some, up to the end or a `)`. With `asked`, they are values of its field.
  Made any(const Asked* asked, std::size_t depth) {
    std::vector<Term> choices;
    std::vector<Term> all;
    std::optional<std::size_t> last_or;
    for (lexer_.skip_space(); !lexer_.at_end() && lexer_.peek() != ')'; lexer_.skip_space()) {
      const std::size_t at = lexer_.at();
      const std::string_view run = lexer_.run();
      if (run == "OR") {
        if (all.empty()) return lone_or(at);
        lexer_.skip(run);
        choices.push_back(all_of(std::exchange(all, {})));
        last_or = at;
      } else {
        auto term = one(asked, depth);
        if (!term) return std::nullopt;
        all.push_back(*std::move(term));
      }
      if (!lexer_.at_gap()) return fail(lexer_.at(), "white space is missing in front of this, or quotes around the whole value");
    }
    if (last_or && all.empty()) return lone_or(*last_or);
    if (all.empty()) return Term();
    choices.push_back(all_of(std::move(all)));
    return one_of(std::move(choices));
  }

  std::nullopt_t lone_or(std::size_t at) {
    return fail(at, "OR stands between two terms: one is missing, or put it into quotes");
  }

  // A term or a parenthesis, perhaps with `-` in front.
  Made one(const Asked* asked, std::size_t depth) {
    const std::size_t at = lexer_.at();
    if (!lexer_.take("-")) return positive(asked, depth);
    if (lexer_.at_gap() || lexer_.peek() == '-')
      return fail(at, "one - stands directly in front of what must not hold; put it into quotes to find it");
    auto term = positive(asked, depth);
    if (!term) return std::nullopt;
    return none_of(*std::move(term));
  }

  Made positive(const Asked* asked, std::size_t depth) {
    const std::size_t at = lexer_.at();
    const std::string_view run = lexer_.run();
    if (run == "OR") return lone_or(at);
    for (const Foreign& one : kForeign) {
      if (run == one.word) return fail(at, std::string(one.instead), std::string(one.suggestion));
    }
    if (run == "or") maker_.warn("'or' is a word to find: between two terms, write OR", "OR");
    if (lexer_.peek() == '(') return group(asked, depth);
    return asked != nullptr ? value(*asked) : term(depth);
  }

  Made group(const Asked* asked, std::size_t depth) {
    const std::size_t at = lexer_.at();
    if (depth == kTermDepthMax) return fail(at, "parentheses stand in each other at most 32 deep");
    lexer_.take("(");
    lexer_.skip_space();
    if (lexer_.peek() == ')') return fail(at, "there is nothing between the parentheses");
    auto out = any(asked, depth + 1);
    if (out && !lexer_.take(")")) return fail(at, "this ( is not closed: a ) is missing");
    return out;
  }

  std::optional<std::string> quoted() {
    const std::size_t at = lexer_.at();
    auto out = lexer_.quoted();
    if (!out) fail(at, "this quote is not closed: a \" is missing");
    return out;
  }

  Made term(std::size_t depth) {
    const std::size_t at = lexer_.at();
    if (lexer_.sees("~\"")) {
      lexer_.take("~");
      const auto part = quoted();
      return part ? made(at, maker_.contains_anywhere(*part)) : std::nullopt;
    }
    if (lexer_.peek() == '"') {
      const auto text = quoted();
      if (!text) return std::nullopt;
      if (!lexer_.at_end() && kOperators.find(lexer_.peek()) != std::string_view::npos) return field(at, *text, depth);
      return made(at, maker_.word_anywhere(*text));
    }
    const std::string_view run = lexer_.run();
    const std::size_t end = run.find_first_of(kOperators);
    if (end == std::string_view::npos || AddressRange::parse(run)) return word(run);
    lexer_.skip(run.substr(0, end));
    warn_of_no_name(run, end);
    return field(at, run.substr(0, end), depth);
  }

  // An address with a port, a time of day, or an URL is not meant as a field.
  void warn_of_no_name(std::string_view run, std::size_t end) {
    const bool digit = run[0] >= '0' && run[0] <= '9';
    if (run[end] != ':' || end + 1 == run.size() || (!digit && !run.substr(end).starts_with("://"))) return;
    const auto found = find_field(run.substr(0, end));
    if (found.known) return;
    const std::string name(run.substr(0, end));
    maker_.warn("'" + name + "' is read as a field: to find the whole, put it into quotes", "\"" + std::string(run) + "\"",
                found.paths);
  }

  Made word(std::string_view run) {
    const std::size_t at = lexer_.at();
    lexer_.skip(run);
    const auto pieces = split_pattern(run);
    if (pieces.size() > 1) return made(at, maker_.like_anywhere(run));
    if (run.find('/') != std::string_view::npos && AddressRange::parse(run))
      maker_.warn("this range of addresses is a word to find: ip: finds the addresses in it", "ip:" + std::string(run));
    warn_of_tilde(run);
    return made(at, maker_.word_anywhere(pieces[0]));
  }

  void warn_of_tilde(std::string_view run) {
    if (run.size() > 1 && run[0] == '~' && is_word_byte(run[1]))
      maker_.warn("~ is a character to find: in front of quotes it finds a part", "~\"" + std::string(run.substr(1)) + "\"");
  }

  // At the operator behind a name that stood at `at`.
  Made field(std::size_t at, std::string_view name, std::size_t depth) {
    if (name.empty()) return fail(at, "the name of a field is missing in front of this, or quotes around it");
    auto found = made(at, maker_.field(name));
    if (!found) return std::nullopt;
    if (lexer_.peek() == '<' || lexer_.peek() == '>') return comparison(*found);
    const Asked asked{*std::move(found), lexer_.peek() == '='};
    lexer_.take(asked.exactly ? "=" : ":");
    return lexer_.peek() == '(' ? group(&asked, depth) : value(asked);
  }

  Made comparison(const Field& field) {
    const std::size_t at = lexer_.at();
    if (field.kind == Field::Kind::kSince || field.kind == Field::Kind::kUntil)
      return fail(at, "behind '" + field.name + "' stands :", field.name + ":");
    const bool less = lexer_.take("<");
    if (!less) lexer_.take(">");
    const bool equal = lexer_.take("=");
    const std::size_t value_at = lexer_.at();
    std::string value(lexer_.run());
    lexer_.skip(value);
    if (value.empty() && lexer_.peek() == '"') {
      auto text = quoted();
      if (!text) return std::nullopt;
      value = *std::move(text);
    } else if (value.empty()) {
      return fail(value_at, "a value is missing here, directly behind the sign");
    }
    TermMaker::Bounds bounds;
    (less ? equal ? bounds.to : bounds.before : equal ? bounds.from : bounds.above) = value;
    return made(value_at, maker_.bounds(field, bounds));
  }

  Made value(const Asked& asked) {
    const std::size_t at = lexer_.at();
    const Field& field = asked.field;
    if (!asked.exactly && lexer_.sees("~\"")) {
      lexer_.take("~");
      const auto part = quoted();
      return part ? made(at, maker_.contains(field, *part)) : std::nullopt;
    }
    if (lexer_.peek() == '"') {
      const auto text = quoted();
      if (!text) return std::nullopt;
      return made(at, asked.exactly ? maker_.is(field, *text) : maker_.match(field, *text));
    }
    const std::string_view run = lexer_.run();
    if (run.empty()) return fail(at, "a value of '" + field.name + "' is missing here, without white space in front");
    lexer_.skip(run);
    return made(at, asked.exactly ? exact(field, run) : open(field, run));
  }

  // Behind `=`, without quotes.
  Made exact(const Field& field, std::string_view run) {
    if (run.find('*') != std::string_view::npos)
      maker_.warn("behind = a star is a star: write : for any characters", field.name + ":" + std::string(run));
    return maker_.is(field, run);
  }

  // Behind `:`, without quotes.
  Made open(const Field& field, std::string_view run) {
    const auto pieces = split_pattern(run);
    if (is_anything(pieces)) return maker_.exists(field);
    if (pieces.size() > 1) return maker_.like(field, run);
    if (const std::size_t at = run.find(kRange); at != std::string_view::npos) {
      const std::string_view low = run.substr(0, at);
      const std::string_view high = run.substr(at + kRange.size());
      if (is_range(field, low, high)) return range(field, low, high);
    }
    warn_of_tilde(run);
    return maker_.match(field, pieces[0]);
  }

  // Two numbers, or one and nothing or anything: what has none is a value with dots in it.
  static bool is_range(const Field& field, std::string_view low, std::string_view high) {
    if (field.kind == Field::Kind::kSince || field.kind == Field::Kind::kUntil) return false;
    if (low.empty() && high.empty()) return false;
    return field.kind == Field::Kind::kTime || field.paths.empty() || Number::parse(low) || Number::parse(high);
  }

  Made range(const Field& field, std::string_view low, std::string_view high) {
    TermMaker::Bounds bounds;
    if (!low.empty()) bounds.from = low;
    if (!high.empty()) bounds.to = high;
    auto out = maker_.bounds(field, bounds);
    if (out && is_empty_range(*out))
      return maker_.fail("nothing is within: the lower end stands first", std::string(high) + ".." + std::string(low));
    return out;
  }

  std::string_view text_;
  Lexer lexer_;
  TermMaker maker_;
};

// The first byte that belongs to no character, or the size.
std::size_t utf8_end(std::string_view text) {
  if (is_utf8(text)) return text.size();
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t size = 1;
    while (size <= 4 && !is_utf8(text.substr(at, size))) ++size;
    if (size > 4) break;
    at += size;
  }
  return at;
}

}  // namespace

QueryResult parse_query(std::string_view text, UnixNanos now) {
  if (text.size() > kQueryBytesMax) return QueryError{"a query has at most 16,384 bytes", std::nullopt, {}};
  if (const std::size_t end = utf8_end(text); end < text.size())
    return QueryError{"the query is not UTF-8 from here on", characters(text.substr(0, end)), {}};
  return Parser(text, now).read();
}

}  // namespace stele::query
