#include "log/tree_files.h"

#include <algorithm>
#include <array>

#include "merkle/tile.h"
#include "merkle/tree.h"

namespace stele::log {

using merkle::kTileWidth;

std::string tree_file_name(unsigned level, bool copy) { return std::to_string(level) + (copy ? ".copy" : ".hashes"); }

std::string TreeFiles::path(unsigned level, bool copy) const { return dir_ + "/" + tree_file_name(level, copy); }

Result<std::unique_ptr<TreeFiles>> TreeFiles::open(io::FileSystem& fs, const std::string& dir, std::uint64_t level_one_max,
                                                   BundleRoot bundle_root, DamageNotes& damage) {
  std::unique_ptr<TreeFiles> tree(new TreeFiles(fs, dir, std::move(bundle_root), damage));
  std::uint64_t most = level_one_max;
  for (unsigned level = 1; level <= kLevelMax; ++level) {
    Level& here = tree->levels_[level - 1];
    for (const bool copy : {false, true}) {
      const std::string path = tree->path(level, copy);
      if (!fs.exists(path)) {
        most = 0;
        continue;
      }
      auto& file = copy ? here.copy : here.hashes;
      STELE_ASSIGN(file, fs.open_write(path, 0600));
      STELE_ASSIGN(const std::uint64_t bytes, file->size());
      most = std::min(most, bytes / sizeof(Hash));
    }
    here.written = most;
    most /= kTileWidth;
  }
  // What follows from hashes that are there but stands in no file.
  STELE_TRY(tree->add({}));
  return tree;
}

std::uint64_t TreeFiles::count(unsigned level) const {
  const Level& here = levels_[level - 1];
  return here.written.load(std::memory_order_acquire) + here.added.size();
}

Status TreeFiles::add(std::span<const Hash> bundle_roots) {
  levels_[0].added.insert(levels_[0].added.end(), bundle_roots.begin(), bundle_roots.end());
  // Each full tile of a level puts its root one level up.
  for (unsigned level = 1; level < kLevelMax; ++level) {
    for (std::uint64_t tile = count(level + 1); tile < count(level) / kTileWidth; ++tile) {
      STELE_ASSIGN(const auto full, get(level, tile * kTileWidth, kTileWidth));
      levels_[level].added.push_back(merkle::root_of(full));
    }
  }
  return {};
}

Status TreeFiles::write() {
  for (unsigned level = 1; level <= kLevelMax; ++level) {
    Level& here = levels_[level - 1];
    if (here.added.empty()) continue;
    const std::array<ByteSpan, 1> part{std::as_bytes(std::span(here.added))};
    for (const bool copy : {false, true}) {
      auto& file = copy ? here.copy : here.hashes;
      if (file == nullptr) {
        names_durable_ = false;
        STELE_ASSIGN(file, fs_.open_write(path(level, copy), 0600));
      }
      STELE_TRY(file->write_at(here.written * sizeof(Hash), part));
      STELE_TRY(file->sync());
    }
  }
  if (!names_durable_) STELE_TRY(fs_.sync_dir(dir_));
  names_durable_ = true;
  for (Level& level : levels_) {
    level.written.store(level.written + level.added.size(), std::memory_order_release);
    level.added.clear();
  }
  return {};
}

Status TreeFiles::append(std::span<const Hash> bundle_roots) {
  STELE_TRY(add(bundle_roots));
  return write();
}

Result<std::vector<Hash>> TreeFiles::get(unsigned level, std::uint64_t first, std::uint64_t count) const {
  const Level& here = levels_[level - 1];
  const std::uint64_t written = here.written.load(std::memory_order_acquire);
  const std::uint64_t from_files = first >= written ? 0 : std::min(count, written - first);
  std::vector<Hash> out;
  if (from_files > 0) {
    STELE_ASSIGN(out, read(level, first, from_files));
    STELE_ASSIGN(const auto copy, read(level, first, from_files, true));
    for (std::uint64_t i = 0; i < from_files; ++i) {
      if (out[i] == copy[i]) continue;
      STELE_ASSIGN(const Hash right, from_below(level, first + i, {out[i], copy[i]}));
      note_damage(level, first + i, out[i] != right, copy[i] != right);
      out[i] = right;
    }
  }
  if (from_files < count) {
    const std::uint64_t at = first + from_files - written;
    if (at + count - from_files > here.added.size())
      return corrupt(path(level, false) + " ends before hash " + std::to_string(first + count));
    const auto begin = here.added.begin() + static_cast<std::ptrdiff_t>(at);
    out.insert(out.end(), begin, begin + static_cast<std::ptrdiff_t>(count - from_files));
  }
  return out;
}

Result<std::vector<Hash>> TreeFiles::get_checked(unsigned level, std::uint64_t first, std::uint64_t count) const {
  STELE_ASSIGN(auto hashes, get(level, first, count));
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto right = from_below(level, first + i, {hashes[i]});
    if (!right && right.error().code == Code::kCorrupt) continue;  // then the files are what is left
    if (!right) return right.error();
    if (hashes[i] != *right) note_damage(level, first + i, true, true);
    hashes[i] = *right;
  }
  return hashes;
}

// The hash that what lies below leads to. Where it is none of the `expected`, the level below is looked at more closely first:
// it may be the damaged one.
Result<Hash> TreeFiles::from_below(unsigned level, std::uint64_t index, std::initializer_list<Hash> expected) const {
  if (level == 1) return bundle_root_(index);
  STELE_ASSIGN(const auto below, get(level - 1, index * kTileWidth, kTileWidth));
  const Hash root = merkle::root_of(below);
  if (std::find(expected.begin(), expected.end(), root) != expected.end()) return root;
  STELE_ASSIGN(const auto checked, get_checked(level - 1, index * kTileWidth, kTileWidth));
  return merkle::root_of(checked);
}

// The files are left as they are: what was changed is to be seen.
void TreeFiles::note_damage(unsigned level, std::uint64_t index, bool in_hashes, bool in_copy) const {
  const std::string advice = "; what lies below is used. Stop the server and remove ";
  if (in_hashes && in_copy) {
    damage_.add(path(level, false) + " and its copy are both damaged, first met in hash " + std::to_string(index) + advice +
                "both: they are made again at the start");
  } else {
    damage_.add(path(level, in_copy) + " is damaged, first met in hash " + std::to_string(index) + advice +
                "it: it is made again at the start");
  }
}

Result<std::vector<Hash>> TreeFiles::read(unsigned level, std::uint64_t first, std::uint64_t count, bool copy) const {
  const Level& here = levels_[level - 1];
  const auto& file = copy ? here.copy : here.hashes;
  if (file == nullptr) return corrupt(path(level, copy) + " is not there");
  std::vector<Hash> out(count);
  STELE_TRY(io::read_exactly(*file, first * sizeof(Hash), std::as_writable_bytes(std::span(out)), path(level, copy)));
  return out;
}

}  // namespace stele::log
