// What is measured of one group.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "search/aggregate.h"

namespace stele::search {

// Gathers one metric of one group.
class Measure {
 public:
  // An event's time.
  void add_time(std::int64_t time);
  // A value, by its number among the texts. Returns how many values are kept more than before.
  std::size_t add_text(std::uint32_t text);
  std::size_t add_number(double number, bool keep);

  // As JSON; nothing where nothing was added.
  [[nodiscard]] std::optional<std::string> result(const Metric& metric);

 private:
  std::optional<std::int64_t> first_;
  std::optional<std::int64_t> last_;
  std::unordered_set<std::uint32_t> distinct_;
  std::uint64_t count_ = 0;
  double sum_ = 0;
  double least_ = 0;
  double most_ = 0;
  std::vector<double> kept_;
};

}  // namespace stele::search
