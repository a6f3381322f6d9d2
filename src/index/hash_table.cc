#include "index/hash_table.h"

#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <string>

#include "index/encoding.h"
#include "query/text.h"

namespace stele::index {
namespace {

constexpr unsigned kHashBits = 35;
constexpr unsigned kRestBits = 24;  // stored with each row
constexpr unsigned kBitsMin = kHashBits - kRestBits;
constexpr unsigned kBitsMax = 19;       // 16.7 million rows
constexpr std::uint64_t kRowBytes = 6;  // rest 3, chunk 1, row 2
constexpr std::uint64_t kRowsABucket = 32;

std::uint32_t rest_of(ValueHash hash) { return static_cast<std::uint32_t>(hash & ((1U << kRestBits) - 1)); }

}  // namespace

ValueHash value_hash(std::string_view text) {
  const std::string folded = query::folded(text);
  return XXH3_64bits(folded.data(), folded.size()) >> (64 - kHashBits);
}

HashTableWriter::HashTableWriter(ImageWriter& out, std::uint64_t rows) : out_(out) {
  place_.at = out.offset();
  place_.bits = std::clamp<unsigned>(static_cast<unsigned>(std::bit_width(rows / kRowsABucket)), kBitsMin, kBitsMax);
  ends_.assign(std::size_t{1} << place_.bits, 0);
}

void HashTableWriter::add(const HashedRow& row) {
  char bytes[kRowBytes];
  store_le(bytes, rest_of(row.hash) | static_cast<std::uint32_t>(row.chunk) << kRestBits);
  store_le(bytes + 4, row.row);
  out_.append({bytes, sizeof bytes});
  ends_[static_cast<std::size_t>(row.hash >> (kHashBits - place_.bits))] = ++place_.count;
}

HashTablePlace HashTableWriter::finish() {
  std::string ends;
  std::uint32_t last = 0;
  for (const std::uint32_t end : ends_) put(ends, last = std::max(last, end));
  out_.append(ends);
  return place_;
}

std::uint32_t HashTable::bucket_end(std::uint32_t bucket) const {
  const std::string_view bytes = image_->at(place_.at + kRowBytes * place_.count + 4 * std::uint64_t{bucket}, 4);
  return bytes.size() < 4 ? 0 : std::min(load_le<std::uint32_t>(bytes.data()), place_.count);
}

std::vector<HashedRow> HashTable::find(ValueHash hash) const {
  std::vector<HashedRow> out;
  if (place_.count == 0) return out;
  const auto bucket = static_cast<std::uint32_t>(hash >> (kHashBits - place_.bits));
  const std::uint32_t begin = bucket == 0 ? 0 : bucket_end(bucket - 1);
  const std::uint32_t end = bucket_end(bucket);
  if (begin >= end) return out;
  Decoder in(image_->at(place_.at + kRowBytes * begin, kRowBytes * (end - begin)));
  for (std::uint32_t i = begin; i < end && in.ok(); ++i) {
    std::uint32_t rest = in.get<std::uint16_t>();
    rest |= static_cast<std::uint32_t>(in.get<std::uint8_t>()) << 16;
    const std::uint32_t chunk = in.get<std::uint8_t>();
    const auto row = in.get<std::uint16_t>();
    if (rest == rest_of(hash)) out.push_back({hash, chunk, row});
  }
  return out;
}

bool HashTable::Cursor::next(HashedRow& out) {
  const HashTablePlace& place = table_->place_;
  if (number_ >= place.count) return false;
  while (bucket_ + 1 < (1U << place.bits) && number_ >= table_->bucket_end(bucket_)) ++bucket_;
  Decoder in(table_->image_->at(place.at + kRowBytes * number_, kRowBytes));
  ValueHash rest = in.get<std::uint16_t>();
  rest |= static_cast<ValueHash>(in.get<std::uint8_t>()) << 16;
  out.chunk = in.get<std::uint8_t>();
  out.row = in.get<std::uint16_t>();
  // The rest has what the bucket's number leaves out, and perhaps more.
  const unsigned below = kHashBits - place.bits;
  out.hash = static_cast<ValueHash>(bucket_) << below | (rest & ((ValueHash{1} << below) - 1));
  ++number_;
  return in.ok();
}

}  // namespace stele::index
