// A stream fed whole and byte by byte: the frames are the same, within their bounds.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <tuple>
#include <vector>

#include "collect/relp_framer.h"

namespace {

namespace sc = stele::collect;

constexpr std::size_t kDataMax = 9'000;

using Copy = std::tuple<std::uint32_t, std::string, std::string, std::uint64_t>;

void require(bool holds) {
  if (!holds) std::abort();
}

std::vector<Copy> frames_of(std::string_view stream, std::size_t step) {
  sc::RelpFramer framer(kDataMax);
  std::vector<Copy> out;
  while (!stream.empty()) {
    const std::string piece(stream.substr(0, step));
    stream.remove_prefix(piece.size());
    framer.push(piece);
    for (;;) {
      const auto frame = framer.next();
      if (!frame) {
        out.emplace_back(0, "", "", 0);
        return out;
      }
      if (!*frame) break;
      const sc::RelpFrame& one = **frame;
      require(one.data.size() <= one.length && (one.length > kDataMax) == (one.data.size() < one.length));
      out.emplace_back(one.number, one.command, one.data, one.length);
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view stream(reinterpret_cast<const char*>(data), size);
  const auto whole = frames_of(stream, size == 0 ? 1 : size);
  require(frames_of(stream, 1 + size / 4096) == whole);
  require(frames_of(stream, 7) == whole);
  (void)sc::relp_offers(stream);
  return 0;
}
