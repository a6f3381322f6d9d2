#include "search/searcher.h"

#include <algorithm>

#include "search/tile_search.h"

namespace stele::search {
namespace {

using index::Answer;
using index::Bits;
using index::kChunkRows;

class Search {
 public:
  Search(TileSearch& tiles, const SearchRequest& request, std::uint64_t size) : tiles_(tiles), request_(request) {
    result_.size = size;
    if (!request.continued) return;
    result_.total = request.continued->total;
    // What a page before had is behind us.
    if (newest_first()) {
      tiles_.narrow(0, request.continued->last);
    } else {
      tiles_.narrow(request.continued->last + 1, size);
    }
  }

  Result<SearchResult> run(const std::function<bool()>& go_on) {
    if (tiles_.first() >= tiles_.end()) return std::move(result_);
    const std::uint64_t first = tiles_.first() / kChunkRows;
    const std::uint64_t last = (tiles_.end() - 1) / kChunkRows;
    Answer answer;
    for (std::uint64_t i = 0; i <= last - first && !done(); ++i) {
      if (!go_on()) return Error{Code::kUnavailable, "the search was ended before it was done"};
      const std::uint64_t tile = newest_first() ? last - i : first + i;
      tiles_.ask(tile, answer);
      STELE_TRY(take(tile * kChunkRows, answer));
    }
    result_.read = tiles_.decided();
    return std::move(result_);
  }

 private:
  [[nodiscard]] bool newest_first() const { return request_.order == Order::kNewestFirst; }
  // A page that follows another counts no more.
  [[nodiscard]] bool done() const { return result_.more && request_.continued; }

  // Decides on the rows that are open, and takes hits until the page is full; the rest is counted.
  Status take(std::uint64_t first, const Answer& answer) {
    Status status;
    const auto each = [&](std::uint32_t row) {
      if (!answer.sure.has(row)) {
        const auto passes = tiles_.decide(first + row, answer);
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
      open.for_each(each);
    } else if (newest_first()) {
      answer.maybe.for_each_backwards(each);
    } else {
      answer.maybe.for_each(each);
    }
    return status;
  }

  Status add(std::uint64_t index) {
    if (!request_.continued) ++result_.total;
    if (result_.more || result_.hits.size() >= request_.limit || page_bytes_ > kPageBytesMax) {
      result_.more = true;
      return {};
    }
    STELE_ASSIGN(const std::string_view entry, tiles_.reader().read(index));
    page_bytes_ += entry.size();
    result_.hits.push_back({index, std::string(entry)});
    return {};
  }

  TileSearch& tiles_;
  const SearchRequest& request_;
  SearchResult result_;
  std::size_t page_bytes_ = 0;
};

}  // namespace

Result<SearchResult> search(const log::Sequencer& log, Indexer& indexer, const query::Term& term, const SearchRequest& request,
                            const std::function<bool()>& go_on) {
  const auto store = log.store();
  const std::uint64_t size = request.continued ? std::min(request.continued->size, store->size()) : store->size();
  STELE_ASSIGN(const auto tiles, TileSearch::make(indexer, store, term, size));
  return Search(*tiles, request, size).run(go_on);
}

}  // namespace stele::search
