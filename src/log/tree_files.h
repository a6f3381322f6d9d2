// The stored part of the tree: roots of full tiles, one file a level, kept twice and kept for ever.
//
// tree/<L>.hashes and tree/<L>.copy hold, 32 bytes each, the hashes of tile level L >= 1: number N is the root of full
// tile N of level L - 1. They carry no checksum of their own: each tile's root stands one level up, and the last is
// under the signed root.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/file.h"
#include "log/damage.h"

namespace stele::log {

// One writer; reading is thread-safe and may go on beside the writer for hashes that were there before.
class TreeFiles {
 public:
  static constexpr unsigned kLevelMax = 7;  // 2^56 leaves

  // The root of a sealed bundle from elsewhere than these files. Thread-safe.
  using BundleRoot = std::function<Result<Hash>(std::uint64_t bundle)>;

  // Opens the files in `dir` and changes nothing. Of level 1 at most `level_one_max` hashes are taken as there, and of
  // the levels above what follows from those: what lies behind may be torn, and is to be added again. Where the two copies
  // differ, `bundle_root` and the levels above it decide, and `damage` is told.
  static Result<std::unique_ptr<TreeFiles>> open(io::FileSystem& fs, const std::string& dir, std::uint64_t level_one_max,
                                                 BundleRoot bundle_root, DamageNotes& damage);

  // Adds the roots of further bundles, and what follows from them above, in memory. After an error: open anew.
  Status add(std::span<const Hash> bundle_roots);
  // Makes what was added durable in both copies.
  Status write();
  // Both in one.
  Status append(std::span<const Hash> bundle_roots);

  // Hashes at `level`, also those that were added and not written yet.
  [[nodiscard]] std::uint64_t count(unsigned level) const;

  // `count` hashes of `level` (1 to kLevelMax) from `first` on, from both files; where they differ, what lies below leads to
  // the right one, and the damage is noted. kCorrupt when one file does not reach so far. Hashes that are not written yet
  // are for the writer's thread alone.
  [[nodiscard]] Result<std::vector<Hash>> get(unsigned level, std::uint64_t first, std::uint64_t count) const;

  // The same, each held against what lies below even where both files agree, as far as that can be read. Some 256 times as
  // dear above level 1.
  [[nodiscard]] Result<std::vector<Hash>> get_checked(unsigned level, std::uint64_t first, std::uint64_t count) const;

  // The same from one of the files, as it stands there.
  [[nodiscard]] Result<std::vector<Hash>> read(unsigned level, std::uint64_t first, std::uint64_t count, bool copy = false) const;

 private:
  struct Level {
    std::unique_ptr<io::File> hashes;  // null as long as the file is absent
    std::unique_ptr<io::File> copy;
    std::atomic<std::uint64_t> written = 0;
    std::vector<Hash> added;
  };
  TreeFiles(io::FileSystem& fs, std::string dir, BundleRoot bundle_root, DamageNotes& damage)
      : fs_(fs), dir_(std::move(dir)), bundle_root_(std::move(bundle_root)), damage_(damage) {}
  [[nodiscard]] std::string path(unsigned level, bool copy) const;
  [[nodiscard]] Result<Hash> from_below(unsigned level, std::uint64_t index, std::initializer_list<Hash> expected) const;
  void note_damage(unsigned level, std::uint64_t index, bool in_hashes, bool in_copy) const;

  io::FileSystem& fs_;
  std::string dir_;
  BundleRoot bundle_root_;
  DamageNotes& damage_;
  std::array<Level, kLevelMax> levels_;  // levels_[0] is level 1
  bool names_durable_ = false;
};

// "3.hashes", "3.copy".
std::string tree_file_name(unsigned level, bool copy);

}  // namespace stele::log
