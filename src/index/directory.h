// What stands where in an index file.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "index/dictionary.h"
#include "index/hash_table.h"
#include "index/image.h"

namespace stele::index {

using LogId = std::array<std::uint8_t, 16>;

inline constexpr std::uint32_t kChunksMax = 256;     // in one file
inline constexpr std::uint32_t kFieldsMax = 16'384;  // in one file
inline constexpr std::uint64_t kTrailerBytes = 64;

// Fields that are none of the entries'.
inline constexpr std::string_view kUnindexed =
    "\xff";  // no UTF-8, and so no path; its opaque rows have scalars of which no field knows
inline constexpr std::string_view kTimeField = "time";

// Whether it lies in the original, which is looked for only by reading: long, and hardly asked for.
inline bool is_original(std::string_view path) { return path == "original" || path.starts_with("original."); }

struct FieldPlace {
  std::string path;
  bool has_texts = false;  // among the values of its dictionary
  DictionaryPlace values;
  DictionaryPlace words;
  HashTablePlace hashes;
};

struct ColumnPlace {
  std::uint32_t field = 0;  // its number among the fields
  std::uint64_t at = 0;
  std::uint32_t size = 0;
};

struct ChunkPlace {
  Hash root{};  // of the tile of the log whose entries these are
  // Of the times of its events; low > high: none has one.
  std::int64_t time_low = std::numeric_limits<std::int64_t>::max();
  std::int64_t time_high = std::numeric_limits<std::int64_t>::min();
  std::vector<ColumnPlace> columns;  // by field, ascending
};

struct Directory {
  LogId log{};
  std::uint64_t first_index = 0;   // a multiple of kChunkRows
  std::vector<FieldPlace> fields;  // by path, ascending
  std::vector<ChunkPlace> chunks;

  [[nodiscard]] std::uint64_t end_index() const { return first_index + chunks.size() * kChunkRows; }
  [[nodiscard]] const FieldPlace* field(std::string_view path) const;
};

// Writes it behind everything else, and ends the file.
Status finish_file(ImageWriter& out, const Directory& directory);

// kCorrupt when the file is damaged or no index; kInvalid when it is of a version that is not known.
struct OpenedFile {
  std::unique_ptr<Image> image;
  Directory directory;
};
Result<OpenedFile> open_file(io::FileSystem& fs, const std::string& path);

}  // namespace stele::index
