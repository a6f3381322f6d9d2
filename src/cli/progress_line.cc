#include "cli/progress_line.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdio>

#include "cli/text.h"

namespace stele::cli {

std::string position_text(const Position& position, double seconds) {
  std::string out = clipped(printable(position.name), 30);
  const auto total = position.bytes_total;
  if (total) {
    const double share = *total == 0 ? 1.0 : static_cast<double>(position.bytes) / static_cast<double>(*total);
    out += fmt::format("  {:.0f} %  {} of {}", 100 * share, bytes_text(position.bytes), bytes_text(*total));
  } else {
    out += "  " + bytes_text(position.bytes);
  }
  out += "  " + counted(position.events, "event", "events");
  if (seconds <= 0) return out;
  out += fmt::format("  {} events/s", grouped(static_cast<std::uint64_t>(static_cast<double>(position.events) / seconds)));
  const std::uint64_t done = position.bytes - position.bytes_begun;
  if (total && done > 0 && *total >= position.bytes) {
    const double left = static_cast<double>(*total - position.bytes) * seconds / static_cast<double>(done);
    out += "  " + duration_text(static_cast<std::uint64_t>(std::llround(left))) + " left";
  }
  return out;
}

void ProgressLine::begin() {
  begun_ = clock_.monotonic();
  shown_at_ = 0;
}

void ProgressLine::show(const Position& position) {
  constexpr std::int64_t kEvery = 100'000'000;
  const std::int64_t now = clock_.monotonic();
  if (!on_ || now - shown_at_ < kEvery) return;
  shown_at_ = now;
  shown_ = true;
  fmt::print(stderr, "\r\x1b[K{}", position_text(position, static_cast<double>(now - begun_) / 1e9));
  std::fflush(stderr);
}

void ProgressLine::clear() {
  if (!shown_) return;
  shown_ = false;
  fmt::print(stderr, "\r\x1b[K");
  std::fflush(stderr);
}

}  // namespace stele::cli
