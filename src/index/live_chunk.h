// The chunk that grows, in memory: takes entries, answers questions, and becomes a file.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "event/scalars.h"
#include "index/bits.h"
#include "index/directory.h"
#include "index/image.h"
#include "index/value_table.h"
#include "query/term.h"

namespace stele::index {

// What a chunk knows of its entries, and what it leaves open.
inline constexpr std::size_t kChunkFieldsMax = 1024;
inline constexpr std::size_t kValueBytesMax = 4096;             // of a value
inline constexpr std::size_t kChunkValueBytesMax = 256U << 20;  // of all values of a chunk
inline constexpr std::size_t kWordBytesMax = 64;

// Several may ask at once, while nobody appends.
class LiveChunk {
 public:
  // For the entries from `first_index` on, a multiple of kChunkRows.
  explicit LiveChunk(std::uint64_t first_index) : first_index_(first_index) {}

  // The next entry. There is room as long as it is not full.
  void append(std::string_view entry);
  [[nodiscard]] std::uint32_t rows() const { return rows_; }
  [[nodiscard]] bool full() const { return rows_ == kChunkRows; }
  [[nodiscard]] std::uint64_t first_index() const { return first_index_; }
  [[nodiscard]] std::uint64_t end_index() const { return first_index_ + rows_; }

  // For a term of kField, kAnywhere or kTime.
  void answer(const query::Term& leaf, Answer& out) const;

  // What stands at a path, row by row. Borrows the chunk, and holds until it is appended to.
  struct Values {
    std::span<const std::uint32_t> codes;  // numbers of values by row, 0: none; rows behind it have none
    std::span<const std::pair<std::uint16_t, std::uint32_t>> extras;
    std::span<const std::uint16_t> opaque;  // rows with values that are not known
    const ValueTable* texts = nullptr;
  };
  // Nothing when no entry has the path, or no field knows it: rows of unindexed() may have it then.
  [[nodiscard]] std::optional<Values> values(const std::string& path) const;
  [[nodiscard]] const Bits& unindexed() const { return unindexed_; }
  // Of the event in each row, nanoseconds since 1970.
  [[nodiscard]] std::span<const std::optional<std::int64_t>> times() const { return times_; }

  // Writes the whole file. The chunk is full, and `root` is that of the log's tile with these entries.
  Status write(ImageWriter& out, const LogId& log, const Hash& root) const;

 private:
  friend class ChunkWriter;
  struct Field {
    std::string path;
    ValueTable values;
    std::vector<std::uint32_t> codes;                             // numbers of values by row, 0: none; as far as there was one
    std::vector<std::pair<std::uint16_t, std::uint32_t>> extras;  // further ones, by row
    std::vector<std::uint16_t> opaque;                            // rows with values that were not taken
    std::uint32_t filled = 0;                                     // values that came
    bool has_texts = false;
  };
  Field* field(event::PathNumber path);
  void add(Field& field, std::string_view text);
  void answer_field(const Field& field, const query::Condition& test, Answer& out) const;
  void answer_time(const query::Term& term, Answer& out) const;

  std::uint64_t first_index_;
  std::uint32_t rows_ = 0;
  event::Scalars scalars_;
  std::uint64_t generation_ = 0;
  std::vector<std::int32_t> numbers_;  // of fields, by path number; -1: not known yet, -2: none
  std::deque<Field> fields_;
  std::unordered_map<std::string, std::int32_t> by_path_;
  std::vector<std::optional<std::int64_t>> times_;
  std::size_t value_bytes_ = 0;
  Bits unindexed_;
};

}  // namespace stele::index
