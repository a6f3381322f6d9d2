#include "verify/remote.h"

#include "crypto/sha256.h"
#include "event/entry.h"
#include "merkle/tile.h"
#include "verify/tree_walk.h"

namespace stele::verify {
namespace {

using merkle::kTileWidth;

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

class RemoteCheck {
 public:
  RemoteCheck(const Fetch& fetch, const Options& options, Report& report) : fetch_(fetch), options_(options), report_(report) {}

  Status run() {
    STELE_TRY(read_key());
    STELE_ASSIGN(const std::string note, fetch_("checkpoint"));
    const auto checkpoint = merkle::open_checkpoint(note, key_);
    if (!checkpoint) {
      report_.add("forged", "checkpoint", checkpoint.error().message);
      return {};
    }
    report_.origin = checkpoint->origin;
    report_.checkpoints = 1;
    std::vector<Claim> claims{{checkpoint->size, checkpoint->root, "checkpoint"}};
    for (const Anchor& anchor : options_.anchors) {
      const auto known = merkle::open_checkpoint(anchor.note, key_);
      if (!known) {
        report_.add("forged", anchor.name, known.error().message);
        continue;
      }
      report_.anchors.push_back(anchor.name + ", size " + std::to_string(known->size));
      claims.push_back({known->size, known->root, anchor.name});
    }
    TreeWalk walk(std::move(claims), report_);
    STELE_TRY(read_bundles(checkpoint->size, walk));
    walk.finish();
    report_.entries = walk.size();
    report_.root = walk.root();
    STELE_TRY(read_upper_tiles(checkpoint->size, walk.bundle_roots()));
    report_.uncovered.push_back(
        "what the server does not publish: its journal, its kept checkpoints, the second copies of its tiles; --data covers "
        "them");
    return {};
  }

 private:
  Status read_key() {
    if (options_.key) {
      key_ = *options_.key;
      report_.anchors.push_back("the key " + key_.text());
      return {};
    }
    STELE_ASSIGN(const std::string text, fetch_("key"));
    STELE_ASSIGN(key_, merkle::parse_verifier_key(trimmed(text)));
    return {};
  }

  // A resource that a tree of this size has: absent is a finding, the rest goes on.
  Result<std::string> tile(const merkle::Tile& tile) {
    const std::string path = merkle::tile_path(tile);
    auto bytes = fetch_(path);
    if (!bytes && bytes.error().code == Code::kNotFound) report_.add("missing", path, "the server does not have it");
    if (bytes) {
      ++report_.files;
      report_.file_bytes += bytes->size();
    }
    return bytes;
  }

  // Each bundle's entries, and beside it the level-0 tile that must hold their hashes.
  Status read_bundles(std::uint64_t size, TreeWalk& walk) {
    UnixNanos received_last = 0;
    for (std::uint64_t index = 0; index * kTileWidth < size; ++index) {
      const unsigned width = merkle::tile_width(0, index, size);
      const std::string path = merkle::tile_path({true, 0, index, width});
      const auto bundle = tile({true, 0, index, width});
      if (!bundle) {
        if (bundle.error().code != Code::kNotFound) return bundle.error();
        report_.add("unreadable", path, "the tree could not be rebuilt past it");
        return {};
      }
      std::vector<ByteSpan> entries;
      const Status whole = event::for_each_entry(*bundle, [&](std::string_view entry) {
        const auto received = event::read_received(entry);
        if (received && *received < received_last) {
          report_.add(
              "disorder", path,
              "entry " + std::to_string(index * kTileWidth + entries.size()) + " was received before the one in front of it");
        }
        received_last = received.value_or(received_last);
        report_.entry_bytes += entry.size();
        entries.push_back(as_byte_span(entry));
      });
      if (!whole || entries.size() != width) {
        report_.add("changed", path, "it does not hold " + std::to_string(width) + " entries");
        return {};
      }
      std::vector<Hash> leaves(entries.size());
      crypto::hash_leaves(entries, leaves.data());
      STELE_TRY(compare_tile({false, 0, index, width}, leaves));
      walk.add(hash_bundle(index * kTileWidth, leaves, walk.claim_sizes()));
      if (options_.progress) options_.progress(walk.size(), size);
    }
    return {};
  }

  Status compare_tile(const merkle::Tile& wanted, std::span<const Hash> expected) {
    const auto bytes = tile(wanted);
    if (!bytes) return bytes.error().code == Code::kNotFound ? Status() : Status(bytes.error());
    ++report_.tiles;
    const std::string path = merkle::tile_path(wanted);
    if (bytes->size() != expected.size() * sizeof(Hash)) {
      report_.add(
          "changed", path,
          "it has " + std::to_string(bytes->size()) + " bytes instead of " + std::to_string(expected.size() * sizeof(Hash)));
      return {};
    }
    for (std::size_t i = 0; i < expected.size(); ++i) {
      if (std::memcmp(bytes->data() + i * sizeof(Hash), expected[i].data(), sizeof(Hash)) == 0) continue;
      report_.add("changed", path, "hash " + std::to_string(i) + " does not belong to what lies below it");
    }
    return {};
  }

  Status read_upper_tiles(std::uint64_t size, std::vector<Hash> hashes) {
    for (unsigned level = 1; !hashes.empty(); ++level) {
      std::vector<Hash> above;
      for (std::uint64_t index = 0; index * kTileWidth < hashes.size(); ++index) {
        const unsigned width = merkle::tile_width(level, index, size);
        const auto below = std::span(hashes).subspan(index * kTileWidth, width);
        STELE_TRY(compare_tile({false, level, index, width}, below));
        if (width == kTileWidth) above.push_back(merkle::root_of(below));
      }
      hashes = std::move(above);
    }
    return {};
  }

  const Fetch& fetch_;
  const Options& options_;
  Report& report_;
  merkle::VerifierKey key_;
};

}  // namespace

Status verify_remote(const Fetch& fetch, const Options& options, Report& report) {
  return RemoteCheck(fetch, options, report).run();
}

}  // namespace stele::verify
