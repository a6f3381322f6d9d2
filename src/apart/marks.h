// Which of many small words stand in a text, in one pass, by Hyperscan's literal matcher.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct hs_database;  // Hyperscan's hs_database_t

namespace stele::apart {

class Marks {
 public:
  // The words of up to 64 kinds; upper and lower case of ASCII are one. kInvalid: too many kinds, or a word is empty.
  static Result<Marks> make(std::span<const std::vector<std::string>> words_by_kind);

  // The kinds of which a word stands in `text`, as bits. Thread-safe.
  [[nodiscard]] std::uint64_t find(std::string_view text) const;

 private:
  struct Free {
    void operator()(hs_database* database) const;
  };
  std::unique_ptr<hs_database, Free> database_;
  std::vector<std::uint64_t> kinds_;  // by the word's id
};

}  // namespace stele::apart
