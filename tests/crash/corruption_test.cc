// Damaged files: opening or reading says so, what is served is never wrong, and what was damaged is left as it was.
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "crash/disk_image.h"
#include "crash/promises.h"
#include "crash/test_log.h"
#include "crash/workload.h"
#include "event/entry.h"
#include "log/checkpoints.h"
#include "log/identity.h"
#include "log/journal.h"
#include "log/segment_set.h"
#include "merkle/tile.h"
#include "merkle/tree.h"
#include "support/prng.h"

namespace stele::testing {
namespace {

constexpr std::uint64_t kSlower = kSanitized ? 10 : 1;

const std::string kDir = "log";
constexpr std::uint64_t kNoiseSeed = 42;

// A log with segments, recycled journal files, a tail of some frames in several files, and published checkpoints.
class Corruption : public ::testing::Test {
 protected:
  void SetUp() override {
    SimFileSystem fs(1);
    const auto identity = create_test_log(fs, kDir, 1);
    ASSERT_TRUE(identity.ok());
    log_id_ = identity->id;
    promises_ = std::make_unique<Promises>(identity->key);
    {
      auto store = open_test_log(fs, kDir, small_options(), clock_);
      ASSERT_TRUE(store.ok());
      for (int i = 0; i < 200; ++i) {
        commit(**store, workload_.group(promises_->size(), clock_.now(), 40, identity->fingerprint_seed));
        if (i % 7 == 0) publish(**store);
        if (i % 3 == 0 && i < 180) {
          while (*(*store)->seal()) continue;
        }
      }
      sealed_ = (*store)->sealed_size();
      ASSERT_GT(promises_->size(), sealed_ + 100);
    }
    image_ = DiskImage::of(fs);
    // What a crash leaves over goes when all else is right, and stays when it is not.
    image_.files[kDir + "/segments/" + log::segment_name(sealed_, 256) + ".new"] = "half a segment";
    auto scan = log::scan_journal(fs, kDir + "/journal", log_id_, sealed_, nullptr);
    ASSERT_TRUE(scan.ok() && scan->damage.empty());
    chain_ = std::move(scan->chain);
    ASSERT_GT(chain_.size(), 8U);
    ASSERT_NE(chain_.front().file, chain_.back().file);
    ASSERT_GE(image_.paths(".segment").size(), 3U);
  }

  void commit(log::Store& store, Group group) {
    const auto committed = store.commit(group.batches);
    ASSERT_TRUE(committed.ok());
    promises_->acknowledge(group.bundle, group.received, group.deliveries);
    ASSERT_EQ(promises_->hand_out(*committed->state), "");
    clock_.advance(kMillisecond);
  }

  void publish(log::Store& store) {
    ASSERT_TRUE(store.publish().ok());
    ASSERT_EQ(promises_->publish(*store.published()), "");
  }

  // Opens a disk with these files and hands the log, or what opening said, to `look`. Whatever comes of it, an open
  // that fails says kCorrupt and has changed nothing.
  void open(const DiskImage& damaged, const std::function<void(Result<std::unique_ptr<log::Store>>&)>& look) {
    SimFileSystem fs(2);
    damaged.write_to(fs);
    auto opened = open_test_log(fs, kDir, small_options(), clock_);
    if (!opened) {
      EXPECT_EQ(opened.error().code, Code::kCorrupt) << opened.error().message;
      EXPECT_EQ(DiskImage::of(fs), damaged) << "opening changed what it refused: " << opened.error().message;
    }
    look(opened);
    for (const std::string& path : damaged.paths(".segment")) {
      const auto content = io::read_file(fs, path, 1U << 30);
      EXPECT_TRUE(content.ok() && *content == damaged.files.at(path)) << path << " was changed";
    }
  }

  void expect_refused(const DiskImage& damaged, const std::string& what) {
    open(damaged, [&](const auto& opened) { EXPECT_FALSE(opened.ok()) << what << " was not noticed"; });
  }

  // Everything that the log serves up to `size` is right, or it says kCorrupt. Returns whether it said so.
  bool expect_right_or_refused(const DiskImage& damaged, std::uint64_t size, const std::string& what) {
    bool refused = false;
    open(damaged, [&](const auto& opened) {
      refused = !opened.ok();
      if (refused) return;
      const log::Store& store = **opened;
      EXPECT_GE(store.size(), size) << what;
      EXPECT_EQ(store.latest()->root, root_at(store.size())) << what;
      for (std::uint64_t at = 0; at < size; at += 64) {
        const std::uint64_t count = std::min<std::uint64_t>(64, size - at);
        const auto bytes = store.read(at, count);
        if (!bytes) EXPECT_EQ(bytes.error().code, Code::kCorrupt) << what << ": " << bytes.error().message;
        refused = refused || !bytes;
        if (bytes && *bytes != promises_->bytes(at, count)) check_heads_only(damaged, *bytes, at, count, what);
      }
      const merkle::Tile tile{false, 1, 0, static_cast<unsigned>(size / log::kBundleEntries)};
      const auto roots = store.tile(tile);
      if (!roots) EXPECT_EQ(roots.error().code, Code::kCorrupt) << what;
      refused = refused || !roots;
      if (roots) EXPECT_EQ(*roots, bundle_roots(tile.width)) << what;
    });
    return refused;
  }

  // The random digits of ids are covered by the segment's own checksum alone (docs/formats/segment.md): a reader of
  // one entry does not see them change, a scrub does.
  void check_heads_only(const DiskImage& damaged, const std::string& bytes, std::uint64_t first, std::uint64_t count,
                        const std::string& what) {
    std::string expected(promises_->bytes(first, count));
    ASSERT_EQ(bytes.size(), expected.size()) << what;
    std::string with_ids = expected;
    for (std::size_t at = 0; at < expected.size(); at += 2U + load_be16(&expected[at])) {
      with_ids.replace(at + 2 + event::kIdAt, event::kIdWidth, bytes.substr(at + 2 + event::kIdAt, event::kIdWidth));
    }
    EXPECT_EQ(bytes, with_ids) << what << " changed what is read";
    SimFileSystem fs(3);
    damaged.write_to(fs);
    const auto set = log::SegmentSet::open(fs, kDir + "/segments", log_id_);
    ASSERT_TRUE(set.ok());
    const auto segment = (*set)->find(first);
    ASSERT_TRUE(segment.ok());
    EXPECT_EQ((*segment)->check_bytes().error().code, Code::kCorrupt) << what;
  }

  [[nodiscard]] Hash root_at(std::uint64_t size) const {
    return size == 0 ? merkle::empty_root() : merkle::root_of(promises_->leaves(0, size));
  }
  [[nodiscard]] std::string bundle_roots(std::uint64_t count) const {
    std::string out;
    for (std::uint64_t i = 0; i < count; ++i) {
      out += as_text(merkle::root_of(promises_->leaves(i * log::kBundleEntries, log::kBundleEntries)));
    }
    return out;
  }

  HandClock clock_;
  Workload workload_{1};
  Prng prng_{kNoiseSeed};
  log::LogId log_id_{};
  std::unique_ptr<Promises> promises_;
  std::uint64_t sealed_ = 0;
  DiskImage image_;
  std::vector<log::FoundFrame> chain_;
};

// The ways in which bytes from `at` on are damaged.
enum class Damage { kFlippedBit, kLostSector, kLostBlock, kNoise };
constexpr Damage kDamages[] = {Damage::kFlippedBit, Damage::kLostSector, Damage::kLostBlock, Damage::kNoise};

void apply(std::string& content, std::uint64_t at, Damage damage, Prng& prng) {
  if (damage == Damage::kFlippedBit) {
    content[at] = static_cast<char>(content[at] ^ (1 << prng.below(8)));
    return;
  }
  const std::uint64_t unit = damage == Damage::kLostBlock ? 4096 : 512;
  const std::uint64_t from = at / unit * unit;
  std::string lost(std::min<std::uint64_t>(unit, content.size() - from), '\0');
  if (damage == Damage::kNoise) prng.fill(std::as_writable_bytes(std::span(lost)));
  content.replace(from, lost.size(), lost);
}

std::string describe(const std::string& path, std::uint64_t at, Damage damage) {
  constexpr const char* kNames[] = {"a flipped bit", "a lost sector", "a lost block", "noise"};
  return std::string(kNames[static_cast<int>(damage)]) + " at byte " + std::to_string(at) + " of " + path;
}

// Goal: the files as they are hold what was promised (or the cases below would prove nothing).
TEST_F(Corruption, of_nothing_is_not_seen) { EXPECT_FALSE(expect_right_or_refused(image_, promises_->size(), "nothing")); }

// Goal: damage anywhere in a frame that others follow is refused.
TEST_F(Corruption, of_a_frame_that_others_follow_is_refused) {
  for (std::size_t i = 0; i + 1 < chain_.size(); ++i) {
    const log::FoundFrame& frame = chain_[i];
    const std::string path = kDir + "/journal/" + frame.file;
    const std::uint64_t bytes = log::kFrameHeaderBytes + frame.header.payload_bytes;
    for (std::uint64_t n = 0; n < 40 / kSlower; ++n) {
      const std::uint64_t at = frame.offset + prng_.below(n % 2 == 0 ? log::kFrameHeaderBytes : bytes);
      const Damage damage = kDamages[n / 2 % 4];
      DiskImage damaged = image_;
      apply(damaged.files[path], at, damage, prng_);
      expect_refused(damaged, describe(path, at, damage) + ", commit " + std::to_string(frame.header.commit));
    }
  }
}

// Goal: the last frame may be one that was never acknowledged: damaged, it is dropped whole, and the rest is there; but
// not when a checkpoint was published that covers it.
TEST_F(Corruption, of_the_last_frame_drops_it_unless_it_was_published) {
  const log::FoundFrame& last = chain_.back();
  const std::string path = kDir + "/journal/" + last.file;
  const std::uint64_t bytes = log::kFrameHeaderBytes + last.header.payload_bytes;
  ASSERT_LE(promises_->published_sizes().back(), last.header.first_index);
  DiskImage published = image_;
  {
    const auto record = log::encode_checkpoint_record({promises_->size(), promises_->root(), {}, clock_.now()});
    published.files[kDir + "/checkpoints"] += as_text(ByteSpan(record));
  }
  for (std::uint64_t n = 0; n < 200 / kSlower; ++n) {
    const std::uint64_t at = last.offset + prng_.below(n % 2 == 0 ? log::kFrameHeaderBytes : bytes);
    const Damage damage = kDamages[n / 2 % 4];
    DiskImage damaged = image_;
    apply(damaged.files[path], at, damage, prng_);
    EXPECT_FALSE(expect_right_or_refused(damaged, last.header.first_index, describe(path, at, damage)));
    std::swap(damaged.files[kDir + "/checkpoints"], published.files[kDir + "/checkpoints"]);
    expect_refused(damaged, describe(path, at, damage) + " under a published checkpoint");
    std::swap(damaged.files[kDir + "/checkpoints"], published.files[kDir + "/checkpoints"]);
  }
}

// Goal: what the journal no longer needs may be damaged at will.
TEST_F(Corruption, of_recycled_space_is_harmless) {
  std::map<std::string, std::vector<bool>> needed;  // by file, a flag a block
  for (const log::FoundFrame& frame : chain_) {
    auto& blocks = needed[kDir + "/journal/" + frame.file];
    const std::uint64_t end = (frame.offset + log::frame_extent(frame.header.payload_bytes)) / log::kFrameAlignment;
    if (blocks.size() < end) blocks.resize(end);
    for (std::uint64_t b = frame.offset / log::kFrameAlignment; b < end; ++b) blocks[b] = true;
  }
  DiskImage damaged = image_;
  std::uint64_t lost = 0;
  for (const std::string& path : image_.paths(".journal")) {
    for (std::uint64_t b = 0; b * log::kFrameAlignment < image_.files[path].size(); ++b) {
      if (b < needed[path].size() && needed[path][b]) continue;
      apply(damaged.files[path], b * log::kFrameAlignment, Damage::kNoise, prng_);
      ++lost;
    }
  }
  ASSERT_GT(lost, 4U);
  EXPECT_FALSE(expect_right_or_refused(damaged, promises_->size(), "recycled space"));
}

// Goal: damage anywhere in a segment is told by opening, reading or a scrub, and nothing wrong is served.
TEST_F(Corruption, of_a_segment_is_told) {
  for (const std::string& path : image_.paths(".segment")) {
    std::uint64_t told = 0;
    const std::uint64_t tries = 120 / kSlower;
    for (std::uint64_t n = 0; n < tries; ++n) {
      DiskImage damaged = image_;
      std::string& content = damaged.files[path];
      // The footer and the trailer as often as all the rest.
      const std::uint64_t at = n % 2 == 0 ? prng_.below(content.size()) : content.size() - 1 - prng_.below(600);
      const Damage damage = kDamages[n / 2 % 4];
      apply(content, at, damage, prng_);
      if (expect_right_or_refused(damaged, promises_->size(), describe(path, at, damage))) ++told;
      if (HasFailure()) return;
    }
    EXPECT_GT(told, tries / 2) << path;
  }
}

// Goal: a hash that is damaged in one of its two files is never served, and the log goes on with the other.
TEST_F(Corruption, of_a_tree_file_is_done_without) {
  for (const char* name : {"/tree/1.hashes", "/tree/1.copy"}) {
    const std::string path = kDir + name;
    ASSERT_EQ(image_.files[path].size(), sealed_ / log::kBundleEntries * sizeof(Hash));
    for (std::uint64_t at = 0; at < image_.files[path].size(); at += 1 + prng_.below(4 * kSlower)) {
      DiskImage damaged = image_;
      apply(damaged.files[path], at, Damage::kFlippedBit, prng_);
      const std::string what = describe(path, at, Damage::kFlippedBit);
      EXPECT_FALSE(expect_right_or_refused(damaged, promises_->size(), what)) << what;
    }
    DiskImage damaged = image_;
    damaged.files[path].clear();
    EXPECT_FALSE(expect_right_or_refused(damaged, promises_->size(), path + " empty")) << "its hashes stand in the segments too";
    damaged.files.erase(path);
    EXPECT_FALSE(expect_right_or_refused(damaged, promises_->size(), path + " removed"));
  }
}

// Goal: a damaged record of a published checkpoint changes nothing that is handed out: opening looks at the last alone, which
// may be torn and is dropped; a damaged one is not found.
TEST_F(Corruption, of_a_checkpoint_is_never_handed_out) {
  const std::string path = kDir + "/checkpoints";
  const std::uint64_t records = image_.files[path].size() / log::kCheckpointRecordBytes;
  ASSERT_GT(records, 5U);
  for (std::uint64_t at = 0; at < image_.files[path].size(); at += 1 + prng_.below(5 * kSlower)) {
    DiskImage damaged = image_;
    apply(damaged.files[path], at, Damage::kFlippedBit, prng_);
    const std::string what = describe(path, at, Damage::kFlippedBit);
    EXPECT_FALSE(expect_right_or_refused(damaged, promises_->size(), what));
    if (at / log::kCheckpointRecordBytes + 1 == records) continue;
    open(damaged, [&](Result<std::unique_ptr<log::Store>>& store) {
      ASSERT_TRUE(store.ok()) << what;
      const auto& sizes = promises_->published_sizes();
      const std::uint64_t hit = at / log::kCheckpointRecordBytes;
      for (std::uint64_t n = hit > 0 ? hit - 1 : 0; n <= hit + 1; ++n) {
        const auto state = (*store)->signed_state(sizes.at(n));
        EXPECT_EQ(state.ok(), n != hit) << what << ", record " << n;
        if (!state) EXPECT_EQ(state.error().code, Code::kNotFound) << what << ": " << state.error().message;
      }
    });
  }
}

// Goal: files that are missing, cut short, or stand in for each other are refused.
TEST_F(Corruption, of_whole_files_is_refused) {
  const auto segments = image_.paths(".segment");
  for (const std::string& path : segments) {
    DiskImage damaged = image_;
    damaged.files.erase(path);
    expect_refused(damaged, path + " removed");
    for (int n = 0; n < 5; ++n) {
      damaged = image_;
      damaged.files[path].resize(prng_.below(image_.files[path].size()));
      EXPECT_TRUE(expect_right_or_refused(damaged, promises_->size(), path + " cut short"));
    }
  }
  DiskImage swapped = image_;
  std::swap(swapped.files[segments[0]], swapped.files[segments[1]]);
  EXPECT_TRUE(expect_right_or_refused(swapped, promises_->size(), "two segments swapped"));
  std::map<std::string, std::uint64_t> last_frames;
  for (const log::FoundFrame& frame : chain_) last_frames[frame.file] = frame.header.commit;
  for (const auto& [file, commit] : last_frames) {
    if (commit == chain_.back().header.commit) continue;
    DiskImage damaged = image_;
    damaged.files.erase(kDir + "/journal/" + file);
    expect_refused(damaged, file + " removed");
    damaged.files[kDir + "/journal/" + file] = image_.files[kDir + "/journal/" + file].substr(0, 4096);
    expect_refused(damaged, file + " cut short");
  }
  DiskImage damaged = image_;
  for (const std::string& path : image_.paths(".journal")) damaged.files.erase(path);
  expect_refused(damaged, "the whole journal removed");
}

}  // namespace
}  // namespace stele::testing
