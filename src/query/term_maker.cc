#include "query/term_maker.h"

#include <algorithm>
#include <iterator>

#include "base/bytes.h"
#include "base/spelling.h"
#include "query/moment.h"
#include "query/pattern.h"
#include "query/text.h"

namespace stele::query {
namespace {

using Kind = Field::Kind;

constexpr std::string_view kTimes =
    "write 2026-11-23, 2026-11-23T16:20, a time of RFC 3339, now, or how far back: 90s, 15m, 12h, 30d, 2w";

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

// The form of an entry's id.
bool is_entry_id(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = fold(text[i]);
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? c != '-' : (c < '0' || c > '9') && (c < 'a' || c > 'f')) return false;
  }
  return true;
}

Term joined(Term::Kind kind, std::vector<Term> terms) {
  if (terms.size() == 1) return std::move(terms[0]);
  Term out;
  out.kind = kind;
  for (Term& term : terms) {
    if (term.kind == kind)
      std::move(term.terms.begin(), term.terms.end(), std::back_inserter(out.terms));
    else
      out.terms.push_back(std::move(term));
  }
  return out;
}

}  // namespace

Term all_of(std::vector<Term> terms) { return terms.empty() ? Term() : joined(Term::Kind::kAnd, std::move(terms)); }

Term one_of(std::vector<Term> terms) { return joined(Term::Kind::kOr, std::move(terms)); }

Term none_of(Term term) {
  if (term.kind == Term::Kind::kNot) return std::move(term.terms[0]);
  Term out;
  out.kind = Term::Kind::kNot;
  out.terms.push_back(std::move(term));
  return out;
}

bool is_empty_range(const Term& term) {
  if (term.kind == Term::Kind::kIndex) return term.first >= term.end;
  if (term.from && term.before) return *term.from >= *term.before;
  if (!term.test || !term.test->low() || !term.test->high()) return false;
  return term.test->low()->number.compare(term.test->high()->number) > 0;
}

std::nullopt_t TermMaker::fail(std::string message, std::string suggestion) {
  error_ = {std::move(message), std::nullopt, std::move(suggestion)};
  return std::nullopt;
}

void TermMaker::warn(std::string message, std::string suggestion, std::vector<std::string> paths) {
  if (warnings_.size() == kWarningsMax) return;
  warnings_.push_back({{std::move(message), std::nullopt, std::move(suggestion)}, std::move(paths)});
}

bool TermMaker::fits(std::string_view value) {
  if (value.size() <= kTermValueBytesMax) return true;
  fail("values and names have at most 1,024 bytes");
  return false;
}

bool TermMaker::has_words(std::string_view words) {
  if (!next_word(words).empty()) return true;
  fail("there is no word in it: \"contains\" finds any characters");
  return false;
}

bool TermMaker::is_scalar(const Field& field) {
  if (!field.paths.empty()) return true;
  if (field.kind == Kind::kIndex)
    fail(quoted(field.name) + " is a place in the log: it takes a number or a range of them, as in idx:5..10");
  else
    fail(quoted(field.name) + " takes a time: " + std::string(kTimes));
  return false;
}

std::optional<Field> TermMaker::field(std::string_view name) {
  if (!fits(name)) return std::nullopt;
  Field out = find_field(name);
  if (out.known) return out;
  const std::string similar = similar_field(name);
  const std::string meant = similar.empty() ? "" : "; did you mean " + quoted(similar) + "?";
  warn("no entry has the field " + quoted(name) + meant, similar, out.paths);
  return out;
}

std::optional<Term> TermMaker::leaf(Term term) {
  if (++leaves_ > kTermsMax) return fail("a query has at most 256 terms");
  return term;
}

std::optional<Term> TermMaker::scalar(const Field& field, Condition test) {
  Term out;
  out.kind = Term::Kind::kField;
  out.paths = field.paths;
  out.test = std::move(test);
  return leaf(std::move(out));
}

std::optional<Term> TermMaker::anywhere(Condition test) {
  Term out;
  out.kind = Term::Kind::kAnywhere;
  out.test = std::move(test);
  return leaf(std::move(out));
}

std::optional<Term> TermMaker::with_entry_id(std::optional<Term> term, std::string_view id) {
  if (!term || !is_entry_id(id)) return term;
  Term own;
  own.kind = Term::Kind::kEntryId;
  own.id = folded(id);
  auto counted = leaf(std::move(own));
  if (!counted) return std::nullopt;
  std::vector<Term> both;
  both.push_back(*std::move(term));
  both.push_back(*std::move(counted));
  return one_of(std::move(both));
}

void TermMaker::look_at_value(const Field& field, std::string_view value) {
  const auto values = values_of(field);
  if (values.empty() || std::any_of(values.begin(), values.end(), [&](std::string_view one) { return equal_folded(one, value); }))
    return;
  std::string message = quoted(field.name) + " is one of";
  for (const std::string_view one : values) message += (one == values.front() ? " " : ", ") + std::string(one);
  warn(std::move(message), std::string(nearest(value, values)));
}

std::optional<Term> TermMaker::match(const Field& field, std::string_view value) {
  if (!fits(value)) return std::nullopt;
  switch (field.kind) {
    case Kind::kSince: return bounds(field, {.from = value});
    case Kind::kUntil: return bounds(field, {.before = value});
    case Kind::kIndex: return bounds(field, {.from = value, .to = value});
    case Kind::kId: return with_entry_id(scalar(field, Condition::match(value)), value);
    case Kind::kTime:
    case Kind::kReceived: {
      const auto moment = parse_moment(value, now_);
      if (!moment || !moment->relative) return bounds(field, {.from = value, .to = value});
      return fail(quoted(value) + " is one moment: since it, write " + field.name + ">=" + std::string(value),
                  field.name + ">=" + std::string(value));
    }
    case Kind::kScalar: break;
  }
  const bool addresses = holds_addresses(field);
  const bool range = value.find('/') != std::string_view::npos;
  const auto address = AddressRange::parse(value);
  if (addresses && address) return scalar(field, Condition::address(*address));
  if (addresses && range && parse_address(value.substr(0, value.find('/'))))
    return fail(quoted(value) + " is no range of addresses: write 10.0.0.0/8 or 2001:db8::/32");
  if (addresses && value.find_first_not_of("0123456789.:") == std::string_view::npos)
    warn(quoted(value) + " is no address: write 10.1.2.3, 10.0.0.0/8 or 10.1.*", {});
  look_at_value(field, value);
  auto out = scalar(field, Condition::match(value));
  if (!out || !range || !address) return out;
  auto within = scalar(field, Condition::address(*address));
  if (!within) return std::nullopt;
  std::vector<Term> both;
  both.push_back(*std::move(out));
  both.push_back(*std::move(within));
  return one_of(std::move(both));
}

std::optional<Term> TermMaker::is(const Field& field, std::string_view value) {
  if (field.paths.empty()) return match(field, value);
  if (!fits(value)) return std::nullopt;
  look_at_value(field, value);
  auto out = scalar(field, Condition::is(std::string(value)));
  return field.kind == Kind::kId && folded(value) == value ? with_entry_id(std::move(out), value) : out;
}

std::optional<Term> TermMaker::like(const Field& field, std::string_view pattern) {
  if (!fits(pattern) || !is_scalar(field)) return std::nullopt;
  return scalar(field, Condition::like(split_pattern(pattern)));
}

std::optional<Term> TermMaker::contains(const Field& field, std::string_view part) {
  if (!fits(part) || !is_scalar(field)) return std::nullopt;
  if (part.empty()) return fail("there is nothing to find: " + field.name + ":* finds what has the field");
  return scalar(field, Condition::contains(part));
}

std::optional<Term> TermMaker::words(const Field& field, std::string_view words) {
  if (!fits(words) || !is_scalar(field) || !has_words(words)) return std::nullopt;
  return scalar(field, Condition::words(words));
}

std::optional<Term> TermMaker::within(const Field& field, std::string_view range) {
  if (!fits(range) || !is_scalar(field)) return std::nullopt;
  const auto parsed = AddressRange::parse(range);
  if (!parsed) return fail(quoted(range) + " is no range of addresses: write 10.0.0.0/8 or 2001:db8::/32");
  return scalar(field, Condition::address(*parsed));
}

std::optional<Term> TermMaker::exists(const Field& field) {
  if (field.kind == Kind::kReceived || field.kind == Kind::kIndex) return leaf(Term());  // every entry has them
  if (!is_scalar(field)) return std::nullopt;
  return scalar(field, Condition::any());
}

std::optional<Term> TermMaker::bounds(const Field& field, const Bounds& bounds) {
  for (const auto& bound : {bounds.from, bounds.above, bounds.before, bounds.to}) {
    if (bound && !fits(*bound)) return std::nullopt;
  }
  switch (field.kind) {
    case Kind::kTime:
    case Kind::kReceived:
    case Kind::kSince:
    case Kind::kUntil: return time(field, bounds);
    case Kind::kIndex: return place(bounds);
    case Kind::kScalar:
    case Kind::kId: break;
  }
  return number(field, bounds);
}

std::optional<Term> TermMaker::time(const Field& field, const Bounds& bounds) {
  Term out;
  out.kind = field.kind == Kind::kReceived ? Term::Kind::kReceived : Term::Kind::kTime;
  const auto set = [&](std::optional<std::string_view> text, UnixNanos Moment::*side, std::optional<UnixNanos>& bound) {
    if (!text) return true;
    const auto moment = parse_moment(*text, now_);
    if (moment) bound = *moment.*side;
    if (!moment) fail(quoted(*text) + " is no time: " + std::string(kTimes));
    return moment.has_value();
  };
  if (!set(bounds.from, &Moment::first, out.from) || !set(bounds.above, &Moment::end, out.from) ||
      !set(bounds.before, &Moment::first, out.before) || !set(bounds.to, &Moment::end, out.before))
    return std::nullopt;
  return leaf(std::move(out));
}

std::optional<Term> TermMaker::place(const Bounds& bounds) {
  Term out;
  out.kind = Term::Kind::kIndex;
  const auto set = [&](std::optional<std::string_view> text, std::uint64_t more, std::uint64_t& bound) {
    if (!text) return true;
    const auto number = parse_decimal(*text);
    const bool fits = number && *number < UINT64_MAX;
    if (fits) bound = *number + more;
    if (!fits) fail(quoted(*text) + " is no place in the log: write a whole number, from 0");
    return fits;
  };
  if (!set(bounds.from, 0, out.first) || !set(bounds.above, 1, out.first) || !set(bounds.before, 0, out.end) ||
      !set(bounds.to, 1, out.end))
    return std::nullopt;
  return leaf(std::move(out));
}

std::optional<Term> TermMaker::number(const Field& field, const Bounds& bounds) {
  std::optional<Condition::Bound> low;
  std::optional<Condition::Bound> high;
  const auto set = [&](std::optional<std::string_view> text, bool included, std::optional<Condition::Bound>& bound) {
    if (!text) return true;
    const auto number = Number::parse(*text);
    if (number) bound = Condition::Bound{*number, included};
    if (!number) fail(quoted(*text) + " is no number: write it as JSON does, as in 5, -2.5 or 1e6");
    return number.has_value();
  };
  if (!set(bounds.from, true, low) || !set(bounds.above, false, low) || !set(bounds.before, false, high) ||
      !set(bounds.to, true, high))
    return std::nullopt;
  return scalar(field, Condition::number(low, high));
}

std::optional<Term> TermMaker::word_anywhere(std::string_view word) {
  if (!fits(word)) return std::nullopt;
  if (word.empty()) return fail("there is nothing to find");
  return anywhere(Condition::match(word));
}

std::optional<Term> TermMaker::words_anywhere(std::string_view words) {
  if (!fits(words) || !has_words(words)) return std::nullopt;
  return anywhere(Condition::words(words));
}

std::optional<Term> TermMaker::like_anywhere(std::string_view pattern) {
  if (!fits(pattern)) return std::nullopt;
  auto pieces = split_pattern(pattern);
  if (is_anything(pieces)) return leaf(Term());
  return anywhere(Condition::like(pieces));
}

std::optional<Term> TermMaker::contains_anywhere(std::string_view part) {
  if (!fits(part)) return std::nullopt;
  if (part.empty()) return fail("there is nothing to find");
  return anywhere(Condition::contains(part));
}

}  // namespace stele::query
