// Tile paths, shapes and bytes against vectors of other implementations, and all that is no path.
#include "merkle/tile.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "merkle/tree.h"
#include "support/naive_tree.h"
#include "support/prng.h"
#include "support/vectors.h"

namespace stele::merkle {
namespace {

using testing::number_of;
using testing::text_of;

// Goal: paths are printed and read as other implementations do.
TEST(TilePath, is_that_of_other_implementations) {
  for (const auto vector : testing::vectors(STELE_SOURCE_DIR).list("tile_paths")) {
    Tile tile;
    const std::string level = text_of(vector, "level");
    tile.entries = level == "entries";
    if (!tile.entries) tile.level = static_cast<unsigned>(std::stoul(level));
    tile.index = number_of(vector, "n");
    tile.width = static_cast<unsigned>(number_of(vector, "width"));
    const std::string path = text_of(vector, "path");
    EXPECT_EQ(tile_path(tile), path);
    EXPECT_EQ(parse_tile_path(path), tile) << path;
  }
}

// Goal: whatever tile is printed is read back as itself, up to the largest index.
TEST(TilePath, comes_back_from_its_text) {
  constexpr std::uint64_t kSeed = 3;
  testing::Prng random(kSeed);
  for (int round = 0; round < 20'000; ++round) {
    Tile tile;
    tile.entries = random.chance(1, 3);
    if (!tile.entries) tile.level = static_cast<unsigned>(random.below(64));
    tile.index = round == 0 ? UINT64_MAX : random.next() >> random.below(64);
    tile.width = static_cast<unsigned>(1 + random.below(256));
    EXPECT_EQ(parse_tile_path(tile_path(tile)), tile) << tile_path(tile) << ", seed " << kSeed;
  }
}

// Goal: one tile has one path: every other text is none.
TEST(TilePath, is_nothing_for_any_other_text) {
  for (const std::string_view path : {
           "",
           "tile",
           "tile/",
           "tile/0",
           "tile/0/",
           "/tile/0/000",
           "tiles/0/000",
           "TILE/0/000",
           "tile/0/000/",
           "tile//0/000",
           // The level: no sign, no leading zero, at most 63, a number.
           "tile/00/000",
           "tile/01/000",
           "tile/64/000",
           "tile/-1/000",
           "tile/+1/000",
           "tile/x/000",
           "tile/0x1/000",
           "tile/ 1/000",
           "tile/18446744073709551616/000",
           "tile/entries",
           "tile/entries/",
           "tile/entries0/000",
           "tile/Entries/000",
           "tile/data/000",
           // The index: three digits a group, x before all but the last, the first not zero.
           "tile/0/0",
           "tile/0/00",
           "tile/0/0000",
           "tile/0/1000",
           "tile/0/x001",
           "tile/0/x001/",
           "tile/0/001/000",
           "tile/0/x000/000",
           "tile/0/x000/x001/000",
           "tile/0/x001/x000",
           "tile/0/x01/000",
           "tile/0/x0001/000",
           "tile/0/X001/000",
           "tile/0/xx001/000",
           "tile/0/x001/x001/001/001",
           "tile/0/x001//000",
           "tile/0/-01",
           "tile/0/0a0",
           "tile/0/x0a0/000",
           "tile/0/000 ",
           "tile/0/000\n",
           // 2^64 and more.
           "tile/0/x018/x446/x744/x073/x709/x551/616",
           "tile/0/x018/x999/x999/x999/x999/x999/999",
           "tile/0/x999/x999/x999/x999/x999/x999/999",
           "tile/0/x001/x000/x000/x000/x000/x000/x000/000",
           // The width: 1 to 255.
           "tile/0/000.p",
           "tile/0/000.p/",
           "tile/0/000.p/0",
           "tile/0/000.p/256",
           "tile/0/000.p/01",
           "tile/0/000.p/-1",
           "tile/0/000.p/+1",
           "tile/0/000.p/5/",
           "tile/0/000.p/5/5",
           "tile/0/000.p/5.p/5",
           "tile/0/000.P/5",
           "tile/0/000p/5",
           "tile/0/000/5",
           "tile/0/x001.p/5",
           "tile/0/x001.p/000",
           "tile/0/x001.p/000.p/5",
           "tile/0/.p/5",
           "tile/0/000.p/4294967297",
       }) {
    EXPECT_FALSE(parse_tile_path(path).has_value()) << path;
  }
  EXPECT_FALSE(parse_tile_path(std::string_view("tile/0/000\0", 11)).has_value());
  EXPECT_TRUE(parse_tile_path("tile/0/x018/x446/x744/x073/x709/x551/615").has_value());
}

// Goal: a path with any one byte changed is another tile's path or none.
TEST(TilePath, tells_every_changed_byte) {
  for (const std::string_view path : {"tile/1/x001/x234/067.p/5", "tile/entries/000", "tile/63/x123/456.p/255"}) {
    const auto tile = parse_tile_path(path);
    ASSERT_TRUE(tile.has_value());
    for (std::size_t at = 0; at < path.size(); ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string other(path);
        other[at] = static_cast<char>(byte);
        if (other == path) continue;
        const auto parsed = parse_tile_path(other);
        if (!parsed) continue;
        EXPECT_NE(parsed, tile) << other;
        EXPECT_EQ(tile_path(*parsed), other);
      }
    }
  }
}

// Goal: which tiles a tree has, full and partial, is what other implementations say.
TEST(TileWidth, has_the_shapes_of_other_implementations) {
  for (const auto vector : testing::vectors(STELE_SOURCE_DIR).list("tile_shapes")) {
    const std::uint64_t size = number_of(vector, "size");
    std::set<std::uint64_t> levels;
    for (const simdjson::dom::element shape : testing::member<simdjson::dom::array>(vector, "levels")) {
      const auto level = static_cast<unsigned>(number_of(shape, "level"));
      const std::uint64_t full = number_of(shape, "full");
      levels.insert(level);
      for (const std::uint64_t index : {std::uint64_t{0}, full / 2, full - 1}) {
        if (index >= full) continue;
        EXPECT_EQ(tile_width(level, index, size), 256U) << size << ", level " << level;
      }
      EXPECT_EQ(tile_width(level, full, size), number_of(shape, "partial")) << size << ", level " << level;
      EXPECT_EQ(tile_width(level, full + 1, size), 0U) << size << ", level " << level;
    }
    for (unsigned level = 0; level < 70; ++level) {
      EXPECT_EQ(tile_width(level, 0, size) > 0, levels.contains(level)) << size << ", level " << level;
    }
  }
}

// Goal: the figures that the specification is checked by, and the ends of the number range.
TEST(TileWidth, has_the_check_figures) {
  EXPECT_EQ(tile_width(0, 272, 70'000), 256U);
  EXPECT_EQ(tile_width(0, 273, 70'000), 112U);
  EXPECT_EQ(tile_width(1, 0, 70'000), 256U);
  EXPECT_EQ(tile_width(1, 1, 70'000), 17U);
  EXPECT_EQ(tile_width(2, 0, 70'000), 1U);
  EXPECT_EQ(tile_width(3, 0, 70'000), 0U);
  EXPECT_EQ(tile_width(0, UINT64_MAX, UINT64_MAX), 0U);
  EXPECT_EQ(tile_width(0, UINT64_MAX / 256 + 1, UINT64_MAX), 0U);
  EXPECT_EQ(tile_width(0, 0, UINT64_MAX), 256U);
  EXPECT_EQ(tile_width(7, 0, UINT64_MAX), 255U);
  EXPECT_EQ(tile_width(8, 0, UINT64_MAX), 0U);
  EXPECT_EQ(tile_width(63, 0, UINT64_MAX), 0U);
}

// Goal: tiles and bundles made of nodes and entries have the bytes of other implementations.
TEST(Tile, has_the_bytes_of_other_implementations) {
  const auto leaves = testing::numbered_leaves(1000);
  for (const auto vector : testing::vectors(STELE_SOURCE_DIR).list("tiles")) {
    const std::string path = text_of(vector, "path");
    const auto tile = parse_tile_path(path);
    ASSERT_TRUE(tile.has_value()) << path;
    const std::uint64_t size = number_of(vector, "size");
    EXPECT_LE(tile->width, tile_width(tile->level, tile->index, size)) << path;
    std::string bytes;
    for (std::uint64_t i = tile->index * kTileWidth; i < tile->index * kTileWidth + tile->width; ++i) {
      if (tile->entries) {
        const std::string entry = "leaf-" + std::to_string(i);
        char length[2];
        store_be16(length, static_cast<std::uint16_t>(entry.size()));
        bytes.append(length, 2);
        bytes += entry;
      } else {
        const std::uint64_t width = std::uint64_t{1} << (kTileHeight * tile->level);
        ASSERT_LE((i + 1) * width, size) << path;
        bytes += as_text(root_of(std::span(leaves).subspan(i * width, width)));
      }
    }
    EXPECT_EQ(bytes.size(), number_of(vector, "bytes")) << path;
    EXPECT_EQ(hex_encode(as_byte_span(crypto::sha256(as_byte_span(bytes)))), text_of(vector, "sha256")) << path;
  }
}

}  // namespace
}  // namespace stele::merkle
