#include "verify/tail.h"

#include <algorithm>
#include <map>

#include "event/entry.h"

namespace stele::verify {
namespace {

class TailReader {
 public:
  TailReader(const LogPlace& place, const JournalChain& chain, const TreeWalk& walk, const Wanted& wanted)
      : place_(place), chain_(chain), walk_(walk), wanted_(wanted), first_(walk.size()), end_(walk.size()) {}

  TailEntries run() {
    for (std::size_t i = 0; i < chain_.frames.size(); ++i) {
      const SeenFrame& frame = *chain_.frames[i];
      if (frame.header.first_index > end_) close_gap(frame.header.first_index);
      if (!take(frame)) continue;
      if (!gap_) roots_.push_back({end_, frame.header.root, static_cast<std::uint32_t>(i)});
    }
    close_gap(end_);
    return {std::move(run_), end_};
  }

 private:
  [[nodiscard]] std::string path(const SeenFrame& frame) const { return place_.path("journal/" + frame.file); }

  // Hashes what was gathered up to here; goes on at `next`.
  void close_gap(std::uint64_t next) {
    Wanted wanted = wanted_;
    for (const Claim& root : roots_) wanted.sizes.push_back(root.size);
    std::sort(wanted.sizes.begin(), wanted.sizes.end());
    const std::size_t placed = run_.bundles.size();
    // Whole by now: every length was read.
    (void)hash_entries(bytes_, first_, wanted, place_.path("journal"), run_);
    if (gap_)
      run_.bundles.resize(placed);
    else
      check_roots();
    gap_ = true;
    bytes_.clear();
    first_ = next;
    end_ = next;
  }

  // Gathers the entries that the frame adds; false when it has none, or not those that it should.
  bool take(const SeenFrame& frame) {
    const log::FrameHeader& header = frame.header;
    if (header.end_index() < end_) return false;  // the linking has said so
    std::size_t skipped = 0;
    std::uint64_t index = header.first_index;
    const Status whole = event::for_each_entry(frame.payload, [&](std::string_view entry) {
      if (index++ < end_) skipped += 2 + entry.size();
    });
    if (!whole || index != header.end_index()) {
      run_.add("rewritten", path(frame), frame.text() + " does not hold the entries that its header names", header.first_index,
               header.end_index());
      return false;
    }
    if (header.first_index < walk_.size()) check_sealed(frame, std::string_view(frame.payload).substr(0, skipped));
    bytes_.append(frame.payload, skipped);
    end_ = header.end_index();
    return true;
  }

  void check_sealed(const SeenFrame& frame, std::string_view sealed) {
    const std::uint64_t end = std::min(frame.header.end_index(), walk_.size());
    const auto stored = sealed_entries(place_, frame.header.first_index, end);
    if (!stored || *stored == sealed) return;  // what cannot be read has been reported
    run_.add("rewritten", path(frame),
             frame.text() + " holds other bytes for " + entries_text(frame.header.first_index, end) + " than the segments",
             frame.header.first_index, end);
  }

  // Each frame names the root after it. The first that is wrong makes all later ones wrong.
  void check_roots() {
    if (walk_.blind()) return;
    TreeWalk walk = walk_.fork(roots_);
    for (const BundleHashes& bundle : run_.bundles) walk.add(bundle);
    walk.finish();
    for (const Claim& claim : walk.claims()) {
      if (claim.verdict != Verdict::kDiffers) continue;
      const SeenFrame& frame = *chain_.frames[claim.source];
      run_.add("rewritten", path(frame), frame.text() + ": the entries do not lead to the root that it names",
               frame.header.first_index, frame.header.end_index());
      return;
    }
  }

  const LogPlace& place_;
  const JournalChain& chain_;
  const TreeWalk& walk_;
  const Wanted& wanted_;
  std::uint64_t first_;  // of what is gathered
  std::uint64_t end_;
  bool gap_ = false;  // what is gathered stands behind one
  std::string bytes_;
  std::vector<Claim> roots_;
  EntryRun run_;
};

}  // namespace

TailEntries read_tail(const LogPlace& place, const JournalChain& chain, const TreeWalk& walk, const Wanted& wanted) {
  return TailReader(place, chain, walk, wanted).run();
}

void leave_free_space(const LogPlace& place, const JournalImage& image, const JournalChain& chain, Report& report) {
  std::map<std::string, std::vector<std::pair<std::uint64_t, std::uint64_t>>> used;
  for (const SeenFrame* frame : chain.frames) used[frame->file].emplace_back(frame->offset, frame->end());
  for (const auto& [file, bytes] : image.files) {
    auto& frames = used[file];
    std::sort(frames.begin(), frames.end());
    frames.emplace_back(bytes, bytes);
    std::uint64_t at = 0;
    for (const auto& [from, to] : frames) {
      if (from > at) {
        report.leave(place.path("journal/" + file), "recycled space: it holds no entry that does not stand elsewhere", at, from);
      }
      at = std::max(at, to);
    }
    report.file_bytes += bytes;
    ++report.files;
  }
}

void judge_cut(const LogPlace& place, const JournalChain& chain, std::uint64_t entries, std::uint64_t signed_end,
               Report& report) {
  if (!chain.cut) {
    if (signed_end > entries) {
      report.add("missing", place.path("journal"), entries_text(entries, signed_end) + ", which were signed, are in no frame",
                 entries, signed_end);
    }
    return;
  }
  const BadFrame& bad = *chain.cut;
  const std::string path = place.path("journal/" + bad.file);
  const std::uint64_t end = std::max({bad.header ? bad.header->end_index() : 0, signed_end, entries});
  const std::string what = bad.header ? "the frame of commit " + std::to_string(bad.header->commit) + " (" +
                                            entries_text(bad.header->first_index, bad.header->end_index()) + ")"
                                      : "the header of a frame";
  const std::string bytes = ", at bytes " + std::to_string(bad.from) + " to " + std::to_string(bad.to - 1);
  if (signed_end > entries)
    report.add("changed", path,
               what + bytes + ", is damaged: " + entries_text(entries, signed_end) + ", which were signed, are lost", entries,
               end);
  else if (bad.changed)
    report.add("changed", path, what + bytes + ", was changed after it was written", entries, end);
  else
    report.leave(path, what + " is not whole: it was never finished, or damaged since; no checkpoint covers it", bad.from,
                 bad.to);
}

}  // namespace stele::verify
