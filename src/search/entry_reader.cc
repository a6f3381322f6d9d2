#include "search/entry_reader.h"

#include <algorithm>

#include "event/entry.h"

namespace stele::search {
namespace {

constexpr std::uint32_t kManyBlocks = 4;  // of a bundle's sixteen blocks

}  // namespace

Result<std::string_view> EntryReader::read(std::uint64_t index, std::uint32_t near) {
  if (index < first_ || index >= first_ + entries_.size()) {
    const std::uint64_t run = near > kManyBlocks ? log::kBundleEntries : log::kBlockEntries;
    const std::uint64_t first = index / run * run;
    STELE_TRY(load(first, std::min(run, store_->size() - first)));
    if (index >= first_ + entries_.size()) return corrupt("entry " + std::to_string(index) + " is not where it should be");
  }
  return entries_[index - first_];
}

Status EntryReader::load(std::uint64_t first, std::uint64_t count) {
  entries_.clear();
  STELE_ASSIGN(bytes_, store_->read(first, count));
  first_ = first;
  return event::for_each_entry(bytes_, [&](std::string_view entry) { entries_.push_back(entry); });
}

}  // namespace stele::search
