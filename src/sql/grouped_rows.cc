#include "sql/grouped_rows.h"

#include <algorithm>
#include <mutex>

#include "search/dense_count.h"
#include "sql/columns.h"

namespace stele::sql {
namespace {

using index::Bits;
using index::kChunkRows;
using search::kNoValue;

constexpr std::uint32_t kFewValues = 20'000;
constexpr std::size_t kGroupBytes = 100;  // about

bool has_few(const search::Snapshot& snapshot, const std::string& path) {
  const bool files = std::all_of(snapshot.files.begin(), snapshot.files.end(), [&](const auto& file) {
    const index::FieldPlace* place = file->directory().field(path);
    return place == nullptr || (place->values.count <= kFewValues && place->hashes.count == 0 && place->words.count == 0);
  });
  return files && std::all_of(snapshot.chunks.begin(), snapshot.chunks.end(), [&](const auto& shared) {
           const std::shared_lock lock(shared->mutex);
           const auto values = shared->chunk.values(path);
           return !values || values->texts->count() <= kFewValues;
         });
}

std::vector<std::string> paths_of(int column) {
  std::vector<std::string> out;
  for (const std::string_view path : columns()[static_cast<std::size_t>(column)].paths) {
    if (!path.empty()) out.emplace_back(path);
  }
  return out;
}

}  // namespace

bool has_few_values(View& view, int column) {
  const auto snapshot = view.searched.indexer->snapshot();
  const auto paths = paths_of(column);
  return !paths.empty() && std::all_of(paths.begin(), paths.end(), [&](const auto& path) { return has_few(*snapshot, path); });
}

std::uint32_t GroupedRows::Pairs::number(std::uint32_t before, std::uint32_t text) {
  if (pairs_.size() * 2 >= slots_.size()) grow();
  const std::uint64_t pair = std::uint64_t{before} << 32 | text;
  std::uint32_t& slot = slots_[slot_of(pair)];
  if (slot == 0) {
    pairs_.push_back(pair);
    slot = static_cast<std::uint32_t>(pairs_.size());
  }
  return slot - 1;
}

// Where the pair stands, or would.
std::size_t GroupedRows::Pairs::slot_of(std::uint64_t pair) const {
  const std::uint64_t mixed = pair * 0x9e3779b97f4a7c15U;
  std::size_t at = (mixed ^ mixed >> 32) & (slots_.size() - 1);
  while (slots_[at] != 0 && pairs_[slots_[at] - 1] != pair) at = (at + 1) & (slots_.size() - 1);
  return at;
}

void GroupedRows::Pairs::grow() {
  constexpr std::size_t kLeast = 64;
  slots_.assign(std::max(kLeast, slots_.size() * 2), 0);
  for (std::size_t i = 0; i < pairs_.size(); ++i) slots_[slot_of(pairs_[i])] = static_cast<std::uint32_t>(i + 1);
}

GroupedRows::GroupedRows(View& view, const std::vector<SortKey>& keys, bool once)
    : view_(view), keys_(keys), once_(once), pairs_(keys.size()), cells_(columns().size()) {
  for (const SortKey& key : keys) values_.emplace_back(paths_of(key.column), view.texts);
}

GroupedRows::~GroupedRows() {
  view_.groups -= told_;
  give_back_memory(static_cast<std::int64_t>(told_ * kGroupBytes));
}

Result<std::unique_ptr<GroupedRows>> GroupedRows::make(View& view, const query::Term& term, const std::vector<SortKey>& keys,
                                                       bool once) {
  std::unique_ptr<GroupedRows> self(new GroupedRows(view, keys, once));
  STELE_TRY(self->gather(term));
  self->finish();
  return self;
}

Status GroupedRows::gather(const query::Term& term) {
  STELE_ASSIGN(const auto tiles, search::TileSearch::make(*view_.searched.indexer, view_.store, view_.searched.within(term),
                                                          view_.size, view_.go_on));
  index::Answer answer;
  for (std::uint64_t tile = tiles->first() / kChunkRows; tile * kChunkRows < tiles->end(); ++tile) {
    STELE_TRY(view_.ask_on());
    STELE_TRY(tiles->ask(tile, answer));
    if (!answer.maybe.any()) continue;
    STELE_ASSIGN(const Bits rows, tiles->decide_all(tile, answer));
    STELE_TRY(add(*tiles, tile, rows));
  }
  return {};
}

Status GroupedRows::add(search::TileSearch& tiles, std::uint64_t tile, const Bits& rows) {
  const auto count = [&](std::uint64_t rows_alike, auto&& text_of) {
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < pairs_.size(); ++i) number = pairs_[i].number(number, text_of(i));
    if (number >= counts_.size()) counts_.resize(number + 1);
    counts_[number] += rows_alike;
  };
  std::vector<search::CountKey> keys;
  for (search::FieldValues& values : values_) keys.push_back({&values});
  const bool counted =
      search::count_dense(tiles, tile, rows, keys, [&](std::span<const std::uint64_t> parts, std::uint64_t rows_alike) {
        count(rows_alike,
              [&](std::size_t i) { return parts[i] == search::kNoPart ? kNoValue : static_cast<std::uint32_t>(parts[i]); });
      });
  if (!counted) {
    for (search::FieldValues& values : values_) STELE_TRY(values.load(tiles, tile, rows));
    rows.for_each([&](std::uint32_t row) {
      count(1, [&](std::size_t i) { return values_[i].first(row); });
      return true;
    });
  }
  const std::size_t more = counts_.size() - told_;
  view_.groups += more;
  told_ = counts_.size();
  if (!take_memory(static_cast<std::int64_t>(more * kGroupBytes)) || view_.groups > kGroupsMax)
    return Error{Code::kTooLarge, "the statement makes too many groups; narrow it or group by less"};
  return view_.count_texts();
}

void GroupedRows::finish() {
  for (std::uint32_t i = 0; i < counts_.size(); ++i) {
    Group group;
    group.count = counts_[i];
    group.texts.resize(keys_.size());
    std::uint32_t number = i;
    for (std::size_t key = keys_.size(); key-- > 0;) {
      group.texts[key] = pairs_[key].text(number);
      number = pairs_[key].before(number);
    }
    groups_.push_back(std::move(group));
  }
  std::sort(groups_.begin(), groups_.end(), [&](const Group& a, const Group& b) { return before(a, b); });
}

// Null comes before any text, and texts compare by their bytes.
bool GroupedRows::before(const Group& a, const Group& b) const {
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    if (a.texts[i] == b.texts[i]) continue;
    const bool less =
        a.texts[i] == kNoValue || (b.texts[i] != kNoValue && view_.texts.text(a.texts[i]) < view_.texts.text(b.texts[i]));
    return less != keys_[i].descending;
  }
  return false;
}

Status GroupedRows::next() {
  if (again_ > 0) {
    --again_;
  } else if (at_ == groups_.size()) {
    at_end_ = true;
  } else {
    const Group& group = groups_[at_++];
    again_ = once_ ? 0 : group.count - 1;
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      const std::uint32_t text = group.texts[i];
      cells_[static_cast<std::size_t>(keys_[i].column)] = text == kNoValue ? Cell() : Cell::of(view_.texts.text(text), true);
    }
  }
  return {};
}

Status GroupedRows::cell(int column, Cell& out) {
  const auto& cell = cells_[static_cast<std::size_t>(column)];
  if (!cell) return Error{Code::kInternal, "a column was asked for that is none of those in groups"};
  out = *cell;
  return {};
}

}  // namespace stele::sql
