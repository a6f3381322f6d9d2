// From fields and what is asked of them to terms: what a query means, whichever notation it came in.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "query/fields.h"
#include "query/query.h"

namespace stele::query {

// The terms of one query. What fails gives nothing and fills error(); what is odd adds to warnings(). Neither says where.
class TermMaker {
 public:
  // `now` is not before 1970.
  explicit TermMaker(UnixNanos now) : now_(now) {}

  // At least, more than, less than, at most; as texts.
  struct Bounds {
    std::optional<std::string_view> from;
    std::optional<std::string_view> above;
    std::optional<std::string_view> before;
    std::optional<std::string_view> to;
  };

  std::optional<Field> field(std::string_view name);

  std::optional<Term> match(const Field& field, std::string_view value);
  std::optional<Term> is(const Field& field, std::string_view value);
  std::optional<Term> like(const Field& field, std::string_view pattern);
  std::optional<Term> contains(const Field& field, std::string_view part);
  std::optional<Term> words(const Field& field, std::string_view words);
  std::optional<Term> within(const Field& field, std::string_view range);
  std::optional<Term> exists(const Field& field);
  std::optional<Term> bounds(const Field& field, const Bounds& bounds);

  std::optional<Term> word_anywhere(std::string_view word);
  std::optional<Term> words_anywhere(std::string_view words);
  std::optional<Term> like_anywhere(std::string_view pattern);
  std::optional<Term> contains_anywhere(std::string_view part);

  [[nodiscard]] QueryError& error() { return error_; }
  [[nodiscard]] std::vector<QueryWarning>& warnings() { return warnings_; }
  std::nullopt_t fail(std::string message, std::string suggestion = {});
  void warn(std::string message, std::string suggestion, std::vector<std::string> paths = {});

 private:
  std::optional<Term> leaf(Term term);
  std::optional<Term> scalar(const Field& field, Condition test);
  std::optional<Term> anywhere(Condition test);
  std::optional<Term> time(const Field& field, const Bounds& bounds);
  std::optional<Term> place(const Bounds& bounds);
  std::optional<Term> number(const Field& field, const Bounds& bounds);
  std::optional<Term> with_entry_id(std::optional<Term> term, std::string_view id);
  bool is_scalar(const Field& field);
  bool fits(std::string_view value);
  bool has_words(std::string_view words);
  void look_at_value(const Field& field, std::string_view value);

  UnixNanos now_;
  std::size_t leaves_ = 0;
  QueryError error_;
  std::vector<QueryWarning> warnings_;
};

// All of `terms`, or one of them. What is of the same kind is taken in, a single one stands for itself; all of none is
// everything.
Term all_of(std::vector<Term> terms);
Term one_of(std::vector<Term> terms);
Term none_of(Term term);

// Whether the bounds of a term leave nothing between them.
bool is_empty_range(const Term& term);

}  // namespace stele::query
