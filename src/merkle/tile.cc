#include "merkle/tile.h"

#include <algorithm>

#include "base/bytes.h"

namespace stele::merkle {
namespace {

constexpr std::string_view kPrefix = "tile/";
constexpr std::string_view kEntries = "entries/";

std::string index_path(std::uint64_t index) {
  std::string path = zero_padded(index % 1000, 3);
  while ((index /= 1000) != 0) path = "x" + zero_padded(index % 1000, 3) + "/" + path;
  return path;
}

// Takes the text up to the next slash off the front.
std::string_view take_part(std::string_view& rest) {
  const auto slash = rest.find('/');
  const std::string_view part = rest.substr(0, slash);
  rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
  return part;
}

std::optional<unsigned> parse_group(std::string_view text) {
  if (text.size() != 3) return std::nullopt;
  unsigned v = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    v = v * 10 + static_cast<unsigned>(c - '0');
  }
  return v;
}

}  // namespace

std::string tile_path(const Tile& tile) {
  std::string path(kPrefix);
  path += tile.entries ? std::string(kEntries) : std::to_string(tile.level) + "/";
  path += index_path(tile.index);
  if (tile.width != kTileWidth) path += ".p/" + std::to_string(tile.width);
  return path;
}

std::optional<Tile> parse_tile_path(std::string_view path) {
  if (!path.starts_with(kPrefix)) return std::nullopt;
  std::string_view rest = path.substr(kPrefix.size());
  Tile tile;
  if (rest.starts_with(kEntries)) {
    tile.entries = true;
    rest.remove_prefix(kEntries.size());
  } else {
    const auto level = parse_decimal(take_part(rest));
    if (!level || *level > 63) return std::nullopt;
    tile.level = static_cast<unsigned>(*level);
  }
  std::uint64_t index = 0;
  bool last = false;
  for (int groups = 0; !last; ++groups) {
    if (groups == 7) return std::nullopt;
    std::string_view part = take_part(rest);
    last = !part.starts_with('x');
    if (!last) part.remove_prefix(1);
    const bool partial = last && part.ends_with(".p");
    if (partial) part.remove_suffix(2);
    const auto group = parse_group(part);
    if (!group || (groups == 0 && !last && *group == 0)) return std::nullopt;
    if (index > (UINT64_MAX - *group) / 1000) return std::nullopt;
    index = index * 1000 + *group;
    if (last && partial) {
      const auto width = parse_decimal(rest);
      if (!width || *width == 0 || *width >= kTileWidth) return std::nullopt;
      tile.width = static_cast<unsigned>(*width);
      rest = {};
    }
  }
  if (!rest.empty() || path.ends_with('/')) return std::nullopt;
  tile.index = index;
  return tile;
}

unsigned tile_width(unsigned level, std::uint64_t index, std::uint64_t size) {
  if (level * kTileHeight >= 64) return 0;
  const std::uint64_t hashes = size >> (level * kTileHeight);
  if (index >= (UINT64_MAX >> kTileHeight) || hashes <= index * kTileWidth) return 0;
  return static_cast<unsigned>(std::min(hashes - index * kTileWidth, kTileWidth));
}

}  // namespace stele::merkle
