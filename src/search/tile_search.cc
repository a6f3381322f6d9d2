#include "search/tile_search.h"

#include <algorithm>
#include <bit>

namespace stele::search {
namespace {

using index::Answer;
using index::Bits;
using index::kChunkRows;

// How many rows of the same bundle are open.
std::uint32_t open_nearby(std::uint64_t index, const Answer& answer) {
  constexpr std::uint64_t kWordsABundle = log::kBundleEntries / 64;
  const std::uint64_t word = index % kChunkRows / log::kBundleEntries * kWordsABundle;
  std::uint32_t out = 0;
  for (std::uint64_t i = word; i < word + kWordsABundle; ++i)
    out += static_cast<std::uint32_t>(std::popcount(answer.maybe.words()[i] & ~answer.sure.words()[i]));
  return out;
}

}  // namespace

Result<std::unique_ptr<TileSearch>> TileSearch::make(Indexer& indexer, std::shared_ptr<const log::Store> store,
                                                     const query::Term& term, std::uint64_t size, const GoOn& go_on) {
  std::unique_ptr<TileSearch> self(new TileSearch(indexer, std::move(store), size, go_on));
  for (const auto& file : self->snapshot_->files) {
    if (!file->image().is_untouched()) indexer.report_damage(*file);
  }
  self->snapshot_ = indexer.snapshot();
  STELE_ASSIGN(self->plan_, make_plan(term, self->reader_, size));
  self->matcher_ = std::make_unique<query::Matcher>(self->plan_.term);
  return self;
}

void TileSearch::narrow(std::uint64_t first, std::uint64_t end) {
  plan_.first = std::max(plan_.first, first);
  plan_.end = std::max(plan_.first, std::min(plan_.end, end));
}

TileSource TileSearch::source(std::uint64_t tile) const {
  const std::uint64_t first = tile * kChunkRows;
  TileSource out;
  const auto& files = snapshot_->files;
  const auto behind = std::upper_bound(files.begin(), files.end(), first,
                                       [](std::uint64_t index, const auto& file) { return index < file->first_index(); });
  if (behind != files.begin() && first < (*std::prev(behind))->end_index()) {
    const index::IndexFile& file = **std::prev(behind);
    if (file.damaged()) return out;
    out.file = &file;
    out.chunk = static_cast<std::uint32_t>((first - file.first_index()) / kChunkRows);
    return out;
  }
  for (const auto& shared : snapshot_->chunks) {
    if (shared->chunk.first_index() != first) continue;
    out.lock = std::shared_lock(shared->mutex);
    out.growing = &shared->chunk;
    return out;
  }
  return out;
}

bool TileSearch::is_damaged(const TileSource& source) {
  if (source.file == nullptr || !source.file->damaged()) return false;
  indexer_.report_damage(*source.file);
  return true;
}

Status TileSearch::go_on() const {
  return go_on_() ? Status() : Error{Code::kUnavailable, "the search was ended before it was done"};
}

Status TileSearch::ask(std::uint64_t tile, Answer& out) {
  STELE_TRY(go_on());
  const std::uint64_t first = tile * kChunkRows;
  const auto end = static_cast<std::uint32_t>(std::min<std::uint64_t>(kChunkRows, size_ - first));
  out.clear();
  TileSource from = source(tile);
  std::uint32_t covered = ask_source(from, first, out);
  STELE_TRY(go_on());
  if (is_damaged(from)) {
    out.clear();
    covered = 0;
  }
  // Behind what is indexed nothing is known.
  if (covered < end) out.maybe |= Bits::range(covered, end);
  const Bits wanted = Bits::range(static_cast<std::uint32_t>(std::clamp(plan_.first, first, first + end) - first),
                                  static_cast<std::uint32_t>(std::clamp(plan_.end, first, first + end) - first));
  out.sure &= wanted;
  out.maybe &= wanted;
  return {};
}

// Returns how many rows of the tile the answer is about; when the search is to end, the answer is worth nothing. A chunk that
// grows is not locked between leaves: what it gets meanwhile is left out.
std::uint32_t TileSearch::ask_source(TileSource& source, std::uint64_t first, Answer& out) {
  if (source.file == nullptr && source.growing == nullptr) return 0;
  const std::uint32_t rows = source.growing == nullptr ? kChunkRows : source.growing->rows();
  if (source.growing != nullptr) source.lock.unlock();
  if (source.file != nullptr && questions_of_ != source.file) {
    questions_ = std::make_unique<FileQuestions>(*source.file);
    questions_of_ = source.file;
  }
  const auto leaf = [&](const query::Term& term, Answer& answer) {
    if (!go_on_()) return;
    if (source.file != nullptr) return questions_->answer(term, source.chunk, answer);
    source.lock.lock();
    source.growing->answer(term, answer);
    source.lock.unlock();
    const Bits covered = Bits::first(rows);
    answer.sure &= covered;
    answer.maybe &= covered;
  };
  evaluate(plan_.term, first, rows, leaf, out);
  return rows;
}

Result<std::string_view> TileSearch::read(std::uint64_t index, std::uint32_t nearby) {
  STELE_TRY(go_on());
  return reader_.read(index, nearby);
}

Result<bool> TileSearch::decide(std::uint64_t index, const Answer& answer) {
  ++decided_;
  STELE_ASSIGN(const std::string_view entry, read(index, open_nearby(index, answer)));
  return matcher_->matches(index, entry);
}

Result<Bits> TileSearch::decide_all(std::uint64_t tile, const Answer& answer) {
  Bits out = answer.sure;
  Bits open = answer.maybe;
  open -= answer.sure;
  Status status;
  open.for_each([&](std::uint32_t row) {
    const auto passes = decide(tile * kChunkRows + row, answer);
    if (!passes) status = passes.error();
    if (passes && *passes) out.set(row);
    return status.ok();
  });
  if (!status) return status.error();
  return out;
}

}  // namespace stele::search
