#include "base/histogram.h"

#include <algorithm>

#include "base/bytes.h"

namespace stele {
namespace {

std::string seconds(std::uint64_t micros) {
  std::string digits = zero_padded(micros % 1'000'000, 6);
  while (digits.size() > 1 && digits.back() == '0') digits.pop_back();
  return std::to_string(micros / 1'000'000) + "." + digits;
}

}  // namespace

void Histogram::record(std::int64_t nanos) {
  const auto micros = static_cast<std::uint64_t>(std::max<std::int64_t>(nanos, 0)) / 1000;
  const auto bucket = std::lower_bound(kBoundsMicros.begin(), kBoundsMicros.end(), micros) - kBoundsMicros.begin();
  counts_[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
  sum_micros_.fetch_add(micros, std::memory_order_relaxed);
}

void Histogram::append(std::string& out, std::string_view name, std::string_view labels) const {
  const std::string base(name);
  const std::string with = labels.empty() ? "" : std::string(labels) + ",";
  const std::string only = labels.empty() ? "" : "{" + std::string(labels) + "}";
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    total += counts_[i].load(std::memory_order_relaxed);
    const std::string bound = i < kBoundsMicros.size() ? seconds(kBoundsMicros[i]) : "+Inf";
    out += base + "_bucket{" + with + "le=\"" + bound + "\"} " + std::to_string(total) + "\n";
  }
  out += base + "_sum" + only + " " + seconds(sum_micros_.load(std::memory_order_relaxed)) + "\n";
  out += base + "_count" + only + " " + std::to_string(total) + "\n";
}

}  // namespace stele
