#include "search/searcher.h"

#include <algorithm>
#include <memory>
#include <variant>

#include "query/matcher.h"
#include "search/entry_reader.h"
#include "search/evaluation.h"
#include "search/plan.h"

namespace stele::search {
namespace {

using index::Answer;
using index::Bits;
using index::kChunkRows;

// At most a chunk of the log, and what answers for it: a file, a chunk in memory, or nobody.
struct Stretch {
  std::uint64_t first = 0;  // a multiple of kChunkRows
  std::uint64_t end = 0;
  std::shared_ptr<const index::IndexFile> file;
  std::shared_ptr<const SharedChunk> chunk;
};

class Search {
 public:
  Search(Indexer& indexer, std::shared_ptr<const log::Store> store, const SearchRequest& request,
         const std::function<bool()>& go_on)
      : indexer_(indexer), reader_(store), request_(request), go_on_(go_on) {
    result_.size = request.continued ? std::min(request.continued->size, store->size()) : store->size();
  }

  Result<SearchResult> run(const query::Term& term) {
    STELE_ASSIGN(plan_, make_plan(term, reader_, result_.size));
    if (request_.continued) {
      result_.total = request_.continued->total;
      // What a page before had is behind us.
      if (newest_first()) {
        plan_.end = std::min(plan_.end, request_.continued->last);
      } else {
        plan_.first = std::max(plan_.first, request_.continued->last + 1);
      }
    }
    matcher_ = std::make_unique<query::Matcher>(plan_.term);
    if (plan_.first >= plan_.end) return std::move(result_);
    const auto snapshot = indexer_.snapshot();
    const std::uint64_t first_tile = plan_.first / kChunkRows;
    const std::uint64_t last_tile = (plan_.end - 1) / kChunkRows;
    for (std::uint64_t i = 0; i <= last_tile - first_tile && !done(); ++i) {
      if (!go_on_()) return Error{Code::kUnavailable, "the search was ended before it was done"};
      STELE_TRY(search_tile(*snapshot, newest_first() ? last_tile - i : first_tile + i));
    }
    return std::move(result_);
  }

 private:
  [[nodiscard]] bool newest_first() const { return request_.order == Order::kNewestFirst; }
  // A page that follows another counts no more.
  [[nodiscard]] bool done() const { return result_.more && request_.continued; }

  Status search_tile(const Snapshot& snapshot, std::uint64_t tile) {
    const std::uint64_t first = tile * kChunkRows;
    const auto end = static_cast<std::uint32_t>(std::min<std::uint64_t>(kChunkRows, result_.size - first));
    Bits wanted = Bits::range(static_cast<std::uint32_t>(std::max(plan_.first, first) - first),
                              static_cast<std::uint32_t>(std::min(plan_.end - first, std::uint64_t{end})));
    Answer answer;
    const std::uint32_t covered = ask(snapshot, first, answer);
    // Behind what is indexed nothing is known.
    if (covered < end) answer.maybe |= Bits::range(covered, end);
    answer.sure &= wanted;
    answer.maybe &= wanted;
    return take(first, answer);
  }

  // Fills `out` and returns how many rows of the tile it is about.
  std::uint32_t ask(const Snapshot& snapshot, std::uint64_t first, Answer& out) {
    const auto& files = snapshot.files;
    const auto behind = std::upper_bound(files.begin(), files.end(), first,
                                         [](std::uint64_t index, const auto& file) { return index < file->first_index(); });
    if (behind != files.begin() && first < (*std::prev(behind))->end_index()) {
      const index::IndexFile& file = **std::prev(behind);
      if (questions_of_ != &file) {
        questions_ = std::make_unique<FileQuestions>(file, plan_.term);
        questions_of_ = &file;
      }
      if (!file.damaged()) questions_->answer(static_cast<std::uint32_t>((first - file.first_index()) / kChunkRows), out);
      if (!file.damaged()) return kChunkRows;
      indexer_.report_damage(file);
      out.clear();
      return 0;
    }
    for (const auto& shared : snapshot.chunks) {
      if (shared->chunk.first_index() != first) continue;
      const std::shared_lock lock(shared->mutex);
      const std::uint32_t rows = shared->chunk.rows();
      evaluate(
          plan_.term, first, rows, [&](const query::Term& leaf, Answer& answer) { shared->chunk.answer(leaf, answer); }, out);
      return rows;
    }
    return 0;
  }

  // Decides on the rows that are open, and takes hits until the page is full; the rest is counted.
  Status take(std::uint64_t first, const Answer& answer) {
    Status status;
    const auto each = [&](std::uint32_t row) {
      if (!answer.sure.has(row)) {
        const auto passes = decide(first + row, answer);
        if (!passes) {
          status = passes.error();
          return false;
        }
        if (!*passes) return true;
      }
      status = add(first + row);
      return status.ok() && !done();
    };
    if (result_.more) {
      result_.total += answer.sure.count();
      Bits open = answer.maybe;
      open -= answer.sure;
      open.for_each([&](std::uint32_t row) { return each(row); });
    } else if (newest_first()) {
      answer.maybe.for_each_backwards(each);
    } else {
      answer.maybe.for_each(each);
    }
    return status;
  }

  Result<bool> decide(std::uint64_t index, const Answer& answer) {
    ++result_.read;
    STELE_ASSIGN(const std::string_view entry, reader_.read(index, open_nearby(index, answer)));
    return matcher_->matches(index, entry);
  }

  // How many rows of the same bundle are open.
  static std::uint32_t open_nearby(std::uint64_t index, const Answer& answer) {
    constexpr std::uint64_t kWordsABundle = log::kBundleEntries / 64;
    const std::uint64_t word = index % kChunkRows / log::kBundleEntries * kWordsABundle;
    std::uint32_t out = 0;
    for (std::uint64_t i = word; i < word + kWordsABundle; ++i)
      out += static_cast<std::uint32_t>(std::popcount(answer.maybe.words()[i] & ~answer.sure.words()[i]));
    return out;
  }

  Status add(std::uint64_t index) {
    if (!request_.continued) ++result_.total;
    if (result_.hits.size() >= request_.limit || page_bytes_ > kPageBytesMax) {
      result_.more = true;
      return {};
    }
    STELE_ASSIGN(const std::string_view entry, reader_.read(index));
    page_bytes_ += entry.size();
    result_.hits.push_back({index, std::string(entry)});
    return {};
  }

  Indexer& indexer_;
  EntryReader reader_;
  const SearchRequest& request_;
  const std::function<bool()>& go_on_;
  Plan plan_;
  std::unique_ptr<query::Matcher> matcher_;
  std::unique_ptr<FileQuestions> questions_;
  const index::IndexFile* questions_of_ = nullptr;
  SearchResult result_;
  std::size_t page_bytes_ = 0;
};

}  // namespace

Result<SearchResult> search(const log::Sequencer& log, Indexer& indexer, const query::Term& term, const SearchRequest& request,
                            const std::function<bool()>& go_on) {
  return Search(indexer, log.store(), request, go_on).run(term);
}

}  // namespace stele::search
