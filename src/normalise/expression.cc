#include "normalise/expression.h"

#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>
#include <array>

namespace stele::normalise {
namespace {

constexpr std::int64_t kStateBytesMax = std::int64_t{64} << 20;

// Bytes, not characters: a text may be of any encoding or of none.
RE2::Options options() {
  RE2::Options options(RE2::Latin1);
  options.set_log_errors(false);
  options.set_max_mem(kStateBytesMax);
  return options;
}

re2::StringPiece piece(std::string_view text) {
  text = text.substr(0, kMatchedBytesMax);
  return {text.data(), text.size()};
}

}  // namespace

Expression::Expression(std::unique_ptr<re2::RE2> compiled) : compiled_(std::move(compiled)) {
  names_.resize(static_cast<std::size_t>(compiled_->NumberOfCapturingGroups()));
  for (const auto& [number, name] : compiled_->CapturingGroupNames()) names_[static_cast<std::size_t>(number) - 1] = name;
}

Expression::Expression(Expression&&) noexcept = default;
Expression& Expression::operator=(Expression&&) noexcept = default;
Expression::~Expression() = default;

Result<Expression> Expression::parse(const std::string& pattern) {
  if (pattern.size() > kExpressionBytesMax)
    return invalid("an expression has at most " + std::to_string(kExpressionBytesMax) + " bytes");
  auto compiled = std::make_unique<re2::RE2>(pattern, options());
  if (!compiled->ok()) return invalid("\"" + pattern + "\": " + compiled->error());
  if (compiled->NumberOfCapturingGroups() > static_cast<int>(kGroupsMax))
    return invalid("an expression has at most " + std::to_string(kGroupsMax) + " groups");
  return Expression(std::move(compiled));
}

const std::string& Expression::pattern() const { return compiled_->pattern(); }

bool Expression::match(std::string_view text, std::vector<std::string_view>& groups) const {
  std::array<re2::StringPiece, kGroupsMax + 1> found;
  const re2::StringPiece subject = piece(text);
  const int count = static_cast<int>(names_.size()) + 1;
  if (!compiled_->Match(subject, 0, subject.size(), RE2::UNANCHORED, found.data(), count)) return false;
  for (int i = 1; i < count; ++i) {
    const re2::StringPiece& group = found[static_cast<std::size_t>(i)];
    groups.emplace_back(group.data(), group.size());
  }
  return true;
}

struct ExpressionSet::Compiled {
  RE2::Set set{options(), RE2::UNANCHORED};
};

ExpressionSet::ExpressionSet() : compiled_(std::make_unique<Compiled>()) {}
ExpressionSet::~ExpressionSet() = default;
ExpressionSet::ExpressionSet(ExpressionSet&&) noexcept = default;
ExpressionSet& ExpressionSet::operator=(ExpressionSet&&) noexcept = default;

Status ExpressionSet::add(const std::string& pattern) {
  std::string error;
  if (compiled_->set.Add(pattern, &error) < 0) return invalid("\"" + pattern + "\": " + error);
  return {};
}

Status ExpressionSet::compile() {
  if (!compiled_->set.Compile()) return invalid("the expressions together are too many to be searched for at once");
  return {};
}

bool ExpressionSet::match(std::string_view text, std::vector<int>& numbers) const {
  numbers.clear();
  RE2::Set::ErrorInfo info{};
  if (!compiled_->set.Match(piece(text), &numbers, &info)) return info.kind != RE2::Set::kOutOfMemory;
  std::sort(numbers.begin(), numbers.end());
  return true;
}

}  // namespace stele::normalise
