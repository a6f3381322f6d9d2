#include "verify/directory.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "crypto/sha256.h"
#include "event/entry.h"
#include "log/checkpoints.h"
#include "log/identity.h"
#include "log/journal.h"
#include "log/segment.h"
#include "log/segment_set.h"
#include "log/tree_files.h"
#include "merkle/tile.h"
#include "verify/tree_walk.h"

namespace stele::verify {
namespace {

using log::kBundleEntries;

constexpr int kJournalTries = 20;

std::string entries_text(std::uint64_t first, std::uint64_t end) {
  return end - first == 1 ? "entry " + std::to_string(first)
                          : "entries " + std::to_string(first) + " to " + std::to_string(end - 1);
}

// What reading a run of entries gave: one BundleHashes each 256, and the times of receipt at its edges.
struct Run {
  std::vector<BundleHashes> bundles;
  std::vector<Finding> findings;
  UnixNanos received_first = 0;
  UnixNanos received_last = 0;
  std::uint64_t entry_bytes = 0;
  std::uint64_t file_bytes = 0;
};

// Hashes entries bundle by bundle and watches the order of their times.
Status hash_entries(std::string_view bytes, std::uint64_t first_index, std::span<const std::uint64_t> claim_sizes,
                    const std::string& where, Run& run) {
  std::vector<ByteSpan> entries;
  std::uint64_t index = first_index + run.bundles.size() * kBundleEntries;
  const auto flush = [&] {
    if (entries.empty()) return;
    std::vector<Hash> leaves(entries.size());
    crypto::hash_leaves(entries, leaves.data());
    run.bundles.push_back(hash_bundle(index - entries.size(), leaves, claim_sizes));
    entries.clear();
  };
  STELE_TRY(event::for_each_entry(bytes, [&](std::string_view entry) {
    const auto received = event::read_received(entry);
    if (!received) {
      run.findings.push_back({"changed", where, "entry " + std::to_string(index) + " has no time of receipt in its place"});
    } else {
      if (run.received_first == 0) run.received_first = *received;
      if (*received < run.received_last) {
        run.findings.push_back(
            {"disorder", where, "entry " + std::to_string(index) + " was received before the one in front of it"});
      }
      run.received_last = *received;
    }
    run.entry_bytes += entry.size();
    entries.push_back(as_byte_span(entry));
    ++index;
    if (entries.size() == kBundleEntries) flush();
  }));
  flush();
  return {};
}

// Reads one segment whole. What cannot be read leaves its stored bundle roots to stand in, so that the rest of the
// log can still be judged; the finding says that its entries could not.
Run read_segment(io::FileSystem& fs, const std::string& path, const log::SegmentName& name, const log::LogId& log_id,
                 std::span<const std::uint64_t> claim_sizes) {
  Run run;
  const std::string range = entries_text(name.first_index, name.first_index + name.count);
  const auto fail = [&](std::string kind, const std::string& message) {
    run.findings.push_back({std::move(kind), path, range + ": " + message});
  };
  auto segment = log::SegmentReader::open(fs, path, log_id);
  if (!segment) {
    fail(segment.error().code == Code::kNotFound ? "missing" : "changed", segment.error().message);
    return run;
  }
  run.file_bytes = (*segment)->file_bytes();
  if ((*segment)->info().first_index != name.first_index || (*segment)->info().count != name.count) {
    fail("rewritten", "the file holds other entries than its name says");
    return run;
  }
  const Status bytes_fit = (*segment)->check_bytes();
  if (!bytes_fit) fail("changed", bytes_fit.error().message);
  constexpr std::uint64_t kStep = 16 * kBundleEntries;
  for (std::uint64_t at = 0; at < name.count; at += kStep) {
    const std::uint64_t take = std::min<std::uint64_t>(kStep, name.count - at);
    const auto bundle = (*segment)->read(name.first_index + at, take);
    const Status hashed = bundle ? hash_entries(*bundle, name.first_index, claim_sizes, path, run) : Status(bundle.error());
    if (hashed) continue;
    run.findings.push_back(
        {bytes_fit ? "rewritten" : "changed", path, hashed.error().message + ": these entries cannot be read"});
    // Stand in with what the segment itself claims for the bundles that are left of this step.
    const std::size_t until = (at + take) / kBundleEntries;
    while (run.bundles.size() < until)
      run.bundles.push_back({(*segment)->bundle_roots()[run.bundles.size()], kBundleEntries, {}});
  }
  const auto roots = (*segment)->bundle_roots();
  for (std::size_t i = 0; i < roots.size(); ++i) {
    if (run.bundles[i].root == roots[i]) continue;
    const std::uint64_t first = name.first_index + i * kBundleEntries;
    run.findings.push_back(
        {bytes_fit ? "rewritten" : "changed", path,
         entries_text(first, first + kBundleEntries) + " do not hash to the bundle's root that the segment keeps"});
  }
  if (run.received_last != (*segment)->info().received_last)
    fail("rewritten", "the last time of receipt is not the one that the segment keeps");
  return run;
}

class DirectoryCheck {
 public:
  DirectoryCheck(io::FileSystem& fs, const std::string& dir, const Options& options, Report& report)
      : fs_(fs), dir_(dir), options_(options), report_(report) {}

  Status run() {
    auto identity = log::read_identity(fs_, dir_);
    if (!identity) {
      if (identity.error().code != Code::kCorrupt) return identity.error();
      report_.add("changed", log::identity_path(dir_), identity.error().message);
      return {};
    }
    identity_ = std::move(*identity);
    report_.origin = identity_.origin;
    report_.uncovered.push_back(log::identity_path(dir_) + ": the members created and fingerprint_seed, which nothing rests on");
    key_ = options_.key.value_or(identity_.key);
    if (key_ != identity_.key) {
      report_.add("forged", log::identity_path(dir_),
                  "the log names the key " + identity_.key.text() + ", not the one that was given: " + key_.text());
    }
    if (options_.key) report_.anchors.push_back("the key " + key_.text());
    // Checkpoints first: what grows meanwhile only adds entries behind them.
    std::vector<Claim> claims;
    STELE_TRY(read_checkpoints(claims));
    STELE_TRY(read_anchors(claims));
    walk_ = std::make_unique<TreeWalk>(std::move(claims), report_);
    STELE_TRY(read_entries());
    walk_->finish();
    check_anchored_leaves();
    report_.entries = walk_->size();
    report_.root = walk_->root();
    STELE_TRY(check_tree_files());
    return name_foreign_files();
  }

 private:
  Status read_checkpoints(std::vector<Claim>& claims) {
    const std::string path = dir_ + "/checkpoints";
    STELE_ASSIGN(const log::CheckpointScan scan, log::scan_checkpoints(fs_, path));
    for (const std::uint64_t record : scan.damaged)
      report_.add("changed", path, "record " + std::to_string(record) + " does not match its checksum");
    if (scan.torn_bytes > 0) {
      report_.uncovered.push_back(path + ": the last " + std::to_string(scan.torn_bytes) +
                                  " bytes, a record that was never finished");
    }
    if (scan.checkpoints.empty() && scan.damaged.empty())
      report_.add("missing", path, "no checkpoint is there, but every log publishes one when it is made");
    std::uint64_t before = 0;
    for (const log::PublishedCheckpoint& checkpoint : scan.checkpoints) {
      const std::string where = path + ", size " + std::to_string(checkpoint.size);
      const std::string text = merkle::Checkpoint{identity_.origin, checkpoint.size, checkpoint.root}.text();
      if (!crypto::verify_ed25519(key_.key, as_byte_span(text), checkpoint.signature)) {
        report_.add("forged", where, "the signature is not by " + key_.text());
      }
      if (checkpoint.size < before) report_.add("rewritten", where, "it follows one of a larger size, " + std::to_string(before));
      before = checkpoint.size;
      claims.push_back({checkpoint.size, checkpoint.root, where});
      ++report_.checkpoints;
    }
    return {};
  }

  Status read_anchors(std::vector<Claim>& claims) {
    for (const Anchor& anchor : options_.anchors) {
      const auto checkpoint = merkle::open_checkpoint(anchor.note, key_);
      if (!checkpoint) {
        report_.add("forged", anchor.name, checkpoint.error().message);
        continue;
      }
      report_.anchors.push_back(anchor.name + ", size " + std::to_string(checkpoint->size));
      claims.push_back({checkpoint->size, checkpoint->root, anchor.name});
    }
    return {};
  }

  // Segments on all processors, then the journal's tail. A live server may seal meanwhile: then the journal no longer
  // holds what follows the last segment listed, and the list is read again.
  Status read_entries() {
    for (int tries = 1;; ++tries) {
      auto set = log::SegmentSet::open(fs_, dir_ + "/segments", identity_.id);
      if (!set) {
        if (set.error().code != Code::kCorrupt) return set.error();
        report_.add("missing", dir_ + "/segments", set.error().message);
        return {};
      }
      STELE_TRY(read_segments(**set));
      auto scan = log::scan_journal(fs_, dir_ + "/journal", identity_.id, walk_->size());
      if (!scan) return scan.error();
      const auto again = log::SegmentSet::open(fs_, dir_ + "/segments", identity_.id);
      const bool grown = again && (*again)->end_index() > walk_->size();
      if (grown && tries < kJournalTries) continue;
      for (const std::string& sentence : scan->damage) report_.add("changed", dir_ + "/journal", sentence);
      sealed_ = walk_->size();
      STELE_TRY(read_tail(*scan));
      report_.uncovered.push_back(dir_ + "/journal: " + std::to_string(scan->free_bytes) + " of " + std::to_string(scan->bytes) +
                                  " bytes, recycled space that holds no entry");
      report_.file_bytes += scan->bytes;
      return {};
    }
  }

  Status read_segments(const log::SegmentSet& set) {
    std::vector<log::SegmentName> names = set.list();
    std::erase_if(names, [&](const log::SegmentName& name) { return name.first_index < walk_->size(); });
    if (!names.empty() && names.front().first_index != walk_->size()) {
      // A merge took the place of what was read so far in part: read on from within it.
      return invalid("the segments changed while they were read; run it again");
    }
    std::vector<Run> runs(names.size());
    std::vector<char> done(names.size(), 0);
    std::atomic<std::size_t> next{0};
    std::mutex mutex;
    std::condition_variable finished;
    std::size_t taken = 0;
    constexpr std::size_t kAhead = 8;
    const auto work = [&] {
      for (;;) {
        const std::size_t i = next++;
        if (i >= names.size()) return;
        {
          std::unique_lock lock(mutex);
          finished.wait(lock, [&] { return i < taken + kAhead; });
        }
        Run run = read_segment(fs_, set.path(names[i]), names[i], identity_.id, walk_->claim_sizes());
        const std::lock_guard lock(mutex);
        runs[i] = std::move(run);
        done[i] = 1;
        finished.notify_all();
      }
    };
    std::vector<std::thread> workers;
    for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i) workers.emplace_back(work);
    bool broken = false;
    const std::uint64_t total = names.empty() ? 0 : names.back().first_index + names.back().count;
    for (std::size_t i = 0; i < names.size(); ++i) {
      Run run;
      {
        std::unique_lock lock(mutex);
        finished.wait(lock, [&] { return done[i] != 0; });
        run = std::move(runs[i]);
        taken = i + 1;
      }
      finished.notify_all();
      if (!broken)
        take_run(run, set.path(names[i]));
      else
        report_.findings.insert(report_.findings.end(), run.findings.begin(), run.findings.end());
      ++report_.files;
      // Without this segment's hashes nothing behind it can be placed in the tree.
      if (run.bundles.size() * kBundleEntries != names[i].count) broken = true;
      if (options_.progress) options_.progress(names[i].first_index + names[i].count, total);
    }
    for (std::thread& worker : workers) worker.join();
    if (broken) report_.add("unreadable", dir_, "the tree could not be rebuilt past a segment that cannot be read");
    return {};
  }

  void take_run(const Run& run, const std::string& where) {
    report_.findings.insert(report_.findings.end(), run.findings.begin(), run.findings.end());
    report_.entry_bytes += run.entry_bytes;
    report_.file_bytes += run.file_bytes;
    if (run.received_first != 0) {
      if (run.received_first < received_last_)
        report_.add("disorder", where, "its first entry was received before the last one in front of it");
      received_last_ = run.received_last;
    }
    for (const BundleHashes& bundle : run.bundles) walk_->add(bundle);
  }

  Status read_tail(const log::JournalScan& scan) {
    const std::uint64_t first = walk_->size();
    std::string bytes;
    std::uint64_t end = first;
    std::vector<Claim> frames;
    for (const log::FoundFrame& frame : scan.chain) {
      if (frame.header.end_index() <= end) continue;
      if (frame.header.first_index > end) {
        report_.add("missing", frame.file, entries_text(end, frame.header.first_index) + " are in no segment and no frame");
        break;
      }
      std::uint64_t index = frame.header.first_index;
      const Status whole = event::for_each_entry(frame.payload, [&](std::string_view entry) {
        if (index++ < end) return;
        char size[2];
        store_be16(size, static_cast<std::uint16_t>(entry.size()));
        bytes.append(size, 2);
        bytes += entry;
      });
      if (!whole || index != frame.header.end_index()) {
        report_.add("rewritten", frame.file,
                    "commit " + std::to_string(frame.header.commit) + " does not hold the entries that its header names");
        break;
      }
      end = frame.header.end_index();
      frames.push_back(
          {end, frame.header.root, dir_ + "/journal/" + frame.file + ", commit " + std::to_string(frame.header.commit)});
    }
    Run run;
    std::vector<std::uint64_t> sizes = walk_->claim_sizes();
    for (const Claim& frame : frames) sizes.push_back(frame.size);
    std::sort(sizes.begin(), sizes.end());
    STELE_TRY(hash_entries(bytes, first, sizes, dir_ + "/journal", run));
    check_frames(frames, run);
    take_run(run, dir_ + "/journal");
    return {};
  }

  // Each frame names the root after it.
  void check_frames(const std::vector<Claim>& frames, const Run& run) {
    Report found;
    TreeWalk walk = walk_->fork(frames, found);
    for (const BundleHashes& bundle : run.bundles) walk.add(bundle);
    walk.finish();
    for (const Finding& finding : found.findings) {
      report_.add("rewritten", finding.where, "its entries do not lead to the root that it names");
    }
  }

  // Level 1 and up, both copies, against what the entries gave.
  Status check_tree_files() {
    std::vector<Hash> expected = walk_->bundle_roots();
    expected.resize(std::min<std::size_t>(expected.size(), sealed_ / kBundleEntries));
    for (unsigned level = 1; level <= log::TreeFiles::kLevelMax; ++level) {
      for (const bool copy : {false, true}) STELE_TRY(check_tree_file(level, copy, expected));
      std::vector<Hash> above;
      for (std::size_t tile = 0; (tile + 1) * merkle::kTileWidth <= expected.size(); ++tile) {
        above.push_back(merkle::root_of(std::span(expected).subspan(tile * merkle::kTileWidth, merkle::kTileWidth)));
      }
      expected = std::move(above);
    }
    return {};
  }

  Status check_tree_file(unsigned level, bool copy, std::span<const Hash> expected) {
    const std::string path = dir_ + "/tree/" + log::tree_file_name(level, copy);
    auto content = io::read_file(fs_, path, UINT64_C(1) << 40);
    if (!content) {
      if (content.error().code != Code::kNotFound) return content.error();
      if (!expected.empty()) report_.add("missing", path, "the file is not there");
      return {};
    }
    report_.file_bytes += content->size();
    ++report_.files;
    const std::size_t held = std::min(content->size() / sizeof(Hash), expected.size());
    for (std::size_t i = 0; i < held; ++i) {
      if (std::memcmp(content->data() + i * sizeof(Hash), expected[i].data(), sizeof(Hash)) == 0) continue;
      const std::size_t tile = i / merkle::kTileWidth;
      report_.add("changed", path,
                  "hash " + std::to_string(i % merkle::kTileWidth) + " of tile " + merkle::tile_path({false, level, tile, 256}) +
                      " is not the root of what lies below it");
      ++report_.tiles;
    }
    report_.tiles += (held + merkle::kTileWidth - 1) / merkle::kTileWidth;
    // A kill between a segment and its hashes leaves them out; the next start adds them.
    constexpr std::size_t kLate = log::kSegmentEntriesMax / kBundleEntries;
    if (content->size() / sizeof(Hash) + kLate < expected.size()) {
      report_.add("missing", path,
                  "it ends after " + std::to_string(held) + " hashes; " + std::to_string(expected.size()) + " belong there");
    }
    if (content->size() > expected.size() * sizeof(Hash)) {
      report_.uncovered.push_back(path + ": " + std::to_string(content->size() - expected.size() * sizeof(Hash)) +
                                  " bytes behind the last sealed bundle");
    }
    return {};
  }

  void check_anchored_leaves() {
    for (const Anchor& anchor : options_.anchors) {
      for (const auto& [index, leaf] : anchor.leaves) {
        const auto stored = stored_leaf(index);
        if (!stored)
          report_.add("missing", anchor.name, "entry " + std::to_string(index) + " cannot be read: " + stored.error().message);
        else if (*stored != leaf)
          report_.add("rewritten", anchor.name, "entry " + std::to_string(index) + " is not the one that the receipt is for");
      }
    }
  }

  Result<Hash> stored_leaf(std::uint64_t index) {
    if (index < sealed_) {
      STELE_ASSIGN(const auto set, log::SegmentSet::open(fs_, dir_ + "/segments", identity_.id));
      STELE_ASSIGN(const auto segment, set->find(index));
      STELE_ASSIGN(const std::string bundle, segment->read(index, 1));
      return crypto::hash_leaf(as_byte_span(std::string_view(bundle).substr(2)));
    }
    STELE_ASSIGN(const auto scan, log::scan_journal(fs_, dir_ + "/journal", identity_.id, sealed_));
    std::optional<Hash> found;
    for (const log::FoundFrame& frame : scan.chain) {
      std::uint64_t at = frame.header.first_index;
      STELE_TRY(event::for_each_entry(frame.payload, [&](std::string_view entry) {
        if (at++ == index) found = crypto::hash_leaf(as_byte_span(entry));
      }));
    }
    if (!found) return Error{Code::kNotFound, "it is not there"};
    return *found;
  }

  // Names what no check above has looked at.
  Status name_foreign_files() {
    const auto each = [&](const std::string& sub, const std::function<bool(const std::string&)>& known) -> Status {
      auto names = fs_.list(dir_ + sub);
      if (!names) {
        if (names.error().code == Code::kNotFound) return {};
        return names.error();
      }
      for (const std::string& name : *names) {
        if (!known(name)) report_.uncovered.push_back(dir_ + sub + "/" + name + ": not a file of a log");
      }
      return {};
    };
    STELE_TRY(each("", [](const std::string& name) {
      constexpr std::array<std::string_view, 6> kKnown{"log.json", "checkpoints", "journal", "segments", "tree", "window"};
      return std::find(kKnown.begin(), kKnown.end(), name) != kKnown.end();
    }));
    STELE_TRY(each("/segments", [](const std::string& name) { return log::parse_segment_name(name).has_value(); }));
    STELE_TRY(each("/journal", [](const std::string& name) { return name.ends_with(".journal"); }));
    STELE_TRY(each("/tree", [](const std::string& name) { return name.ends_with(".hashes") || name.ends_with(".copy"); }));
    report_.uncovered.push_back(dir_ + "/window: derived from the entries and never believed without them");
    return {};
  }

  io::FileSystem& fs_;
  const std::string& dir_;
  const Options& options_;
  Report& report_;
  log::Identity identity_;
  merkle::VerifierKey key_;
  std::unique_ptr<TreeWalk> walk_;
  std::uint64_t sealed_ = 0;
  UnixNanos received_last_ = 0;
};

}  // namespace

Status verify_directory(io::FileSystem& fs, const std::string& log_dir, const Options& options, Report& report) {
  return DirectoryCheck(fs, log_dir, options, report).run();
}

}  // namespace stele::verify
