// Which codes of a chunk's column are wanted, and the scans that find their rows.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "index/bits.h"

namespace stele::index {

class CodeSet {
 public:
  // Codes in any order, perhaps twice.
  explicit CodeSet(std::vector<std::uint16_t> codes);
  [[nodiscard]] bool empty() const { return codes_.empty(); }
  [[nodiscard]] bool has(std::uint16_t code) const;

  // Adds the rows whose code is in the set. `codes` has a code of `width` bits (4, 8 or 16) for each row from 0 on.
  void scan(std::string_view codes, unsigned width, Bits& out) const;

 private:
  void scan4(std::string_view codes, Bits& out) const;
  void scan8(std::string_view codes, Bits& out) const;
  void scan16(std::string_view codes, Bits& out) const;

  std::vector<std::uint16_t> codes_;  // ascending
  std::vector<bool> table_;           // by code, where they are many
  bool run_ = false;                  // from the first to the last without a gap
};

}  // namespace stele::index
