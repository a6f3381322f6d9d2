#include "query/document.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/spelling.h"
#include "event/json_tape.h"
#include "query/term_maker.h"

namespace stele::query {
namespace {

using namespace std::string_view_literals;
using event::JsonNode;
using event::JsonType;

// Each level of terms is an object in an array, and a value may be an array.
constexpr event::JsonLimits kLimits{kQueryBytesMax, 2 * (kTermDepthMax + 2) + 2, 20'000};

enum Member : std::uint8_t {
  kAnd,
  kOr,
  kNot,
  kField,
  kFrom,
  kAbove,
  kBefore,
  kTo,
  kMatch,
  kIs,
  kLike,
  kExists,
  kWithin,
  kContains,
  kWords,
  kWord,
  kMembers
};
constexpr std::array<std::string_view, kMembers> kMemberNames{"and",    "or",       "not",   "field", "from", "above",
                                                              "before", "to",       "match", "is",    "like", "exists",
                                                              "within", "contains", "words", "word"};

bool is_combination(std::size_t member) { return member <= kNot; }

class Reader {
 public:
  explicit Reader(UnixNanos now) : maker_(now) {}

  QueryResult read(std::string_view json) {
    event::JsonError error;
    if (!tape_.parse(json, kLimits, error)) return placed(error.path, {error.message, std::nullopt, {}});
    auto out = term(0, 0);
    if (!out) return std::move(maker_.error());
    return Query{*std::move(out), std::move(maker_.warnings())};
  }

 private:
  using Made = std::optional<Term>;
  // Where the members of one term stand; 0: absent.
  using Members = std::array<std::uint32_t, kMembers>;

  static QueryError placed(const std::string& pointer, QueryError error) {
    if (!pointer.empty()) error.message = pointer + ": " + error.message;
    return error;
  }

  std::nullopt_t fail(std::uint32_t index, std::string message, std::string suggestion = {}) {
    return maker_.fail(placed(tape_.path(index), {std::move(message), std::nullopt, {}}).message, std::move(suggestion));
  }

  // What the maker made of node `index`: its error and its new warnings are about that.
  template <typename T>
  std::optional<T> made(std::uint32_t index, std::optional<T> what) {
    if (!what) maker_.error() = placed(tape_.path(index), std::move(maker_.error()));
    for (; warned_ < maker_.warnings().size(); ++warned_) {
      QueryError& warning = maker_.warnings()[warned_].what;
      warning = placed(tape_.path(index), std::move(warning));
    }
    return what;
  }

  Made term(std::uint32_t index, std::size_t depth) {
    if (tape_.nodes()[index].type != JsonType::kObject) return fail(index, "a term is an object");
    if (depth > kTermDepthMax) return fail(index, "terms stand in each other at most 32 deep");
    Members members{};
    std::size_t count = 0;
    if (!find_members(index, members, count)) return std::nullopt;
    if (count == 0) return Term();
    for (std::size_t i = 0; i < kMembers; ++i) {
      if (!is_combination(i) || members[i] == 0) continue;
      if (count > 1) return fail(members[i], "\"" + std::string(kMemberNames[i]) + "\" is alone in its term");
      return combination(static_cast<Member>(i), members[i], depth);
    }
    return members[kField] != 0 ? at_field(index, members, count) : anywhere(index, members, count);
  }

  bool find_members(std::uint32_t index, Members& members, std::size_t& count) {
    bool known = true;
    tape_.for_each_child(index, [&](std::uint32_t child) {
      const std::string_view name = tape_.name(tape_.nodes()[child], scratch_);
      const auto* const found = std::find(kMemberNames.begin(), kMemberNames.end(), name);
      ++count;
      if (found != kMemberNames.end()) {
        members[static_cast<std::size_t>(found - kMemberNames.begin())] = child;
      } else if (known) {
        known = false;
        fail(child, "a term has no such member", std::string(nearest(name, kMemberNames)));
      }
    });
    return known;
  }

  Made combination(Member member, std::uint32_t index, std::size_t depth) {
    if (member == kNot) {
      auto inner = term(index, depth + 1);
      if (!inner) return std::nullopt;
      return none_of(*std::move(inner));
    }
    if (tape_.nodes()[index].type != JsonType::kArray) return fail(index, "this is an array of terms");
    std::vector<Term> terms;
    bool good = true;
    tape_.for_each_child(index, [&](std::uint32_t child) {
      if (!good) return;
      auto one = term(child, depth + 1);
      good = one.has_value();
      if (good) terms.push_back(*std::move(one));
    });
    if (!good) return std::nullopt;
    if (member == kAnd) return all_of(std::move(terms));
    if (terms.empty()) return fail(index, "there is none to choose from");
    return one_of(std::move(terms));
  }

  Made at_field(std::uint32_t index, const Members& members, std::size_t count) {
    const auto name = text(members[kField]);
    if (!name) return std::nullopt;
    if (name->empty()) return fail(members[kField], "the name of a field is missing");
    const auto field = made(members[kField], maker_.field(*name));
    if (!field) return std::nullopt;
    const auto bound_count = static_cast<std::size_t>(
        std::count_if(members.begin() + kFrom, members.begin() + kTo + 1, [](std::uint32_t at) { return at != 0; }));
    if (bound_count > 0 && bound_count + 1 == count) return bounds(*field, index, members);
    if (count != 2) return fail(index, "beside \"field\" stands one member, or bounds");
    for (std::size_t i = kMatch; i < kMembers; ++i) {
      if (members[i] != 0) return test(*field, static_cast<Member>(i), members[i]);
    }
    return std::nullopt;
  }

  Made bounds(const Field& field, std::uint32_t index, const Members& members) {
    if (members[kFrom] != 0 && members[kAbove] != 0) return fail(index, "there is one lower bound, \"from\" or \"above\"");
    if (members[kBefore] != 0 && members[kTo] != 0) return fail(index, "there is one upper bound, \"before\" or \"to\"");
    std::array<std::string, 4> texts;
    TermMaker::Bounds bounds;
    const std::array<std::optional<std::string_view>*, 4> sides{&bounds.from, &bounds.above, &bounds.before, &bounds.to};
    for (std::size_t i = 0; i < sides.size(); ++i) {
      if (members[kFrom + i] == 0) continue;
      auto value = scalar(members[kFrom + i]);
      if (!value) return std::nullopt;
      texts[i] = *std::move(value);
      *sides[i] = texts[i];
    }
    return made(index, maker_.bounds(field, bounds));
  }

  Made test(const Field& field, Member member, std::uint32_t index) {
    if (member == kMatch || member == kIs) return one_of_values(field, member, index);
    if (member == kExists) {
      if (tape_.nodes()[index].type != JsonType::kTrue) return fail(index, "this is true; what must not be there, \"not\" says");
      return made(index, maker_.exists(field));
    }
    const auto value = text(index);
    if (!value) return std::nullopt;
    switch (member) {
      case kLike: return made(index, maker_.like(field, *value));
      case kWithin: return made(index, maker_.within(field, *value));
      case kContains: return made(index, maker_.contains(field, *value));
      case kWords: return made(index, maker_.words(field, *value));
      default: return fail(index, "this stands without \"field\"; of a field, \"match\" says it");
    }
  }

  Made one_of_values(const Field& field, Member member, std::uint32_t index) {
    const auto one = [&](std::uint32_t at) -> Made {
      const auto value = scalar(at);
      if (!value) return std::nullopt;
      return made(at, member == kIs ? maker_.is(field, *value) : maker_.match(field, *value));
    };
    if (tape_.nodes()[index].type != JsonType::kArray) return one(index);
    std::vector<Term> terms;
    bool good = true;
    tape_.for_each_child(index, [&](std::uint32_t child) {
      if (!good) return;
      auto made = one(child);
      good = made.has_value();
      if (good) terms.push_back(*std::move(made));
    });
    if (!good) return std::nullopt;
    if (terms.empty()) return fail(index, "there is none to choose from");
    return one_of(std::move(terms));
  }

  Made anywhere(std::uint32_t index, const Members& members, std::size_t count) {
    if (count != 1) return fail(index, "\"field\" is missing");
    for (const Member member : {kLike, kContains, kWords, kWord}) {
      const std::uint32_t at = members[member];
      if (at == 0) continue;
      const auto value = text(at);
      if (!value) return std::nullopt;
      switch (member) {
        case kLike: return made(at, maker_.like_anywhere(*value));
        case kContains: return made(at, maker_.contains_anywhere(*value));
        case kWords: return made(at, maker_.words_anywhere(*value));
        default: return made(at, maker_.word_anywhere(*value));
      }
    }
    return fail(index, "\"field\" is missing");
  }

  std::optional<std::string> text(std::uint32_t index) {
    const JsonNode& node = tape_.nodes()[index];
    if (node.type != JsonType::kString) return fail(index, "this is a string");
    return std::string(tape_.string(node, scratch_));
  }

  // The text that a scalar of an entry would have.
  std::optional<std::string> scalar(std::uint32_t index) {
    const JsonNode& node = tape_.nodes()[index];
    switch (node.type) {
      case JsonType::kString: return text(index);
      case JsonType::kNumber:
      case JsonType::kTrue:
      case JsonType::kFalse: return std::string(tape_.raw(node));
      default: return fail(index, "this is a string, a number or a boolean");
    }
  }

  event::JsonTape tape_;
  TermMaker maker_;
  std::string scratch_;
  std::size_t warned_ = 0;
};

}  // namespace

QueryResult parse_document(std::string_view json, UnixNanos now) { return Reader(now).read(json); }

}  // namespace stele::query
