// A query over the chunks of one run of the index.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "index/bits.h"
#include "index/index_file.h"
#include "query/term.h"
#include "search/snapshot.h"

namespace stele::search {

// The answer to a whole term, for the `rows` entries from `first_index` on: `leaf` answers terms of kField, kAnywhere and kTime.
// What only an entry itself can tell is left open.
using AnswerLeaf = std::function<void(const query::Term&, index::Answer&)>;
void evaluate(const query::Term& term, std::uint64_t first_index, std::uint32_t rows, const AnswerLeaf& leaf, index::Answer& out);

// Leaves, looked up in a file when they are first asked for, by their addresses. One thread.
class FileQuestions {
 public:
  explicit FileQuestions(const index::IndexFile& file) : file_(file) {}

  void answer(const query::Term& leaf, std::uint32_t chunk, index::Answer& out);

 private:
  const index::IndexFile& file_;
  std::map<const query::Term*, index::IndexFile::Question> questions_;
};

}  // namespace stele::search
