// Sorted texts, each with a list of where it is: the values of a field, or the words of its texts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "index/bits.h"
#include "index/image.h"

namespace stele::index {

// Where a dictionary stands: its records one after the other, then the end of each, 4 bytes.
struct DictionaryPlace {
  std::uint64_t at = 0;
  std::uint32_t count = 0;
  std::uint64_t record_bytes = 0;
};

// Texts compare folded, and as they are where that is the same.
bool text_less(std::string_view a, std::string_view b);

// One thread.
class DictionaryWriter {
 public:
  explicit DictionaryWriter(ImageWriter& out) : out_(out), at_(out.offset()) {}

  // In order, none twice.
  void add(std::string_view text, std::string_view list);
  // kTooLarge when the records have more than 4 GiB: the file is then of no use.
  Result<DictionaryPlace> finish();

 private:
  ImageWriter& out_;
  std::uint64_t at_;
  std::vector<std::uint32_t> ends_;
  std::string record_;
  bool too_large_ = false;
};

// Borrows the image.
class Dictionary {
 public:
  Dictionary(const Image& image, const DictionaryPlace& place) : image_(&image), place_(place) {}

  struct Record {
    std::string_view text;
    std::string_view list;
  };
  [[nodiscard]] std::uint32_t count() const { return place_.count; }
  [[nodiscard]] Record record(std::uint32_t number) const;

  // [first, end) of the texts that are `folded` when folded, or begin so.
  [[nodiscard]] std::pair<std::uint32_t, std::uint32_t> equal(std::string_view folded) const;
  [[nodiscard]] std::pair<std::uint32_t, std::uint32_t> with_prefix(std::string_view folded) const;

 private:
  template <typename Less>
  [[nodiscard]] std::uint32_t first_not(Less&& less) const;

  const Image* image_;
  DictionaryPlace place_;
};

// The list of a value: chunks that have it, in order, its code there, and how many rows.
struct ValuePart {
  std::uint32_t chunk = 0;
  std::uint16_t code = 0;
  std::uint32_t rows = 0;
};
void put_value_part(std::string& list, const ValuePart& part, std::uint32_t chunk_before);
std::vector<ValuePart> read_value_list(std::string_view list);

// The list of a word: chunks that have it, and its rows there.
struct WordPart {
  std::uint32_t chunk = 0;
  std::uint32_t rows = 0;
  std::string_view bytes;
};
void put_word_part(std::string& list, const WordPart& part, std::uint32_t chunk_before);
std::vector<WordPart> read_word_list(std::string_view list);
// `rows` ascend.
std::string encode_rows(const std::vector<std::uint16_t>& rows);
void add_rows(const WordPart& part, Bits& out);

}  // namespace stele::index
