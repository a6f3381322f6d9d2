#include "search/searcher.h"

#include <algorithm>
#include <memory>
#include <span>

#include "search/tile_search.h"

namespace stele::search {
namespace {

using index::Answer;
using index::Bits;
using index::kChunkRows;

class Search {
 public:
  Search(TileSearch& tiles, std::shared_ptr<const log::Store> store, const SearchRequest& request, std::uint64_t size)
      : tiles_(tiles), store_(std::move(store)), request_(request) {
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

  Result<SearchResult> run() {
    if (tiles_.first() >= tiles_.end()) return std::move(result_);
    const std::uint64_t first = tiles_.first() / kChunkRows;
    const std::uint64_t last = (tiles_.end() - 1) / kChunkRows;
    Answer answer;
    for (std::uint64_t i = 0; i <= last - first && !done(); ++i) {
      const std::uint64_t tile = newest_first() ? last - i : first + i;
      STELE_TRY(tiles_.ask(tile, answer));
      STELE_TRY(take(tile * kChunkRows, answer));
    }
    result_.read = tiles_.decided();
    STELE_TRY(read_page());
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
      add(first + row, !answer.sure.has(row));
      return !done();
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

  // `was_read`: to decide, and so its entry is at hand.
  void add(std::uint64_t index, bool was_read) {
    if (!request_.continued) ++result_.total;
    if (result_.more || result_.hits.size() >= request_.limit) {
      result_.more = true;
      return;
    }
    Hit& hit = result_.hits.emplace_back();
    hit.index = index;
    const auto entry = was_read ? tiles_.reader().read(index) : Result<std::string_view>(std::string_view());
    if (entry) hit.entry = *entry;
  }

  // A page ends early where its entries are long.
  Status read_page() {
    constexpr std::size_t kAtOnce = 128;
    std::size_t bytes = 0;
    for (std::size_t at = 0; at < result_.hits.size(); at += kAtOnce) {
      const auto some = std::span(result_.hits).subspan(at, std::min(kAtOnce, result_.hits.size() - at));
      STELE_TRY(read_hits(some, store_));
      for (std::size_t i = 0; i < some.size(); ++i) {
        bytes += some[i].entry.size();
        if (bytes <= kPageBytesMax || at + i + 1 == result_.hits.size()) continue;
        result_.hits.resize(at + i + 1);
        result_.more = true;
        return {};
      }
    }
    return {};
  }

  TileSearch& tiles_;
  std::shared_ptr<const log::Store> store_;
  const SearchRequest& request_;
  SearchResult result_;
};

}  // namespace

Result<SearchResult> search(const Searched& searched, const query::Term& term, const SearchRequest& request, const GoOn& go_on) {
  const auto store = searched.log->store();
  const std::uint64_t size = request.continued ? std::min(request.continued->size, store->size()) : store->size();
  STELE_ASSIGN(const auto tiles, TileSearch::make(*searched.indexer, store, searched.within(term), size, go_on));
  return Search(*tiles, store, request, size).run();
}

}  // namespace stele::search
