#include "search/evaluation.h"

#include <algorithm>

namespace stele::search {
namespace {

using index::Answer;
using index::Bits;
using query::Term;

Bits rows_within(const Term& term, std::uint64_t first_index, std::uint32_t rows) {
  const std::uint64_t begin = std::clamp(term.first, first_index, first_index + rows) - first_index;
  const std::uint64_t end = std::clamp(term.end, first_index, first_index + rows) - first_index;
  return begin < end ? Bits::range(static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)) : Bits();
}

}  // namespace

void evaluate(const Term& term, std::uint64_t first_index, std::uint32_t rows, const AnswerLeaf& leaf, Answer& out) {
  out.clear();
  switch (term.kind) {
    case Term::Kind::kAll: return out.add(Bits::first(rows));
    case Term::Kind::kIndex: return out.add(rows_within(term, first_index, rows));
    case Term::Kind::kReceived:
    case Term::Kind::kEntryId: out.maybe = Bits::first(rows); return;
    case Term::Kind::kField:
    case Term::Kind::kAnywhere:
    case Term::Kind::kTime: return leaf(term, out);
    case Term::Kind::kNot: {
      Answer inner;
      evaluate(term.terms[0], first_index, rows, leaf, inner);
      out.add(Bits::first(rows));
      out.sure -= inner.maybe;
      out.maybe -= inner.sure;
      return;
    }
    case Term::Kind::kAnd: {
      out.add(Bits::first(rows));
      Answer inner;
      for (const Term& one : term.terms) {
        evaluate(one, first_index, rows, leaf, inner);
        out.sure &= inner.sure;
        out.maybe &= inner.maybe;
        if (!out.maybe.any()) return;
      }
      return;
    }
    case Term::Kind::kOr: {
      Answer inner;
      for (const Term& one : term.terms) {
        evaluate(one, first_index, rows, leaf, inner);
        out.sure |= inner.sure;
        out.maybe |= inner.maybe;
      }
      return;
    }
  }
}

void FileQuestions::answer(const Term& leaf, std::uint32_t chunk, Answer& out) {
  auto it = questions_.find(&leaf);
  if (it == questions_.end()) it = questions_.try_emplace(&leaf, file_, leaf).first;
  it->second.answer(chunk, out);
}

}  // namespace stele::search
