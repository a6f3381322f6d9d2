// A log with a whole level-1 tile in one segment and hashes of two levels: what is changed in it is found and placed.
#include <gtest/gtest.h>

#include "log/tree_files.h"
#include "support/fixed.h"
#include "support/prng.h"
#include "tamper/forger.h"
#include "tamper/oracle.h"
#include "tamper/sample_log.h"
#include "tamper/tampering.h"
#include "verify/directory.h"

namespace stele::testing {
namespace {

constexpr std::uint64_t kTimes = kSanitized ? 10 : 120;

const SampleLog& merged_log() {
  static const SampleLog log = make_log({.seed = 31,
                                         .entries = 67'000,
                                         .commit_entries_max = 1'500,
                                         .message_bytes_max = 40,
                                         .seal_bytes = 1U << 20,
                                         .tail_entries = 300,
                                         .publish_one_in = 3,
                                         .end = End::kLive});
  return log;
}

bool finds(const verify::Report& report, const std::string& where, std::uint64_t index) {
  return std::any_of(report.findings.begin(), report.findings.end(), [&](const verify::Finding& finding) {
    return finding.where.find(where) != std::string::npos && finding.first <= index && index < finding.end;
  });
}

TEST(Merged, is_one_segment_and_two_levels) {
  const SampleLog& log = merged_log();
  EXPECT_TRUE(log.image.has(log.dir + "/segments/00000000000000000000-65536.segment"));
  EXPECT_EQ(log.image.at(log.dir + "/tree/2.hashes").size(), sizeof(Hash));
  EXPECT_TRUE(verify_image(log.image, log.dir).intact());
}

TEST(Merged, random_changes_are_found) {
  const SampleLog& log = merged_log();
  const SampleLog other = make_log({.seed = 32, .entries = 2'000, .end = End::kLive});
  const Oracle oracle(log);
  for (std::uint64_t seed = 0; seed < kTimes; ++seed) {
    Prng prng(mix64(31, seed));
    Image image = log.image;
    const std::string how = tamper_with(image, {log.older, other.image}, prng);
    ImageFileSystem fs(image);
    verify::Report report;
    if (!verify::verify_directory(fs, log.dir, {}, report)) continue;  // a newer version, by its log.json
    const auto wrong = oracle.judge(image, report);
    EXPECT_FALSE(wrong) << "seed " << seed << ": " << how << ": " << *wrong << "\n" << findings_text(report);
  }
}

TEST(Merged, each_stored_hash_counts_in_each_copy) {
  const SampleLog& log = merged_log();
  for (const std::string file : {"1.hashes", "1.copy", "2.hashes", "2.copy"}) {
    const std::string path = log.dir + "/tree/" + file;
    const std::uint64_t per_hash = file[0] == '1' ? 256 : 65'536;
    const std::uint64_t hashes = log.image.at(path).size() / sizeof(Hash);
    for (std::uint64_t i = 0; i < hashes; i += 97) {
      Image image = log.image;
      std::string content = image.at(path);
      content[i * sizeof(Hash) + 5] ^= 4;
      image.put(path, content);
      const auto report = verify_image(image, log.dir);
      EXPECT_TRUE(finds(report, path, i * per_hash)) << path << " " << i << "\n" << findings_text(report);
    }
  }
}

TEST(Merged, an_entry_forged_with_its_tree_is_found_and_placed) {
  const SampleLog& log = merged_log();
  Forger forger(log);
  forger.change_entry(40'000);
  forger.rewrite_segments();
  forger.rewrite_tree();
  forger.rewrite_journal();
  const auto report = verify_image(forger.image(), log.dir);
  EXPECT_TRUE(finds(report, "segments/00000000000000000000-65536.segment", 40'000)) << findings_text(report);
}

// The smaller segments that a merge replaced may still lie there after a crash: they are not read, and named.
TEST(Merged, segments_left_over_by_a_merge_are_named) {
  const SampleLog& log = merged_log();
  const std::string dir = log.dir + "/segments/";
  ASSERT_LT(log.older_size, 65'536U);
  Image image = log.image;
  for (const std::string& path : log.older.paths(dir)) image.put(path, log.older.at(path));
  const auto report = verify_image(image, log.dir);
  EXPECT_TRUE(report.intact()) << findings_text(report);
  for (const std::string& path : log.older.paths(dir)) {
    EXPECT_TRUE(std::any_of(report.uncovered.begin(), report.uncovered.end(), [&](const verify::Uncovered& what) {
      return what.where == path;
    })) << path;
  }
}

}  // namespace
}  // namespace stele::testing
