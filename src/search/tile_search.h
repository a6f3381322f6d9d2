// A query over a log, tile by tile: what the index knows, and decisions on what it leaves open.
#pragma once

#include <cstdint>
#include <memory>
#include <shared_mutex>

#include "base/result.h"
#include "index/bits.h"
#include "log/store.h"
#include "query/matcher.h"
#include "query/term.h"
#include "search/entry_reader.h"
#include "search/evaluation.h"
#include "search/go_on.h"
#include "search/indexer.h"
#include "search/plan.h"
#include "search/snapshot.h"

namespace stele::search {

// What answers for a tile: a file, a chunk in memory, or nobody. A chunk is locked as long as this lives.
struct TileSource {
  const index::IndexFile* file = nullptr;
  std::uint32_t chunk = 0;  // in that file
  const index::LiveChunk* growing = nullptr;
  std::shared_lock<std::shared_mutex> lock;
};

// About the entries that the log had when it was made. kUnavailable when `go_on` says no. Not thread-safe.
class TileSearch {
 public:
  // For the first `size` entries of the store. The term is copied, the indexer and `go_on` outlive this.
  static Result<std::unique_ptr<TileSearch>> make(Indexer& indexer, std::shared_ptr<const log::Store> store,
                                                  const query::Term& term, std::uint64_t size, const GoOn& go_on);

  // No entry outside [first, end) is meant.
  [[nodiscard]] std::uint64_t first() const { return plan_.first; }
  [[nodiscard]] std::uint64_t end() const { return plan_.end; }
  // Leaves entries out at either end.
  void narrow(std::uint64_t first, std::uint64_t end);

  // kUnavailable when the search is to end.
  [[nodiscard]] Status go_on() const;

  // What is known of the rows of tile `tile` that are within [first, end).
  Status ask(std::uint64_t tile, index::Answer& out);

  // An entry. Borrowed until the next is read; `nearby`: about how many of its bundle will be.
  Result<std::string_view> read(std::uint64_t index, std::uint32_t nearby);
  // Whether the entry `index`, whose row `answer` leaves open, is meant.
  Result<bool> decide(std::uint64_t index, const index::Answer& answer);
  // Decides on all rows that are open.
  Result<index::Bits> decide_all(std::uint64_t tile, const index::Answer& answer);

  // Where values of the tile's rows stand. A file that is found damaged answers for nothing more.
  [[nodiscard]] TileSource source(std::uint64_t tile) const;
  // To be called after values were read: whether what was read is worth nothing.
  [[nodiscard]] bool is_damaged(const TileSource& source);

  // What texts that values were read from belong to.
  [[nodiscard]] const std::shared_ptr<const Snapshot>& snapshot() const { return snapshot_; }

  [[nodiscard]] EntryReader& reader() { return reader_; }
  // Entries that were read to decide.
  [[nodiscard]] std::uint64_t decided() const { return decided_; }

 private:
  TileSearch(Indexer& indexer, std::shared_ptr<const log::Store> store, std::uint64_t size, const GoOn& go_on)
      : indexer_(indexer), reader_(std::move(store)), size_(size), go_on_(go_on), snapshot_(indexer.snapshot()) {}
  std::uint32_t ask_source(TileSource& source, std::uint64_t first, index::Answer& out);

  Indexer& indexer_;
  EntryReader reader_;
  std::uint64_t size_;
  const GoOn& go_on_;
  std::shared_ptr<const Snapshot> snapshot_;
  Plan plan_;
  std::unique_ptr<query::Matcher> matcher_;
  std::unique_ptr<FileQuestions> questions_;
  const index::IndexFile* questions_of_ = nullptr;
  std::uint64_t decided_ = 0;
};

}  // namespace stele::search
