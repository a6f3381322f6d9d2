#include "verify/claims.h"

#include <algorithm>

namespace stele::verify {
namespace {

class Judge {
 public:
  Judge(const TreeWalk& walk, const Options& options, const std::string& own, Report& report)
      : walk_(walk), options_(options), own_(own), report_(report) {}

  std::uint64_t run(const std::function<std::string(std::uint64_t, std::uint64_t)>& holders) {
    std::vector<const Claim*> later;  // what differs although something larger holds
    std::vector<const Claim*> tail;   // what differs from some size on
    for (const Claim& claim : walk_.claims()) {
      if (claim.verdict == Verdict::kHolds) {
        later.insert(later.end(), tail.begin(), tail.end());
        tail.clear();
        holds_ = claim.size;
        if (claim.source != kOwnCheckpoint) anchored_ = claim.size;
      } else if (claim.verdict == Verdict::kDiffers) {
        (claim.size <= holds_ ? later : tail).push_back(&claim);
      }
    }
    for (const Claim* claim : later) two_histories(*claim);
    if (!tail.empty()) changed(tail, holders(holds_, tail.front()->size));
    beyond();
    report_.anchored_entries = anchored_;
    return holds_;
  }

 private:
  [[nodiscard]] std::string name(const Claim& claim) const {
    return claim.source == kOwnCheckpoint ? own_ : options_.anchors[claim.source - 1].name;
  }

  // The largest anchor below `size` that holds: what was changed lies behind it.
  [[nodiscard]] std::uint64_t anchored_below(std::uint64_t size) const {
    std::uint64_t found = 0;
    for (const Claim& claim : walk_.claims()) {
      if (claim.size < size && claim.source != kOwnCheckpoint && claim.verdict == Verdict::kHolds) found = claim.size;
    }
    return found;
  }

  void two_histories(const Claim& claim) {
    const std::string size = std::to_string(claim.size);
    if (claim.source == kOwnCheckpoint || claim.size == 0) {
      report_.add("rewritten", name(claim),
                  "another root was signed for size " + size +
                      " than the entries lead to, while later ones hold: two histories " +
                      "were signed, and one of them is false",
                  0, claim.size);
      return;
    }
    const std::uint64_t from = anchored_below(claim.size);
    report_.add("rewritten", name(claim),
                "among " + entries_text(from, claim.size) + " something was changed since this was signed: another root was " +
                    "signed for size " + size + " than the entries lead to, and later states were signed anew",
                from, claim.size);
  }

  void changed(const std::vector<const Claim*>& tail, const std::string& files) {
    const Claim& first = *tail.front();
    std::string message = "among " + entries_text(holds_, first.size) +
                          " something was changed after it was signed: up to entry " + std::to_string(holds_) +
                          " they lead to the signed root, from " + name(first) + ", size " + std::to_string(first.size) + ", on";
    message += tail.size() == 1 ? " they do not" : " none of " + std::to_string(tail.size()) + " signed roots fits";
    report_.add("rewritten", files, message, holds_, first.size);
    for (const Claim* claim : tail) {
      if (claim->source != kOwnCheckpoint)
        report_.add("rewritten", name(*claim), "the entries do not lead to the root that it was signed for", holds_, claim->size);
    }
  }

  // Signed over more entries than are here.
  void beyond() {
    std::uint64_t count = 0;
    std::uint64_t last = 0;
    for (const Claim& claim : walk_.claims()) {
      if (claim.verdict != Verdict::kBeyond) continue;
      if (claim.source != kOwnCheckpoint) {
        rolled_back(name(claim), "it was signed over ", claim.size);
        continue;
      }
      ++count;
      last = claim.size;
    }
    if (count > 0)
      rolled_back(own_, std::to_string(count) + (count == 1 ? " was" : " were") + " signed over more entries, up to ", last);
  }

  void rolled_back(const std::string& where, const std::string& what, std::uint64_t size) {
    report_.add("rolled_back", where,
                what + std::to_string(size) + ", but only " + std::to_string(walk_.size()) +
                    " are here: " + entries_text(walk_.size(), size) + " are missing",
                walk_.size(), size);
  }

  const TreeWalk& walk_;
  const Options& options_;
  const std::string& own_;
  Report& report_;
  std::uint64_t holds_ = 0;
  std::uint64_t anchored_ = 0;
};

}  // namespace

void claim_anchors(const Options& options, const merkle::VerifierKey& key, std::vector<Claim>& claims, Report& report) {
  for (std::size_t i = 0; i < options.anchors.size(); ++i) {
    const Anchor& anchor = options.anchors[i];
    const auto checkpoint = merkle::open_checkpoint(anchor.note, key);
    if (!checkpoint) {
      report.add("forged", anchor.name, checkpoint.error().message);
      continue;
    }
    report.anchors.push_back(anchor.name + ", size " + std::to_string(checkpoint->size));
    claims.push_back({checkpoint->size, checkpoint->root, static_cast<std::uint32_t>(i + 1)});
  }
}

Wanted wanted_by(const Options& options, const std::vector<Claim>& claims) {
  Wanted wanted;
  wanted.anchors = &options.anchors;
  for (const Claim& claim : claims) wanted.sizes.push_back(claim.size);
  std::sort(wanted.sizes.begin(), wanted.sizes.end());
  for (std::size_t i = 0; i < options.anchors.size(); ++i) {
    for (const auto& [index, leaf] : options.anchors[i].leaves)
      wanted.leaves.push_back({index, leaf, static_cast<std::uint32_t>(i)});
  }
  std::sort(wanted.leaves.begin(), wanted.leaves.end(),
            [](const WantedLeaf& a, const WantedLeaf& b) { return a.index < b.index; });
  return wanted;
}

std::uint64_t judge_claims(const TreeWalk& walk, const Options& options, const std::string& own,
                           const std::function<std::string(std::uint64_t first, std::uint64_t end)>& holders, Report& report) {
  return Judge(walk, options, own, report).run(holders);
}

std::uint64_t signed_beyond(const TreeWalk& walk) {
  std::uint64_t most = 0;
  for (const Claim& claim : walk.claims()) {
    if (claim.verdict == Verdict::kBeyond) most = claim.size;
  }
  return most;
}

}  // namespace stele::verify
