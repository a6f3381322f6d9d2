#include "index/dictionary.h"

#include <limits>

#include "index/encoding.h"
#include "query/text.h"

namespace stele::index {
namespace {

constexpr std::size_t kBitmapFrom = kChunkRows / 8;  // rows; fewer stand as distances

}  // namespace

bool text_less(std::string_view a, std::string_view b) {
  const int order = query::compare_folded(a, b);
  return order != 0 ? order < 0 : a < b;
}

void DictionaryWriter::add(std::string_view text, std::string_view list) {
  record_.clear();
  put_varint(record_, text.size());
  record_ += text;
  record_ += list;
  out_.append(record_);
  const std::uint64_t end = out_.offset() - at_;
  too_large_ =
      too_large_ || end > std::numeric_limits<std::uint32_t>::max() || ends_.size() == std::numeric_limits<std::uint32_t>::max();
  if (!too_large_) ends_.push_back(static_cast<std::uint32_t>(end));
}

Result<DictionaryPlace> DictionaryWriter::finish() {
  if (too_large_) return Error{Code::kTooLarge, "a dictionary of the index would have more than 4 GiB"};
  const std::uint64_t bytes = out_.offset() - at_;
  std::string ends;
  for (const std::uint32_t end : ends_) put(ends, end);
  out_.append(ends);
  return DictionaryPlace{at_, static_cast<std::uint32_t>(ends_.size()), bytes};
}

Dictionary::Record Dictionary::record(std::uint32_t number) const {
  const std::uint64_t ends = place_.at + place_.record_bytes;
  std::uint32_t begin = 0;
  if (number > 0) {
    const std::string_view bytes = image_->at(ends + 4 * std::uint64_t{number - 1}, 8);
    if (bytes.size() < 8) return {};
    begin = load_le<std::uint32_t>(bytes.data());
  }
  const std::string_view last = image_->at(ends + 4 * std::uint64_t{number}, 4);
  if (last.size() < 4) return {};
  const auto end = load_le<std::uint32_t>(last.data());
  if (begin > end || end > place_.record_bytes) {
    image_->set_damaged();
    return {};
  }
  Decoder in(image_->at(place_.at + begin, end - begin));
  Record out;
  out.text = in.bytes(in.varint());
  out.list = in.rest();
  if (!in.ok()) image_->set_damaged();
  return out;
}

// The first text for which less(text) does not hold; it holds for all before.
template <typename Less>
std::uint32_t Dictionary::first_not(Less&& less) const {
  std::uint32_t low = 0;
  std::uint32_t high = place_.count;
  while (low < high) {
    const std::uint32_t middle = low + (high - low) / 2;
    if (less(record(middle).text)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

std::pair<std::uint32_t, std::uint32_t> Dictionary::equal(std::string_view folded) const {
  const std::uint32_t first = first_not([&](std::string_view text) { return query::compare_folded(text, folded) < 0; });
  std::uint32_t end = first;
  while (end < place_.count && query::equal_folded(record(end).text, folded)) ++end;
  return {first, end};
}

std::pair<std::uint32_t, std::uint32_t> Dictionary::with_prefix(std::string_view folded) const {
  const std::uint32_t first = first_not([&](std::string_view text) { return query::compare_folded(text, folded) < 0; });
  const std::uint32_t end =
      first_not([&](std::string_view text) { return query::compare_folded(text.substr(0, folded.size()), folded) <= 0; });
  return {first, end};
}

void put_value_part(std::string& list, const ValuePart& part, std::uint32_t chunk_before) {
  put_varint(list, part.chunk - chunk_before);
  put_varint(list, part.code);
  put_varint(list, part.rows);
}

std::vector<ValuePart> read_value_list(std::string_view list) {
  std::vector<ValuePart> out;
  Decoder in(list);
  std::uint32_t chunk = 0;
  while (in.ok() && !in.at_end()) {
    chunk += static_cast<std::uint32_t>(in.varint());
    const auto code = static_cast<std::uint16_t>(in.varint());
    out.push_back({chunk, code, static_cast<std::uint32_t>(in.varint())});
  }
  return out;
}

void put_word_part(std::string& list, const WordPart& part, std::uint32_t chunk_before) {
  put_varint(list, part.chunk - chunk_before);
  put_varint(list, part.rows);
  put_varint(list, part.bytes.size());
  list += part.bytes;
}

std::vector<WordPart> read_word_list(std::string_view list) {
  std::vector<WordPart> out;
  Decoder in(list);
  std::uint32_t chunk = 0;
  while (in.ok() && !in.at_end()) {
    chunk += static_cast<std::uint32_t>(in.varint());
    const auto rows = static_cast<std::uint32_t>(in.varint());
    out.push_back({chunk, rows, in.bytes(in.varint())});
  }
  return out;
}

std::string encode_rows(const std::vector<std::uint16_t>& rows) {
  std::string out;
  if (rows.size() >= kBitmapFrom) {
    Bits bits;
    for (const std::uint16_t row : rows) bits.set(row);
    for (const std::uint64_t word : bits.words()) put(out, word);
    return out;
  }
  std::uint32_t before = 0;
  for (const std::uint16_t row : rows) {
    put_varint(out, row - before);
    before = row;
  }
  return out;
}

void add_rows(const WordPart& part, Bits& out) {
  Decoder in(part.bytes);
  if (part.rows >= kBitmapFrom) {
    for (std::uint64_t& word : out.words()) word |= in.get<std::uint64_t>();
    return;
  }
  std::uint64_t row = 0;
  while (in.ok() && !in.at_end()) {
    row += in.varint();
    if (row < kChunkRows) out.set(static_cast<std::uint32_t>(row));
  }
}

}  // namespace stele::index
