// Forgers who know the formats and recompute every checksum: what is found without help from outside, what only with it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "log/checkpoints.h"
#include "merkle/checkpoint.h"
#include "tamper/forger.h"
#include "tamper/sample_log.h"

namespace stele::testing {
namespace {

using ::testing::HasSubstr;

const SampleLog& closed_log() {
  static const SampleLog log = make_log({.seed = 11});
  return log;
}

const SampleLog& killed_log() {
  static const SampleLog log = make_log({.seed = 12, .end = End::kUnsigned});
  return log;
}

merkle::NoteSigner another_key(const SampleLog& log) {
  std::array<std::uint8_t, 32> seed{};
  seed.fill(7);
  return {log.identity.origin, crypto::SigningKey::from_seed(seed).value()};
}

bool finds(const verify::Report& report, const std::string& kind, const std::string& where) {
  return std::any_of(report.findings.begin(), report.findings.end(), [&](const verify::Finding& finding) {
    return finding.kind == kind && finding.where.find(where) != std::string::npos;
  });
}

// A finding of this kind, on this file, that names the entry and not the whole log.
bool finds_entry(const verify::Report& report, const std::string& kind, const std::string& where, std::uint64_t index) {
  return std::any_of(report.findings.begin(), report.findings.end(), [&](const verify::Finding& finding) {
    return finding.kind == kind && finding.where.find(where) != std::string::npos && finding.first <= index &&
           index < finding.end && finding.end - finding.first < report.entries / 2;
  });
}

bool leaves(const verify::Report& report, const std::string& where, const std::string& why) {
  return std::any_of(report.uncovered.begin(), report.uncovered.end(), [&](const verify::Uncovered& what) {
    return what.where == where && what.why.find(why) != std::string::npos;
  });
}

std::string segment_of(const SampleLog& log, std::uint64_t index) {
  std::string found;
  for (const std::string& path : log.image.paths(log.dir + "/segments/")) {
    const auto name = log::parse_segment_name(path.substr(path.rfind('/') + 1));
    if (name && name->first_index <= index && index < name->first_index + name->count) found = path;
  }
  return found;
}

verify::Report verify_forged(const Forger& forger, const SampleLog& log, const verify::Options& options = {}) {
  return verify_image(forger.image(), log.dir, options);
}

TEST(Forging, one_entry_of_a_segment_with_right_checksums_is_found_and_placed) {
  const SampleLog& log = closed_log();
  for (const std::uint64_t index : {0U, 1U, 255U, 256U, 700U, 1500U, 2559U}) {
    Forger forger(log);
    forger.change_entry(index);
    forger.rewrite_segments();
    const auto report = verify_forged(forger, log);
    EXPECT_TRUE(finds_entry(report, "rewritten", segment_of(log, index), index)) << index << "\n" << findings_text(report);
  }
}

TEST(Forging, the_tree_made_to_fit_does_not_hide_it) {
  const SampleLog& log = closed_log();
  for (const std::uint64_t index : {3U, 512U, 2001U}) {
    Forger forger(log);
    forger.change_entry(index);
    forger.rewrite_segments();
    forger.rewrite_tree();
    forger.rewrite_journal();
    const auto report = verify_forged(forger, log);
    EXPECT_TRUE(finds_entry(report, "rewritten", segment_of(log, index), index)) << index << "\n" << findings_text(report);
  }
}

TEST(Forging, a_tree_alone_rewritten_alike_in_both_copies_is_found) {
  const SampleLog& log = closed_log();
  Forger forger(log);
  forger.change_entry(300);
  forger.rewrite_tree();
  const auto report = verify_forged(forger, log);
  EXPECT_TRUE(finds_entry(report, "rewritten", "tree/1.hashes", 300)) << findings_text(report);
  EXPECT_FALSE(finds(report, "rewritten", "segments/")) << findings_text(report);
}

TEST(Forging, signed_entries_of_the_journal_are_found_and_placed) {
  const SampleLog& log = closed_log();
  for (const FrameAt& frame : frames_of(log)) {
    const std::uint64_t index = std::max(frame.header.first_index, log.sealed);
    Forger forger(log);
    forger.change_entry(index);
    forger.rewrite_journal();
    const auto report = verify_forged(forger, log);
    EXPECT_TRUE(finds_entry(report, "rewritten", frame.path, index)) << index << "\n" << findings_text(report);
  }
}

TEST(Forging, a_frame_with_right_checksums_but_the_old_root_is_found) {
  const SampleLog& log = closed_log();
  const FrameAt frame = frames_of(log).at(2);
  std::vector<std::string> entries(log.entries.begin() + static_cast<std::ptrdiff_t>(frame.header.first_index),
                                   log.entries.begin() + static_cast<std::ptrdiff_t>(frame.header.end_index()));
  entries[0].back() = ']';
  const std::string bytes = frame_bytes(frame.header, bundle_of(entries));
  Image image = log.image;
  std::string content = image.at(frame.path);
  image.put(frame.path, content.replace(frame.offset, bytes.size(), bytes));
  const auto report = verify_image(image, log.dir);
  EXPECT_TRUE(finds_entry(report, "changed", frame.path, frame.header.first_index) ||
              finds_entry(report, "missing", "/journal", frame.header.first_index) ||
              finds_entry(report, "rewritten", frame.path, frame.header.first_index))
      << findings_text(report);
}

TEST(Forging, entries_that_no_checkpoint_covers_are_said_to_be_uncovered) {
  const SampleLog& log = killed_log();
  Forger forger(log);
  forger.change_entry(log.published + 1);
  forger.rewrite_journal();
  const auto report = verify_forged(forger, log);
  const std::string uncovered = verify::entries_text(log.published, log.entries.size());
  EXPECT_TRUE(report.intact()) << findings_text(report);  // nothing signs them: only receipts can tell
  EXPECT_TRUE(leaves(report, uncovered, "no checkpoint")) << findings_text(report);

  const auto held = verify_forged(forger, log, {.anchors = {log.receipt(log.published + 1)}});
  EXPECT_TRUE(finds_entry(held, "rewritten", "journal", log.published + 1)) << findings_text(held);
}

TEST(Forging, the_tail_of_acknowledged_entries_cut_off_is_found_by_a_receipt) {
  const SampleLog& log = killed_log();
  Forger forger(log);
  const FrameAt last = frames_of(log).back();
  std::string content = forger.image().at(last.path);
  content.replace(last.offset, log::kFrameAlignment, std::string(log::kFrameAlignment, '\0'));
  forger.image().put(last.path, content);
  const auto report = verify_forged(forger, log);
  EXPECT_TRUE(report.intact()) << findings_text(report);
  EXPECT_TRUE(leaves(report, verify::entries_text(log.published, last.header.first_index), "what may have followed"))
      << findings_text(report);
  const auto held = verify_forged(forger, log, {.anchors = {log.receipt(log.entries.size() - 1)}});
  EXPECT_TRUE(finds(held, "rolled_back", "receipt.json")) << findings_text(held);
  EXPECT_TRUE(finds(held, "missing", "/journal") || finds(held, "changed", last.path)) << findings_text(held);
}

// The insider has the key: everything fits. Only what others kept tells.
class SignedAnew : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kIndex = 1000;

  SignedAnew() : log_(closed_log()), forger_(log_) {
    forger_.change_entry(kIndex);
    forger_.rewrite_segments();
    forger_.rewrite_tree();
    forger_.rewrite_journal();
    forger_.wipe_free_space();
  }

  const SampleLog& log_;
  Forger forger_;
};

TEST_F(SignedAnew, with_the_key_is_intact_but_not_anchored) {
  forger_.sign_checkpoints(log_.signer());
  const auto report = verify_forged(forger_, log_);
  EXPECT_TRUE(report.intact()) << findings_text(report);
  EXPECT_TRUE(report.anchors.empty());
  EXPECT_TRUE(leaves(report, "the end of the log", "from outside"));
}

TEST_F(SignedAnew, with_the_key_is_found_by_a_checkpoint_kept_from_earlier) {
  forger_.sign_checkpoints(log_.signer());
  const auto before = verify_forged(forger_, log_, {.anchors = {log_.since(kIndex - 100)}});
  EXPECT_TRUE(before.intact()) << findings_text(before);  // it says nothing about later entries, and says so
  EXPECT_LT(before.anchored_entries, kIndex);
  const auto report = verify_forged(forger_, log_, {.anchors = {log_.since(kIndex - 100), log_.since(kIndex + 1)}});
  EXPECT_TRUE(finds_entry(report, "rewritten", "kept.checkpoint", kIndex)) << findings_text(report);
}

TEST_F(SignedAnew, with_the_key_is_found_by_receipts) {
  forger_.sign_checkpoints(log_.signer());
  const auto own = verify_forged(forger_, log_, {.anchors = {log_.receipt(kIndex)}});
  EXPECT_TRUE(finds_entry(own, "rewritten", segment_of(log_, kIndex), kIndex)) << findings_text(own);
  EXPECT_TRUE(finds(own, "rewritten", "receipt.json"));
  const auto later = verify_forged(forger_, log_, {.anchors = {log_.receipt(2'900)}});
  EXPECT_TRUE(finds(later, "rewritten", "receipt.json")) << findings_text(later);
}

TEST_F(SignedAnew, from_some_size_on_is_found_by_the_older_checkpoints_that_were_kept) {
  forger_.sign_checkpoints(log_.signer(), 2'000);
  const auto report = verify_forged(forger_, log_);
  EXPECT_TRUE(finds(report, "rewritten", "checkpoints")) << findings_text(report);
}

TEST_F(SignedAnew, with_a_new_key_is_found_by_the_key_a_checkpoint_or_a_receipt) {
  const merkle::NoteSigner key = another_key(log_);
  forger_.sign_checkpoints(key);
  EXPECT_TRUE(finds(verify_forged(forger_, log_), "forged", "checkpoints"));
  EXPECT_TRUE(finds(verify_forged(forger_, log_), "forged", "log.json"));
  forger_.replace_key(key);
  EXPECT_TRUE(verify_forged(forger_, log_).intact());
  EXPECT_TRUE(verify_forged(forger_, log_).anchors.empty());

  const auto by_key = verify_forged(forger_, log_, {.key = log_.identity.key});
  EXPECT_TRUE(finds(by_key, "forged", "log.json")) << findings_text(by_key);
  EXPECT_TRUE(finds(by_key, "forged", "checkpoints"));
  EXPECT_TRUE(finds(verify_forged(forger_, log_, {.anchors = {log_.since(500)}}), "forged", "kept.checkpoint"));
  EXPECT_TRUE(finds(verify_forged(forger_, log_, {.anchors = {log_.receipt(5)}}), "forged", "receipt.json"));
}

TEST(RollBack, to_an_older_copy_is_found_by_anything_newer_from_outside) {
  const SampleLog& log = closed_log();
  const auto alone = verify_image(log.older, log.dir);
  EXPECT_TRUE(alone.intact()) << findings_text(alone);
  EXPECT_TRUE(alone.anchors.empty());
  EXPECT_TRUE(leaves(alone, "the end of the log", "once were more entries"));
  // The key tells who signed, not how far the log went.
  const auto by_key = verify_image(log.older, log.dir, {.key = log.identity.key});
  EXPECT_TRUE(by_key.intact());
  EXPECT_TRUE(leaves(by_key, "the end of the log", "once were more entries"));

  EXPECT_TRUE(verify_image(log.older, log.dir, {.anchors = {log.since(log.older_size)}}).intact());
  const auto since = verify_image(log.older, log.dir, {.anchors = {log.since(log.older_size + 1)}});
  EXPECT_TRUE(finds(since, "rolled_back", "kept.checkpoint")) << findings_text(since);
  const auto receipt = verify_image(log.older, log.dir, {.anchors = {log.receipt(log.older_size)}});
  EXPECT_TRUE(finds(receipt, "rolled_back", "receipt.json")) << findings_text(receipt);
}

TEST(RollBack, of_entries_under_newer_checkpoints_is_found) {
  const SampleLog& log = closed_log();
  Image image = log.older;
  image.put(log.dir + "/checkpoints", log.image.at(log.dir + "/checkpoints"));
  const auto report = verify_image(image, log.dir);
  EXPECT_TRUE(finds(report, "rolled_back", "checkpoints")) << findings_text(report);
  EXPECT_TRUE(finds(report, "missing", "/journal"));
}

TEST(RollBack, continued_with_other_entries_is_found_by_what_was_kept) {
  // The same log goes on twice from one copy: both continuations are signed by the true key.
  LogPlan plan{.seed = 11};
  const SampleLog& log = closed_log();
  plan.message_bytes_max = 299;
  const SampleLog other = make_log(plan);
  ASSERT_EQ(other.identity.key, log.identity.key);
  const auto report = verify_image(other.image, log.dir, {.key = log.identity.key, .anchors = {log.since(2'000)}});
  EXPECT_TRUE(finds(report, "rewritten", "kept.checkpoint")) << findings_text(report);
}

// What is done to the file of kept checkpoints alone.
class Checkpoints : public ::testing::Test {
 protected:
  static constexpr std::size_t kRecord = log::kCheckpointRecordBytes;

  Checkpoints() : log_(closed_log()), path_(log_.dir + "/checkpoints"), content_(log_.image.at(path_)) {}

  [[nodiscard]] std::size_t records() const { return content_.size() / kRecord; }
  [[nodiscard]] std::string record(std::size_t i) const { return content_.substr(i * kRecord, kRecord); }
  [[nodiscard]] verify::Report verified() const {
    Image image = log_.image;
    image.put(path_, content_);
    return verify_image(image, log_.dir);
  }
  [[nodiscard]] log::PublishedCheckpoint decoded(std::size_t i) const {
    return log::decode_checkpoint_record(as_byte_span(content_).subspan(i * kRecord).first<kRecord>()).value();
  }
  void put(std::size_t i, const log::PublishedCheckpoint& checkpoint) {
    const auto bytes = log::encode_checkpoint_record(checkpoint);
    content_.replace(i * kRecord, kRecord, as_text(ByteSpan(bytes)));
  }

  const SampleLog& log_;
  std::string path_;
  std::string content_;
};

TEST_F(Checkpoints, emptied_is_missed) {
  content_.clear();
  EXPECT_TRUE(finds(verified(), "missing", "checkpoints"));
}

TEST_F(Checkpoints, without_the_first_is_missed) {
  content_.erase(0, kRecord);
  EXPECT_TRUE(finds(verified(), "missing", "checkpoints"));
}

TEST_F(Checkpoints, without_the_last_leaves_its_entries_uncovered) {
  content_.resize(content_.size() - kRecord);
  const auto report = verified();
  EXPECT_TRUE(report.intact()) << findings_text(report);
  EXPECT_TRUE(leaves(report, verify::entries_text(decoded(records() - 1).size, log_.entries.size()), "no checkpoint"));
}

TEST_F(Checkpoints, without_one_between_changes_nothing_that_is_proven_and_is_said) {
  content_.erase(4 * kRecord, kRecord);
  const auto report = verified();
  EXPECT_TRUE(report.intact()) << findings_text(report);
  EXPECT_TRUE(leaves(report, path_, "taken out"));
}

TEST_F(Checkpoints, repeated_or_out_of_order_is_found) {
  const std::string third = record(3);
  content_.insert(5 * kRecord, third);
  EXPECT_TRUE(finds(verified(), "rewritten", "checkpoints"));
  content_ = log_.image.at(path_);
  content_.replace(3 * kRecord, 2 * kRecord, record(4) + record(3));
  EXPECT_TRUE(finds(verified(), "rewritten", "checkpoints"));
}

TEST_F(Checkpoints, with_another_root_or_size_under_a_right_checksum_is_forged) {
  auto checkpoint = decoded(5);
  checkpoint.root[0] ^= 1;
  put(5, checkpoint);
  EXPECT_TRUE(finds(verified(), "forged", "checkpoints"));
  content_ = log_.image.at(path_);
  checkpoint = decoded(6);
  ++checkpoint.size;
  put(6, checkpoint);
  EXPECT_TRUE(finds(verified(), "forged", "checkpoints"));
}

TEST_F(Checkpoints, signed_for_another_history_is_found) {
  auto checkpoint = decoded(5);
  checkpoint.root[0] ^= 1;
  const auto note =
      merkle::parse_note(log_.signer().sign(merkle::Checkpoint{log_.identity.origin, checkpoint.size, checkpoint.root}.text()));
  std::memcpy(checkpoint.signature.data(), note.value().signatures.at(0).signature.data(), checkpoint.signature.size());
  put(5, checkpoint);
  const auto report = verified();
  EXPECT_TRUE(finds(report, "rewritten", "checkpoints")) << findings_text(report);
  EXPECT_THAT(report.findings.at(0).message, HasSubstr("two histories"));
}

TEST_F(Checkpoints, every_bit_of_the_last_record_counts) {
  const std::string untouched = content_;
  for (std::size_t bit = 0; bit < kRecord * 8; bit += 5) {
    content_ = untouched;
    const std::size_t at = content_.size() - kRecord + bit / 8;
    content_[at] = static_cast<char>(content_[at] ^ (1 << bit % 8));
    EXPECT_TRUE(finds(verified(), "changed", "checkpoints")) << bit;
  }
}

// Frames that were never the log's, put where there is room.
class Planted : public ::testing::Test {
 protected:
  Planted() : log_(closed_log()), frames_(frames_of(log_)), last_(frames_.back().header) {}

  [[nodiscard]] verify::Report with(const log::FrameHeader& header, const std::string& payload) const {
    Image image = log_.image;
    image.put(log_.dir + "/journal/0000000099.journal", frame_bytes(header, payload));
    return verify_image(image, log_.dir);
  }
  [[nodiscard]] std::string payload_of(const log::FrameHeader& header) const {
    return bundle_of(std::span(log_.entries).subspan(header.first_index, header.count));
  }

  const SampleLog& log_;
  std::vector<FrameAt> frames_;
  log::FrameHeader last_;
};

TEST_F(Planted, of_a_later_epoch_with_other_entries_is_found) {
  for (const std::size_t which : {std::size_t{0}, frames_.size() / 2, frames_.size() - 1}) {
    log::FrameHeader header = frames_[which].header;
    header.epoch += 100;
    std::string payload = payload_of(header);
    payload[payload.size() - 2] = 'x';
    header.root[0] ^= 1;
    const auto report = with(header, payload);
    EXPECT_TRUE(finds(report, "rewritten", "journal")) << which << "\n" << findings_text(report);
  }
}

TEST_F(Planted, of_a_commit_far_ahead_does_not_hide_the_others) {
  log::FrameHeader header = last_;
  header.commit += 1'000'000;
  header.first_index = 0;
  header.count = 1;
  const auto report = with(header, bundle_of(std::span(log_.entries).first(1)));
  EXPECT_TRUE(finds(report, "rewritten", "journal")) << findings_text(report);
}

TEST_F(Planted, that_goes_on_from_the_last_is_an_entry_that_no_checkpoint_covers) {
  log::FrameHeader header = last_;
  log::FrameHeaderBytes head = log::encode_frame_header(last_);
  header.previous = log::frame_digest(head);
  header.commit += 1;
  header.first_index = last_.end_index();
  header.count = 1;
  const auto report = with(header, bundle_of(std::span(log_.entries).last(1)));
  EXPECT_TRUE(finds(report, "rewritten", "0000000099.journal")) << findings_text(report);  // its root is not right
}

TEST_F(Planted, that_repeats_sealed_entries_otherwise_is_found) {
  // The first needed frame holds sealed entries too: nobody reads them there, but they must be the same.
  ASSERT_LT(frames_.front().header.first_index, log_.sealed);
  const FrameAt& frame = frames_.front();
  std::string payload = payload_of(frame.header);
  payload[40] ^= 1;
  Image image = log_.image;
  std::string content = image.at(frame.path);
  const std::string bytes = frame_bytes(frame.header, payload);
  content.replace(frame.offset, bytes.size(), bytes);
  image.put(frame.path, content);
  const auto report = verify_image(image, log_.dir);
  EXPECT_FALSE(report.intact()) << findings_text(report);
}

}  // namespace
}  // namespace stele::testing
