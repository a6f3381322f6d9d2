// Entries of a log one by one, in whatever order a search wants them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "log/store.h"

namespace stele::search {

// Keeps the run of entries that it read last. Not thread-safe.
class EntryReader {
 public:
  explicit EntryReader(std::shared_ptr<const log::Store> store) : store_(std::move(store)) {}

  // Entry `index`, which is in the log; valid until the next call. `near` says how many of the entries of its bundle will be
  // asked for: where they are many, the bundle is read at once.
  Result<std::string_view> read(std::uint64_t index, std::uint32_t near = 1);

 private:
  Status load(std::uint64_t first, std::uint64_t count);

  std::shared_ptr<const log::Store> store_;
  std::uint64_t first_ = 0;
  std::string bytes_;
  std::vector<std::string_view> entries_;
};

}  // namespace stele::search
