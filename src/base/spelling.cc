#include "base/spelling.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace stele {
namespace {

constexpr std::size_t kWordMax = 32;

constexpr char small(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

std::size_t slips_allowed(std::string_view known) { return known.size() <= 3 ? 0 : known.size() <= 5 ? 1 : 2; }

// Optimal string alignment distance, case ignored.
std::size_t distance(std::string_view a, std::string_view b) {
  if (a.size() > kWordMax || b.size() > kWordMax) return kWordMax;
  const auto same = [](char x, char y) { return small(x) == small(y); };
  std::array<std::array<std::uint8_t, kWordMax + 1>, kWordMax + 1> d{};
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = static_cast<std::uint8_t>(i);
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = static_cast<std::uint8_t>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      int least = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (same(a[i - 1], b[j - 1]) ? 0 : 1)});
      if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1])) least = std::min(least, d[i - 2][j - 2] + 1);
      d[i][j] = static_cast<std::uint8_t>(least);
    }
  }
  return d[a.size()][b.size()];
}

// Whether their lengths leave a chance: most words are told apart by that.
bool may_look_like(std::string_view word, std::string_view known) {
  return std::max(word.size(), known.size()) - std::min(word.size(), known.size()) <= slips_allowed(known);
}

}  // namespace

bool looks_like(std::string_view word, std::string_view known) {
  return may_look_like(word, known) && distance(word, known) <= slips_allowed(known);
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> known) {
  std::string_view out;
  std::size_t least = kWordMax;
  for (const std::string_view one : known) {
    if (!may_look_like(word, one)) continue;
    const std::size_t slips = distance(word, one);
    if (slips > slips_allowed(one) || slips >= least) continue;
    least = slips;
    out = one;
  }
  return out;
}

}  // namespace stele
