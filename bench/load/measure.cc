#include "measure.h"

#include <sys/resource.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <utility>

namespace stele::bench {
namespace {

double seconds_of(const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6; }

std::string decimal(double value) {
  char buffer[64];
  const int length = std::snprintf(buffer, sizeof buffer, "%.3f", value);
  return std::string(buffer, static_cast<std::size_t>(length));
}

}  // namespace

std::uint64_t now_ns() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(time.tv_nsec);
}

double own_cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

// Values below 2^kSubBits have a bucket each; above, the highest kSubBits + 1 bits choose the bucket.
std::size_t Histogram::bucket_of(std::uint64_t value) {
  if (value < (1U << kSubBits)) return static_cast<std::size_t>(value);
  const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - kSubBits - 1;
  return (static_cast<std::size_t>(shift) << kSubBits) + static_cast<std::size_t>(value >> shift);
}

std::uint64_t Histogram::upper_edge(std::size_t bucket) {
  if (bucket < (2U << kSubBits)) return bucket;
  const std::size_t shift = (bucket >> kSubBits) - 1;
  const std::uint64_t head = bucket - (shift << kSubBits);
  return (head << shift) + ((std::uint64_t{1} << shift) - 1);
}

void Histogram::record(std::uint64_t value_ns) {
  ++counts_[bucket_of(value_ns)];
  ++count_;
  max_ns_ = std::max(max_ns_, value_ns);
}

std::uint64_t Histogram::quantile_ns(double share) const {
  if (count_ == 0) return 0;
  const auto rank = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    seen += counts_[bucket];
    if (seen >= rank) return std::min(upper_edge(bucket), max_ns_);
  }
  return max_ns_;
}

void JsonLine::member(std::string_view name) {
  body_ += body_.empty() ? "\"" : ",\"";
  body_ += name;
  body_ += "\":";
}

JsonLine& JsonLine::text(std::string_view name, std::string_view value) {
  member(name);
  body_ += '"';
  for (const char letter : value) {
    const bool plain = static_cast<unsigned char>(letter) >= 0x20 && letter != '"' && letter != '\\';
    if (plain) {
      body_ += letter;
      continue;
    }
    char escaped[8];
    std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(letter)));
    body_ += escaped;
  }
  body_ += '"';
  return *this;
}

JsonLine& JsonLine::count(std::string_view name, std::uint64_t value) {
  member(name);
  body_ += std::to_string(value);
  return *this;
}

JsonLine& JsonLine::real(std::string_view name, double value) {
  member(name);
  body_ += std::isfinite(value) ? decimal(value) : "null";
  return *this;
}

JsonLine& JsonLine::quantiles_us(std::string_view name, const Histogram& histogram) {
  static constexpr std::array<std::pair<std::string_view, double>, 4> kShares{
      {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p999", 0.999}}};
  JsonLine inner;
  for (const auto& [label, share] : kShares) {
    inner.real(label, static_cast<double>(histogram.quantile_ns(share)) * 1e-3);
  }
  inner.real("max", static_cast<double>(histogram.max_ns()) * 1e-3);
  member(name);
  body_ += '{' + inner.body_ + '}';
  return *this;
}

void JsonLine::print() const {
  std::printf("{%s}\n", body_.c_str());
  std::fflush(stdout);
}

}  // namespace stele::bench
