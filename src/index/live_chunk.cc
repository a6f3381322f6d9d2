#include "index/live_chunk.h"

#include <algorithm>

#include "base/clock.h"
#include "query/matcher.h"
#include "query/text.h"

namespace stele::index {
namespace {

using Kind = query::Condition::Kind;

constexpr std::int32_t kNotKnown = -1;
constexpr std::int32_t kNone = -2;

}  // namespace

// Null for what has none here.
LiveChunk::Field* LiveChunk::field(event::PathNumber path) {
  if (path >= numbers_.size()) numbers_.resize(scalars_.paths(), kNotKnown);
  std::int32_t& number = numbers_[path];
  if (number == kNotKnown) {
    const std::string& name = scalars_.path(path);
    const auto known = by_path_.find(name);
    if (known != by_path_.end()) {
      number = known->second;
    } else if (is_original(name) || fields_.size() >= kChunkFieldsMax) {
      number = kNone;
    } else {
      number = static_cast<std::int32_t>(fields_.size());
      by_path_.emplace(name, number);
      fields_.emplace_back().path = name;
    }
  }
  return number < 0 ? nullptr : &fields_[static_cast<std::size_t>(number)];
}

void LiveChunk::append(std::string_view entry) {
  const auto& scalars = scalars_.read(entry);
  if (scalars_.generation() != generation_) {
    numbers_.clear();
    generation_ = scalars_.generation();
  }
  std::optional<std::int64_t> time;
  for (const auto& one : scalars) {
    const std::string& path = scalars_.path(one.path);
    if (path == kTimeField) {
      if (!time) time = parse_time(one.text);
    } else if (Field* known = field(one.path)) {
      add(*known, one.text);
    } else if (!is_original(path)) {
      unindexed_.set(rows_);
    }
  }
  times_.push_back(time);
  ++rows_;
}

void LiveChunk::add(Field& field, std::string_view text) {
  const auto row = static_cast<std::uint16_t>(rows_);
  if (text.size() > kValueBytesMax || value_bytes_ > kChunkValueBytesMax) {
    if (field.opaque.empty() || field.opaque.back() != row) field.opaque.push_back(row);
    return;
  }
  const std::uint32_t before = field.values.count();
  const std::uint32_t code = field.values.add(text);
  // Where the first thousands are nearly all different the rest will be: it is written as integers or hashes.
  constexpr std::uint32_t kEnough = 4096;
  ++field.filled;
  if (code == kEnough && code > before && 20 * code > 19 * field.filled) field.values.stop_looking();
  if (code > before) {
    value_bytes_ += text.size();
    field.has_texts = field.has_texts || query::is_text(text);
  }
  if (field.codes.size() <= rows_) field.codes.resize(rows_ + 1);
  std::uint32_t& first = field.codes[rows_];
  if (first == 0) {
    first = code;
  } else if (first != code) {
    field.extras.emplace_back(row, code);
  }
}

std::optional<LiveChunk::Values> LiveChunk::values(const std::string& path) const {
  const auto known = by_path_.find(path);
  if (known == by_path_.end()) return std::nullopt;
  const Field& field = fields_[static_cast<std::size_t>(known->second)];
  return Values{field.codes, field.extras, field.opaque, &field.values};
}

void LiveChunk::answer(const query::Term& leaf, Answer& out) const {
  if (leaf.kind == query::Term::Kind::kTime) return answer_time(leaf, out);
  if (leaf.kind == query::Term::Kind::kAnywhere) {
    for (const Field& field : fields_) {
      if (query::is_anywhere(leaf, field.path)) answer_field(field, *leaf.test, out);
    }
  } else {
    for (const std::string& path : leaf.paths) {
      const auto known = by_path_.find(path);
      if (known != by_path_.end()) answer_field(fields_[static_cast<std::size_t>(known->second)], *leaf.test, out);
      if (path == kTimeField || is_original(path)) out.maybe |= Bits::first(rows_);
    }
  }
  out.maybe |= unindexed_;
}

void LiveChunk::answer_field(const Field& field, const query::Condition& test, Answer& out) const {
  const bool exact = test.kind() == Kind::kIs || test.kind() == Kind::kMatch;
  std::vector<std::uint8_t> wanted(field.values.count() + 1, 0);
  bool any = false;
  const auto want = [&](std::uint32_t number) {
    any = true;
    wanted[number] = 1;
  };
  if (exact) {
    field.values.for_each_equal(query::folded(test.value()), [&](std::uint32_t number) {
      if (test(field.values.text(number))) want(number);
    });
  }
  if (!exact || (test.kind() == Kind::kMatch && field.has_texts && !test.words().empty())) {
    for (std::uint32_t number = 1; number <= field.values.count(); ++number) {
      if (wanted[number] == 0 && test(field.values.text(number))) want(number);
    }
  }
  if (any) {
    Bits found;
    for (std::size_t row = 0; row < field.codes.size(); row += 64) {
      std::uint64_t word = 0;
      const std::size_t end = std::min<std::size_t>(64, field.codes.size() - row);
      for (std::size_t i = 0; i < end; ++i) word |= std::uint64_t{wanted[field.codes[row + i]]} << i;
      found.words()[row / 64] = word;
    }
    out.add(found);
    for (const auto& [row, number] : field.extras) {
      if (wanted[number] != 0) out.add(row);
    }
  }
  for (const std::uint16_t row : field.opaque) out.maybe.set(row);
}

void LiveChunk::answer_time(const query::Term& term, Answer& out) const {
  Bits found;
  for (std::uint32_t row = 0; row < rows_; ++row) {
    const auto& time = times_[row];
    if (time && (!term.from || *time >= *term.from) && (!term.before || *time < *term.before)) found.set(row);
  }
  out.add(found);
}

}  // namespace stele::index
