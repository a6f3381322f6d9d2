// The rows of values that are nearly all different, by a hash of the value: who finds a row has to read it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "index/image.h"

namespace stele::index {

// 35 bits of a hash of the value, folded.
using ValueHash = std::uint64_t;
ValueHash value_hash(std::string_view text);

struct HashedRow {
  ValueHash hash = 0;
  std::uint32_t chunk = 0;
  std::uint16_t row = 0;

  auto operator<=>(const HashedRow&) const = default;
};

// Where a table stands: rows in the order of their hashes, 6 bytes each, then where each of 2^bits buckets ends.
struct HashTablePlace {
  std::uint64_t at = 0;
  std::uint32_t count = 0;
  std::uint32_t bits = 0;
};

// One thread.
class HashTableWriter {
 public:
  // For about `rows` rows.
  HashTableWriter(ImageWriter& out, std::uint64_t rows);
  // In order.
  void add(const HashedRow& row);
  HashTablePlace finish();

 private:
  ImageWriter& out_;
  HashTablePlace place_;
  std::vector<std::uint32_t> ends_;
};

// Borrows the image.
class HashTable {
 public:
  HashTable(const Image& image, const HashTablePlace& place) : image_(&image), place_(place) {}

  // All rows that may have the value.
  [[nodiscard]] std::vector<HashedRow> find(ValueHash hash) const;

  // Goes through all rows in order.
  class Cursor {
   public:
    explicit Cursor(const HashTable& table) : table_(&table) {}
    // False at the end.
    bool next(HashedRow& out);

   private:
    const HashTable* table_;
    std::uint32_t number_ = 0;
    std::uint32_t bucket_ = 0;
  };
  [[nodiscard]] std::uint32_t count() const { return place_.count; }

 private:
  [[nodiscard]] std::uint32_t bucket_end(std::uint32_t bucket) const;
  const Image* image_;
  HashTablePlace place_;
};

}  // namespace stele::index
