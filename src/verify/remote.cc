#include "verify/remote.h"

#include <algorithm>
#include <optional>

#include "merkle/tile.h"
#include "verify/claims.h"
#include "verify/entry_run.h"
#include "verify/tree_walk.h"

namespace stele::verify {
namespace {

using merkle::kTileWidth;

constexpr int kTries = 30;

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

class RemoteCheck {
 public:
  RemoteCheck(const Fetch& fetch, const Wait& wait, const Options& options, Report& report)
      : fetch_(fetch), wait_(wait), options_(options), report_(report) {}

  Status run() {
    STELE_TRY(read_key());
    std::vector<Claim> claims;
    claim_anchors(options_, key_, claims, report_);
    std::uint64_t least = 0;
    for (const Claim& claim : claims) least = std::max(least, claim.size);
    STELE_ASSIGN(const auto checkpoint, published(least));
    if (!checkpoint) return {};
    report_.origin = checkpoint->origin;
    report_.checkpoints = 1;
    claims.push_back({checkpoint->size, checkpoint->root, kOwnCheckpoint});
    wanted_ = wanted_by(options_, claims);
    TreeWalk walk(std::move(claims));
    STELE_TRY(read_bundles(checkpoint->size, walk));
    if (walk.size() < checkpoint->size) walk.skip(checkpoint->size - walk.size());
    walk.finish();
    report_.entries = walk.size();
    report_.root = walk.root();
    const auto holders = [](std::uint64_t first, std::uint64_t end) { return bundle_paths(first, end); };
    (void)judge_claims(walk, options_, "checkpoint", holders, report_);
    STELE_TRY(read_upper_tiles(checkpoint->size, walk.bundle_roots()));
    report_.leave("the server",
                  "what it does not publish: its journal, its kept checkpoints, the copies of its tiles; --data "
                  "covers them");
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

  // The published checkpoint, once it covers `least` entries or that has been waited for long enough. Nothing, and a
  // finding, when it is not one by the log's key.
  Result<std::optional<merkle::Checkpoint>> published(std::uint64_t least) {
    for (int tries = 1;; ++tries) {
      STELE_ASSIGN(const std::string note, fetch_("checkpoint"));
      auto checkpoint = merkle::open_checkpoint(note, key_);
      if (!checkpoint) {
        report_.add("forged", "checkpoint", checkpoint.error().message);
        return std::optional<merkle::Checkpoint>();
      }
      if (checkpoint->size >= least || tries == kTries) return std::optional(std::move(*checkpoint));
      wait_();
    }
  }

  static std::string bundle_paths(std::uint64_t first, std::uint64_t end) {
    const std::uint64_t last = (end - 1) / kTileWidth;
    const std::string path = merkle::tile_path({true, 0, first / kTileWidth, kTileWidth});
    return last == first / kTileWidth ? path : path + " to " + merkle::tile_path({true, 0, last, kTileWidth});
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
    std::optional<UnixNanos> received_last;
    for (std::uint64_t index = 0; index * kTileWidth < size; ++index) {
      const unsigned width = merkle::tile_width(0, index, size);
      const std::uint64_t first = index * kTileWidth;
      const std::string path = merkle::tile_path({true, 0, index, width});
      const auto bundle = tile({true, 0, index, width});
      if (!bundle) {
        if (bundle.error().code != Code::kNotFound) return bundle.error();
        report_.add("unreadable", path, "the tree could not be rebuilt past it", first, first + width);
        return {};
      }
      EntryRun run;
      std::vector<Hash> leaves;
      if (!hash_entries(*bundle, first, wanted_, path, run, &leaves) || leaves.size() != width) {
        report_.add("changed", path, "it does not hold " + std::to_string(width) + " entries", first, first + width);
        return {};
      }
      if (received_last && run.received_first && *run.received_first < *received_last)
        report_.add("disorder", path, "its first entry was received before the last one in front of it", first, first + 1);
      if (run.received_last) received_last = run.received_last;
      report_.findings.insert(report_.findings.end(), run.findings.begin(), run.findings.end());
      report_.entry_bytes += run.entry_bytes;
      STELE_TRY(compare_tile({false, 0, index, width}, leaves));
      walk.add(run.bundles.front());
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
  const Wait& wait_;
  const Options& options_;
  Report& report_;
  merkle::VerifierKey key_;
  Wanted wanted_;
};

}  // namespace

Status verify_remote(const Fetch& fetch, const Wait& wait, const Options& options, Report& report) {
  return RemoteCheck(fetch, wait, options, report).run();
}

}  // namespace stele::verify
