#include "index/code_set.h"

#include <emmintrin.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"

namespace stele::index {
namespace {

constexpr std::size_t kFew = 8;  // compared one after the other

// Sixteen rows at once: `found` has a bit for each.
void add_rows(Bits& out, std::size_t row, unsigned found) {
  out.words()[row / 64] |= static_cast<std::uint64_t>(found) << (row % 64);
}

__m128i load(const char* at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); }

}  // namespace

CodeSet::CodeSet(std::vector<std::uint16_t> codes) : codes_(std::move(codes)) {
  std::sort(codes_.begin(), codes_.end());
  codes_.erase(std::unique(codes_.begin(), codes_.end()), codes_.end());
  run_ = !codes_.empty() && std::size_t{codes_.back()} - codes_.front() + 1 == codes_.size();
  if (codes_.size() <= kFew) return;
  table_.resize(std::size_t{codes_.back()} + 1);
  for (const std::uint16_t code : codes_) table_[code] = true;
}

bool CodeSet::has(std::uint16_t code) const {
  if (!table_.empty()) return code < table_.size() && table_[code];
  return std::find(codes_.begin(), codes_.end(), code) != codes_.end();
}

void CodeSet::scan(std::string_view codes, unsigned width, Bits& out) const {
  if (codes_.empty()) return;
  if (width == 4) return scan4(codes, out);
  if (width == 8) return scan8(codes, out);
  scan16(codes, out);
}

void CodeSet::scan4(std::string_view codes, Bits& out) const {
  std::array<std::uint8_t, 256> rows{};  // of a byte: which of its two rows are wanted
  for (std::size_t byte = 0; byte < rows.size(); ++byte)
    rows[byte] = static_cast<std::uint8_t>((has(byte & 15) ? 1 : 0) | (has(static_cast<std::uint16_t>(byte >> 4)) ? 2 : 0));
  const std::size_t count = std::min<std::size_t>(codes.size(), kChunkRows / 2);
  for (std::size_t at = 0; at < count; at += 32) {
    std::uint64_t word = 0;
    const std::size_t end = std::min(count - at, std::size_t{32});
    for (std::size_t i = 0; i < end; ++i) word |= std::uint64_t{rows[static_cast<std::uint8_t>(codes[at + i])]} << (2 * i);
    out.words()[at / 32] |= word;
  }
}

void CodeSet::scan8(std::string_view codes, Bits& out) const {
  const std::size_t count = std::min<std::size_t>(codes.size(), kChunkRows);
  std::size_t row = 0;
  if (codes_.size() <= kFew) {
    for (; row + 16 <= count; row += 16) {
      const __m128i here = load(codes.data() + row);
      __m128i found = _mm_setzero_si128();
      for (const std::uint16_t code : codes_)
        found = _mm_or_si128(found, _mm_cmpeq_epi8(here, _mm_set1_epi8(static_cast<char>(code))));
      add_rows(out, row, static_cast<unsigned>(_mm_movemask_epi8(found)));
    }
  }
  for (; row < count; ++row) {
    if (has(static_cast<std::uint8_t>(codes[row]))) out.set(static_cast<std::uint32_t>(row));
  }
}

void CodeSet::scan16(std::string_view codes, Bits& out) const {
  const std::size_t count = std::min<std::size_t>(codes.size() / 2, kChunkRows);
  std::size_t row = 0;
  const auto short_of = [](std::uint16_t code) { return _mm_set1_epi16(static_cast<short>(code)); };
  if (run_ || codes_.size() <= kFew) {
    const __m128i zero = _mm_setzero_si128();
    const __m128i low = short_of(codes_.front());
    const __m128i high = short_of(codes_.back());
    // Within the run, unsigned: neither bound subtracted with saturation leaves anything.
    const auto within = [&](__m128i here) {
      return _mm_cmpeq_epi16(_mm_or_si128(_mm_subs_epu16(low, here), _mm_subs_epu16(here, high)), zero);
    };
    const auto among = [&](__m128i here) {
      __m128i found = zero;
      for (const std::uint16_t code : codes_) found = _mm_or_si128(found, _mm_cmpeq_epi16(here, short_of(code)));
      return found;
    };
    for (; row + 16 <= count; row += 16) {
      const __m128i first = load(codes.data() + 2 * row);
      const __m128i second = load(codes.data() + 2 * row + 16);
      const __m128i found = run_ ? _mm_packs_epi16(within(first), within(second)) : _mm_packs_epi16(among(first), among(second));
      add_rows(out, row, static_cast<unsigned>(_mm_movemask_epi8(found)));
    }
  }
  for (; row < count; ++row) {
    if (has(load_le<std::uint16_t>(codes.data() + 2 * row))) out.set(static_cast<std::uint32_t>(row));
  }
}

}  // namespace stele::index
