// A run of stored entries, hashed bundle by bundle: what the tree is rebuilt from.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "event/apart_value.h"
#include "verify/report.h"
#include "verify/tree_walk.h"

namespace stele::verify {

// A leaf that a receipt names.
struct WantedLeaf {
  std::uint64_t index = 0;
  Hash leaf{};
  std::uint32_t anchor = 0;  // number of the anchor that it is from
};

// What is looked for while entries are hashed.
struct Wanted {
  std::vector<std::uint64_t> sizes;  // of all claims, sorted
  std::vector<WantedLeaf> leaves;    // by index
  const std::vector<Anchor>* anchors = nullptr;
};

// What the entries of a log keep apart, and which of it they say is erased.
struct ApartMentions {
  struct Mention {
    Hash commitment{};
    std::uint64_t index = 0;  // of the entry
    std::uint64_t bytes = 0;
    event::ApartKind kind = event::ApartKind::kSealed;
  };
  std::vector<Mention> mentions;
  std::vector<Mention> erasures;

  void add(ApartMentions other);
};

// One BundleHashes each 256 entries, the last perhaps of fewer.
struct EntryRun {
  std::vector<BundleHashes> bundles;
  std::vector<Finding> findings;
  ApartMentions apart;
  std::optional<UnixNanos> received_first;
  std::optional<UnixNanos> received_last;
  std::uint64_t entry_bytes = 0;
  std::uint64_t file_bytes = 0;
  bool foreign = false;  // the file belongs to another log

  void add(std::string kind, std::string where, std::string message, std::uint64_t first, std::uint64_t end) {
    findings.push_back({std::move(kind), std::move(where), std::move(message), first, end});
  }
};

// Hashes the entries of a bundle encoding, the first of which has index `first`, a multiple of 256; watches the order of
// their times and the leaves that are wanted. `where` is the file they stand in. kCorrupt, with nothing added, when the
// bytes do not end where an entry does. `leaves_out`, when given, gets the hash of each entry.
Status hash_entries(std::string_view bytes, std::uint64_t first, const Wanted& wanted, const std::string& where, EntryRun& run,
                    std::vector<Hash>* leaves_out = nullptr);

}  // namespace stele::verify
