// A stream fed whole and fed in pieces: the frames are the same, within their bounds, and hold no byte that was not sent.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "collect/syslog_framer.h"

namespace {

namespace sc = stele::collect;

struct Copy {
  sc::SyslogFrame::Kind kind;
  std::string text;
  std::uint64_t length;
  bool operator==(const Copy&) const = default;
};

struct Bounds {
  std::size_t message_max, head_max;
};

void require(bool holds) {
  if (!holds) std::abort();
}

void keep(const sc::SyslogFrame& frame, const Bounds& bounds, std::vector<Copy>& out) {
  using Kind = sc::SyslogFrame::Kind;
  require(frame.text.size() <= frame.length && frame.text.size() <= bounds.message_max);
  if (frame.kind == Kind::kOversized) require(frame.length > bounds.message_max);
  if (frame.length > bounds.message_max) require(frame.text.size() <= bounds.head_max);
  if (frame.kind == Kind::kMessage) require(!frame.text.empty() && frame.length <= bounds.message_max);
  out.push_back({frame.kind, std::string(frame.text), frame.length});
}

// Feeds `stream` in pieces whose sizes repeat `sizes`; each piece lies in memory of its own, so that a view into it shows.
std::vector<Copy> frames_of(std::string_view stream, const Bounds& bounds, const std::vector<std::size_t>& sizes) {
  std::vector<Copy> out;
  sc::SyslogFramer framer(bounds.message_max, bounds.head_max);
  for (std::size_t i = 0; !stream.empty(); ++i) {
    const std::string piece(stream.substr(0, sizes[i % sizes.size()]));
    stream.remove_prefix(piece.size());
    framer.push(piece);
    while (const auto frame = framer.next()) keep(*frame, bounds, out);
  }
  if (const auto last = framer.flush()) keep(*last, bounds, out);
  require(!framer.next() && !framer.flush());
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view stream(reinterpret_cast<const char*>(data), size);
  std::vector<std::size_t> sizes;             // taken from the stream itself, so that a seed is a plain recording
  const std::size_t least = 1 + size / 4096;  // a long stream byte by byte is a second
  for (const char c : stream.substr(0, 64)) sizes.push_back(least * (1 + static_cast<unsigned char>(c) % 37U));
  sizes.push_back(3 * least);
  std::reverse(sizes.begin(), sizes.end());
  for (const Bounds& bounds :
       {Bounds{2, 1}, Bounds{12, 5}, Bounds{64, 64}, Bounds{sc::kSyslogMessageMax, sc::kSyslogOversizedHead}}) {
    const std::vector<Copy> whole = frames_of(stream, bounds, {std::max<std::size_t>(size, 1)});
    require(frames_of(stream, bounds, {least}) == whole);
    require(frames_of(stream, bounds, sizes) == whole);
  }
  return 0;
}
