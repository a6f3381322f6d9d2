// Rows of a few columns, alike ones together and in order: what GROUP BY, DISTINCT and ORDER BY ask for. They are counted by
// the index, and only counts and texts are kept.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "query/term.h"
#include "search/field_values.h"
#include "sql/rows.h"
#include "sql/view.h"

namespace stele::sql {

struct SortKey {
  int column = 0;
  bool descending = false;
};

// Whether the column's values are few enough for it, by what the index says.
bool has_few_values(View& view, int column);

class GroupedRows final : public Rows {
 public:
  // Of entries that the term means; each combination once, or as often as there are entries. Columns are of texts, and no other
  // is asked for. kTooLarge when there are more than kGroupsMax combinations, those of the view's others included.
  static Result<std::unique_ptr<GroupedRows>> make(View& view, const query::Term& term, const std::vector<SortKey>& keys,
                                                   bool once);
  ~GroupedRows() override;

  Status next() override;
  Status cell(int column, Cell& out) override;

 private:
  // Numbers pairs as they come: what was known of a row and the text of one key more.
  class Pairs {
   public:
    std::uint32_t number(std::uint32_t before, std::uint32_t text);
    [[nodiscard]] std::size_t count() const { return pairs_.size(); }
    [[nodiscard]] std::uint32_t before(std::uint32_t number) const { return static_cast<std::uint32_t>(pairs_[number] >> 32); }
    [[nodiscard]] std::uint32_t text(std::uint32_t number) const { return static_cast<std::uint32_t>(pairs_[number]); }

   private:
    [[nodiscard]] std::size_t slot_of(std::uint64_t pair) const;
    void grow();
    std::vector<std::uint64_t> pairs_;
    std::vector<std::uint32_t> slots_;  // numbers from 1 on, open addressing; a power of two
  };
  struct Group {
    std::vector<std::uint32_t> texts;  // by key; kNoValue: null
    std::uint64_t count = 0;
  };

  GroupedRows(View& view, const std::vector<SortKey>& keys, bool once);
  Status gather(const query::Term& term);
  Status add(search::TileSearch& tiles, std::uint64_t tile, const index::Bits& rows);
  void finish();
  [[nodiscard]] bool before(const Group& a, const Group& b) const;

  View& view_;
  std::vector<SortKey> keys_;
  bool once_;
  std::deque<search::FieldValues> values_;  // by key; none ever moves
  std::vector<Pairs> pairs_;                // by key
  std::vector<std::uint64_t> counts_;       // by number of the last key's pair
  std::vector<Group> groups_;
  std::vector<std::optional<Cell>> cells_;  // by column, of the group that is shown
  std::size_t at_ = 0;                      // the group behind it
  std::uint64_t again_ = 0;                 // how often the shown one comes again
  std::size_t told_ = 0;                    // of its groups, those that the view counts
};

}  // namespace stele::sql
