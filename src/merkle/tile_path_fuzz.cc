// Tile paths of any bytes: what is read prints as the very same text.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "merkle/tile.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace sm = stele::merkle;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto tile = sm::parse_tile_path(text);
  if (!tile) return 0;
  const bool sane = tile->level < 64 && tile->width >= 1 && tile->width <= sm::kTileWidth && (!tile->entries || tile->level == 0);
  if (!sane || sm::tile_path(*tile) != text) std::abort();
  for (const std::uint64_t tree : {std::uint64_t{0}, tile->index, tile->index * 256, UINT64_MAX}) {
    if (sm::tile_width(tile->level, tile->index, tree) > sm::kTileWidth) std::abort();
  }
  return 0;
}
