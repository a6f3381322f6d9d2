// Where hashes and entries stand in C2SP tlog-tiles: tiles of 256, their widths and their paths.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stele::merkle {

inline constexpr unsigned kTileHeight = 8;
inline constexpr std::uint64_t kTileWidth = 256;
// An entry's length is a big-endian uint16 in its bundle.
inline constexpr std::size_t kEntryBytesMax = 65'535;

// A tile of hashes, or, with `entries`, a bundle of entries. `width` 256 is a full one.
struct Tile {
  bool entries = false;
  unsigned level = 0;  // 0 to 63; 0 for bundles
  std::uint64_t index = 0;
  unsigned width = kTileWidth;

  bool operator==(const Tile&) const = default;
};

// "tile/1/x001/x234/067.p/5", "tile/entries/000".
std::string tile_path(const Tile& tile);

// Reads such a path; nothing for any other text (leading zeros in the level, a width of 0 or 256, bad groups).
std::optional<Tile> parse_tile_path(std::string_view path);

// How many hashes of tile (level, index) a tree of `size` leaves has: 0 to 256.
unsigned tile_width(unsigned level, std::uint64_t index, std::uint64_t size);

}  // namespace stele::merkle
