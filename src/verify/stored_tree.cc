#include "verify/stored_tree.h"

#include <algorithm>
#include <bit>

#include "log/tree_files.h"
#include "merkle/tile.h"
#include "merkle/tree.h"

namespace stele::verify {
namespace {

using log::kBundleEntries;
using merkle::kTileWidth;

std::string_view stored(std::string_view content, std::uint64_t i) { return content.substr(i * sizeof(Hash), sizeof(Hash)); }

bool holds(std::string_view content, std::uint64_t i, const Hash& hash) { return stored(content, i) == as_text(hash); }

// A hash that never reached the disk is zeros or noise; one that was changed differs in a few bits.
bool looks_unwritten(std::string_view content, std::uint64_t i, const Hash& hash) {
  const std::string_view have = stored(content, i);
  int differ = 0;
  for (std::size_t at = 0; at < hash.size(); ++at)
    differ += std::popcount(static_cast<std::uint8_t>(static_cast<std::uint8_t>(have[at]) ^ hash[at]));
  return differ >= 64;
}

// Entries under hash `i` of a level.
std::pair<std::uint64_t, std::uint64_t> entries_under(unsigned level, std::uint64_t i) {
  const unsigned shift = merkle::kTileHeight * level;
  return {i << shift, (i + 1) << shift};
}

std::string hash_text(unsigned level, std::uint64_t i) {
  return "hash " + std::to_string(i % kTileWidth) + " of " + merkle::tile_path({false, level, i / kTileWidth, kTileWidth});
}

}  // namespace

bool is_tree_file(const std::string& name) {
  for (unsigned level = 1; level <= log::TreeFiles::kLevelMax; ++level) {
    if (name == log::tree_file_name(level, false) || name == log::tree_file_name(level, true)) return true;
  }
  return false;
}

std::string StoredTree::read_level(unsigned level, bool copy) {
  const std::string path = place_.path("tree/" + log::tree_file_name(level, copy));
  auto content = io::read_file(place_.fs, path, UINT64_C(1) << 40);
  if (content) return std::move(*content);
  if (content.error().code != Code::kNotFound) report_.add("unreadable", path, content.error().message);
  return {};
}

std::optional<Hash> StoredTree::kept_root(std::uint64_t bundle) {
  for (const bool copy : {false, true}) {
    auto& content = first_level_[copy ? 1 : 0];
    if (!content) content = read_level(1, copy);
    if ((bundle + 1) * sizeof(Hash) > content->size()) continue;
    Hash root{};
    std::memcpy(root.data(), content->data() + bundle * sizeof(Hash), root.size());
    return root;
  }
  return std::nullopt;
}

void StoredTree::check(const Expected& expected) {
  std::vector<Hash> hashes = expected.roots;
  std::uint64_t count = expected.sealed / kBundleEntries;
  std::uint64_t late_from = expected.last_first / kBundleEntries;
  std::uint64_t signed_count = expected.signed_end / kBundleEntries;
  for (unsigned level = 1; level <= log::TreeFiles::kLevelMax; ++level) {
    hashes = check_level(level, std::move(hashes), count, late_from, signed_count);
    std::vector<Hash> above;
    for (std::size_t at = 0; at + kTileWidth <= hashes.size(); at += kTileWidth)
      above.push_back(merkle::root_of(std::span(hashes).subspan(at, kTileWidth)));
    hashes = std::move(above);
    count /= kTileWidth;
    late_from /= kTileWidth;
    signed_count /= kTileWidth;
  }
}

// `count` hashes belong there; those from `late_from` on may be on their way. Returns what the level above follows from.
std::vector<Hash> StoredTree::check_level(unsigned level, std::vector<Hash> expected, std::uint64_t count,
                                          std::uint64_t late_from, std::uint64_t signed_count) {
  const std::string contents[2] = {read_level(level, false), read_level(level, true)};
  // Where both copies agree against the entries, it is rather the entries that were changed.
  const std::uint64_t in_both =
      std::min<std::uint64_t>({contents[0].size() / sizeof(Hash), contents[1].size() / sizeof(Hash), expected.size(), count});
  std::vector<Hash> agreed = expected;
  for (std::uint64_t i = 0; i < in_both; ++i) {
    if (holds(contents[0], i, expected[i]) || stored(contents[0], i) != stored(contents[1], i)) continue;
    report_both(level, i, i < signed_count);
    std::memcpy(agreed[i].data(), stored(contents[0], i).data(), sizeof(Hash));
    if (i >= signed_count) expected[i] = agreed[i];
  }
  for (const bool copy : {false, true}) check_file(level, copy, contents[copy ? 1 : 0], agreed, count, late_from);
  return expected;
}

void StoredTree::report_both(unsigned level, std::uint64_t hash, bool entries_signed) {
  const auto [first, end] = entries_under(level, hash);
  const std::string both = log::tree_file_name(level, false) + " and " + log::tree_file_name(level, true);
  if (entries_signed) {
    report_.add("rewritten", place_.path("tree/" + log::tree_file_name(level, false)),
                hash_text(level, hash) + " is not the root of " + entries_text(first, end) +
                    ", which lead to the root that was signed: " + both + " were changed alike",
                first, end);
    return;
  }
  report_.add("rewritten", place_.path("segments"),
              entries_text(first, end) + " do not lead to " + hash_text(level, hash) + ", which " + both + " keep alike", first,
              end);
}

void StoredTree::check_file(unsigned level, bool copy, std::string_view content, std::span<const Hash> expected,
                            std::uint64_t count, std::uint64_t late_from) {
  const std::string path = place_.path("tree/" + log::tree_file_name(level, copy));
  if (!content.empty()) ++report_.files;
  report_.file_bytes += content.size();
  const std::uint64_t held = std::min<std::uint64_t>({content.size() / sizeof(Hash), expected.size(), count});
  report_.tiles += (held + kTileWidth - 1) / kTileWidth;
  for (std::uint64_t i = 0; i < held; ++i) {
    if (holds(content, i, expected[i])) continue;
    const auto [first, end] = entries_under(level, i);
    if (i >= late_from && looks_unwritten(content, i, expected[i])) {
      report_.leave(path, hash_text(level, i) + " was never written, or changed: the next start takes it from the entries",
                    i * sizeof(Hash), (i + 1) * sizeof(Hash));
      continue;
    }
    report_.add("changed", path, hash_text(level, i) + " is not the root of " + entries_text(first, end), first, end);
  }
  check_end(level, copy, content, count, late_from);
}

void StoredTree::check_end(unsigned level, bool copy, std::string_view content, std::uint64_t count, std::uint64_t late_from) {
  const std::string path = place_.path("tree/" + log::tree_file_name(level, copy));
  const std::uint64_t held = content.size() / sizeof(Hash);
  const unsigned shift = merkle::kTileHeight * level;
  if (held < count) {
    const std::string what = "the hashes for " + entries_text(held << shift, count << shift) + " are not there";
    // A kill between a segment and its hashes leaves them out.
    if (held >= late_from && held * sizeof(Hash) < content.size())
      report_.leave(path, what + ", but for a part of one: the next start takes them from the entries", held * sizeof(Hash),
                    content.size());
    else if (held >= late_from)
      report_.leave(path, what + ": the next start takes them from the entries");
    else
      report_.add("missing", path, what, held << shift, count << shift);
  }
  if (content.size() <= count * sizeof(Hash)) return;
  // A live server may have sealed more meanwhile; nothing else puts a hash here before its segment is there.
  const auto now = list_sealed(place_);
  if (now && content.size() <= (now->end() >> shift) * sizeof(Hash)) return;
  if (held > count && content.size() % sizeof(Hash) == 0) {
    report_.add("missing", place_.path("segments"),
                path + " keeps hashes of " + entries_text(count << shift, held << shift) + ", which no segment holds",
                count << shift, held << shift);
  } else {
    report_.add("changed", path,
                std::to_string(content.size() - count * sizeof(Hash)) + " bytes stand behind its last hash, at byte " +
                    std::to_string(count * sizeof(Hash)));
  }
}

}  // namespace stele::verify
