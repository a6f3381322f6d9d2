// Files that no program of ours would write: verification says what is wrong, in good time, and never falls over.
#include <gtest/gtest.h>

#include <chrono>

#include "crypto/sha256.h"
#include "log/checkpoints.h"
#include "support/fixed.h"
#include "support/prng.h"
#include "tamper/forger.h"
#include "tamper/sample_log.h"
#include "verify/directory.h"

namespace stele::testing {
namespace {

constexpr std::uint64_t kSlower = kSanitized ? 8 : 1;

const SampleLog& small_log() {
  static const SampleLog log =
      make_log({.seed = 21, .entries = 900, .seal_bytes = 60U << 10, .tail_entries = 80, .end = End::kLive});
  return log;
}

std::string noise(Prng& prng, std::uint64_t size) {
  std::string out(size, '\0');
  prng.fill(std::as_writable_bytes(std::span(out)));
  return out;
}

bool finds(const verify::Report& report, const std::string& where) {
  return std::any_of(report.findings.begin(), report.findings.end(),
                     [&](const verify::Finding& finding) { return finding.where.find(where) != std::string::npos; });
}

bool leaves(const verify::Report& report, const std::string& where) {
  return std::any_of(report.uncovered.begin(), report.uncovered.end(),
                     [&](const verify::Uncovered& what) { return what.where == where; });
}

TEST(Hostile, noise_in_the_place_of_every_file_is_survived) {
  const SampleLog& log = small_log();
  Prng prng(1);
  for (const std::string& path : log.image.paths()) {
    for (const std::uint64_t size : {0U, 1U, 31U, 127U, 129U, 4'096U, 20'000U}) {
      Image image = log.image;
      image.put(path, noise(prng, size));
      const auto report = verify_image(image, log.dir);
      EXPECT_TRUE(finds(report, log.dir) || leaves(report, log.dir + "/window") || leaves(report, path)) << path << " " << size;
    }
  }
}

// Headers, footers and trailers whose checksums are right and whose numbers are not.
TEST(Hostile, segments_with_impossible_numbers_are_found) {
  const SampleLog& log = small_log();
  const std::string path = log.image.paths(log.dir + "/segments/").at(1);
  Prng prng(2);
  for (std::uint64_t i = 0; i < 600 / kSlower; ++i) {
    log::SegmentWriter writer(log.identity.id);
    log::SegmentInfo info;
    const auto name = *log::parse_segment_name(path.substr(path.rfind('/') + 1));
    info.first_index = name.first_index;
    info.count = name.count;
    const auto entries = std::span(log.entries).subspan(name.first_index, name.count);
    const std::vector<std::string_view> views(entries.begin(), entries.end());
    std::string bytes = writer.encode(info, views, std::vector<Hash>(name.count / 256));
    // Fields of the header and the trailer, then the checksums over them.
    const std::size_t at = prng.chance(1, 2) ? 8 + prng.below(56) : bytes.size() - 128 + prng.below(104);
    bytes[at] = static_cast<char>(prng.next());
    if (prng.chance(1, 2)) bytes[bytes.size() - 128 - 1 - prng.below(100)] = static_cast<char>(prng.next());
    Image image = log.image;
    image.put(path, bytes);
    EXPECT_TRUE(finds(verify_image(image, log.dir), path)) << at;
  }
}

TEST(Hostile, names_that_lie_are_not_believed) {
  const SampleLog& log = small_log();
  const std::string dir = log.dir + "/segments/";
  const std::string& content = log.image.at(log.image.paths(dir).at(0));
  for (const std::string name :
       {"00000000000000000100-300.segment", "18446744073709551615-256.segment", "09223372036854775808-256.segment",
        "00000000000000000000-255.segment", "00000000000000000000-65536.segment", "00000000000000000256-65536.segment",
        "00000000000000000000-00256.segment", "00000000000000000000--256.segment", "99999999999999999999-256.segment", ".segment",
        "00000000000000065280-512.segment"}) {
    Image image = log.image;
    image.put(dir + name, content);
    const auto report = verify_image(image, log.dir);
    EXPECT_TRUE(finds(report, name) || leaves(report, dir + name)) << name << "\n" << findings_text(report);
  }
}

TEST(Hostile, frames_with_impossible_numbers_are_found) {
  const SampleLog& log = small_log();
  const auto frames = frames_of(log);
  Prng prng(3);
  for (std::uint64_t i = 0; i < 1'000 / kSlower; ++i) {
    const FrameAt& frame = frames[prng.below(frames.size())];
    log::FrameHeader header = frame.header;
    const auto any = [&] {
      return std::array<std::uint64_t, 6>{0, 1, UINT64_MAX, UINT64_MAX / 2, prng.next(), prng.below(5'000)}[prng.below(6)];
    };
    switch (prng.below(6)) {
      case 0: header.commit = any(); break;
      case 1: header.first_index = any(); break;
      case 2: header.count = static_cast<std::uint32_t>(any()); break;
      case 3: header.epoch = any(); break;
      case 4: header.root[prng.below(32)] ^= 1; break;
      default: header.previous[prng.below(32)] ^= 1; break;
    }
    const auto payload = bundle_of(std::span(log.entries).subspan(frame.header.first_index, frame.header.count));
    const std::string bytes = frame_bytes(header, prng.chance(1, 4) ? noise(prng, payload.size()) : payload);
    Image image = log.image;
    std::string content = image.at(frame.path);
    image.put(frame.path, content.replace(frame.offset, bytes.size(), bytes));
    const auto report = verify_image(image, log.dir);
    // What the first needed frame builds on is gone, and nothing rests on an epoch or a commit number.
    const bool builds_on_nothing = header.previous != frame.header.previous && &frame != &frames.front();
    if (header.root != frame.header.root || header.first_index != frame.header.first_index ||
        header.count != frame.header.count || builds_on_nothing)
      EXPECT_FALSE(report.intact()) << findings_text(report);
  }
}

// Each header in turn claims all that follows: hashing it all for each would take for ever.
TEST(Hostile, a_journal_of_headers_that_claim_everything_is_read_in_good_time) {
  const SampleLog& log = small_log();
  std::string content;
  for (std::uint64_t i = 0; i < 4'000; ++i) {
    log::FrameHeader header;
    header.log_id = log.identity.id;
    header.commit = 1'000'000 + i;
    header.first_index = 1'000'000;
    header.count = 1;
    header.payload_bytes = 16U << 20;
    const auto bytes = log::encode_frame_header(header);
    content += as_text(ByteSpan(bytes));
    content.resize((i + 1) * log::kFrameAlignment);
  }
  content.resize(content.size() + (16U << 20));
  Image image = log.image;
  image.put(log.dir + "/journal/0000000077.journal", content);
  const auto start = std::chrono::steady_clock::now();
  (void)verify_image(image, log.dir);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST(Hostile, checkpoints_of_every_size_do_no_harm) {
  const SampleLog& log = small_log();
  const merkle::NoteSigner signer = log.signer();
  for (const std::uint64_t size :
       {UINT64_C(0), UINT64_C(1), UINT64_C(255), UINT64_C(256), UINT64_C(899), UINT64_C(901), UINT64_MAX}) {
    log::PublishedCheckpoint checkpoint;
    checkpoint.size = size;
    const auto note = merkle::parse_note(signer.sign(merkle::Checkpoint{log.identity.origin, size, checkpoint.root}.text()));
    std::memcpy(checkpoint.signature.data(), note.value().signatures.at(0).signature.data(), checkpoint.signature.size());
    const auto record = log::encode_checkpoint_record(checkpoint);
    Image image = log.image;
    image.put(log.dir + "/checkpoints", image.at(log.dir + "/checkpoints") + std::string(as_text(ByteSpan(record))));
    EXPECT_TRUE(finds(verify_image(image, log.dir), "checkpoints")) << size;
  }
}

TEST(Hostile, strange_files_are_named_and_not_read) {
  const SampleLog& log = small_log();
  for (const std::string name :
       {"x", "journal/x", "segments/x", "segments/1.segment", "tree/0.hashes", "tree/8.copy", "tree/x", "log.json.new"}) {
    Image image = log.image;
    image.put(log.dir + "/" + name, "x");
    const auto report = verify_image(image, log.dir);
    EXPECT_TRUE(report.intact()) << findings_text(report);
    EXPECT_TRUE(leaves(report, log.dir + "/" + name)) << name;
  }
}

TEST(Hostile, a_directory_without_a_log_cannot_be_checked) {
  Image image;
  image.put("logs/other/log.json", "{}");
  ImageFileSystem fs(image);
  verify::Report report;
  const Status checked = verify::verify_directory(fs, "logs/main", {}, report);
  ASSERT_FALSE(checked.ok());
  EXPECT_EQ(checked.error().code, Code::kNotFound);
}

TEST(Hostile, a_log_that_was_made_and_never_opened_is_no_damage) {
  const SampleLog& log = small_log();
  Image image;
  image.put(log.dir + "/log.json", log.image.at(log.dir + "/log.json"));
  const auto report = verify_image(image, log.dir);
  EXPECT_TRUE(report.intact()) << findings_text(report);
  EXPECT_TRUE(leaves(report, log.dir + "/checkpoints"));  // it may have been emptied, and says so
  const auto held = verify_image(image, log.dir, {.anchors = {log.since(1)}});
  EXPECT_FALSE(held.intact());
}

}  // namespace
}  // namespace stele::testing
