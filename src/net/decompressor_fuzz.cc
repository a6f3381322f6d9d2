// Any bytes unpacked in pieces: what comes out does not depend on the pieces, and is what unpacking them at once gives.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>

#include "net/decompress.h"
#include "net/decompressor.h"

namespace {

namespace sn = stele::net;

constexpr std::size_t kOutMax = 16U << 20;

void require(bool holds) {
  if (!holds) std::abort();
}

// Nothing when it is damaged, cut off, or too much.
std::optional<std::string> unpacked(std::string_view bytes, std::size_t step) {
  const auto decompressor = sn::make_decompressor(bytes);
  if (!decompressor) return std::nullopt;
  std::string out;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(step, bytes.size()))) {
    if (!decompressor->feed(bytes.substr(0, step), out) || out.size() > kOutMax) return std::nullopt;
  }
  if (!decompressor->end()) return std::nullopt;
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kSizeMax = 4096;
  const std::string_view bytes(reinterpret_cast<const char*>(data), std::min(size, kSizeMax));
  const auto some = unpacked(bytes, 7);
  require(unpacked(bytes, 64) == some);
  const auto whole = sn::decompress(bytes.starts_with("\x1f") ? "gzip" : "zstd", bytes, kOutMax);
  if (some && some->size() <= kOutMax) require(whole.ok() && *whole == *some);
  return 0;
}
