#include "random.h"

#include <algorithm>
#include <cmath>

namespace stele::bench {

double Random::exponential(double mean) { return -mean * std::log1p(-unit()); }

Zipf::Zipf(std::size_t ranks, double exponent) : cumulative_(ranks) {
  double sum = 0;
  for (std::size_t rank = 0; rank < ranks; ++rank) {
    sum += std::pow(static_cast<double>(rank + 1), -exponent);
    cumulative_[rank] = sum;
  }
}

std::size_t Zipf::draw(Random& random) const {
  const double point = random.unit() * cumulative_.back();
  const auto found = std::upper_bound(cumulative_.begin(), cumulative_.end(), point);
  return std::min(static_cast<std::size_t>(found - cumulative_.begin()), cumulative_.size() - 1);
}

}  // namespace stele::bench
