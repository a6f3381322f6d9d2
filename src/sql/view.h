// What one statement reads: a log as it was when it began.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "log/store.h"
#include "search/go_on.h"
#include "search/searched.h"
#include "search/texts.h"
#include "search/tile_search.h"
#include "sql/memory.h"

namespace stele::sql {

// Before a statement is too much.
inline constexpr std::size_t kTextBytesMax = 64U << 20;
inline constexpr std::size_t kTextsMax = 1'000'000;
inline constexpr std::size_t kScansMax = 64;
inline constexpr std::size_t kGroupsMax = 1'000'000;

// Outlives all that SQLite was given of it. One thread.
struct View {
  const search::Searched& searched;
  std::shared_ptr<const log::Store> store;
  std::uint64_t size = 0;  // entries of it that are read
  UnixNanos now = 0;
  const search::GoOn& go_on;

  search::Texts texts;                                               // that SQLite may hold
  std::vector<std::shared_ptr<const search::Snapshot>> snapshots{};  // likewise, of files
  std::optional<Error> failure{};                                    // why SQLite was told to stop
  std::size_t scans = 0;                                             // at once
  std::size_t groups = 0;                                            // held for them
  std::size_t text_bytes_taken = 0;                                  // of memory, for `texts`

  void keep(const std::shared_ptr<const search::Snapshot>& snapshot) {
    if (std::find(snapshots.begin(), snapshots.end(), snapshot) == snapshots.end()) snapshots.push_back(snapshot);
  }
  // To be called when there are more texts.
  [[nodiscard]] Status count_texts() {
    const std::size_t bytes = texts.bytes();
    const bool taken = take_memory(static_cast<std::int64_t>(bytes - text_bytes_taken));
    text_bytes_taken = bytes;
    return taken && texts.bytes() <= kTextBytesMax && texts.count() <= kTextsMax
               ? Status()
               : Error{Code::kTooLarge, "the statement reads too many different texts"};
  }
  [[nodiscard]] Status ask_on() const {
    return go_on() ? Status() : Error{Code::kUnavailable, "the statement was ended before it was done"};
  }
};

}  // namespace stele::sql
