// Files of every released format version, kept for ever: today's program reads them, and writes the same.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "event/delivery_key.h"
#include "formats/sample.h"
#include "keyring/encrypted_files.h"
#include "log/frame_cipher.h"
#include "merkle/checkpoint.h"
#include "support/sim_fs.h"
#include "support/test_ring.h"

namespace stele::formats {
namespace {

std::string golden_path(const std::string& name) { return std::string(STELE_SOURCE_DIR) + "/tests/formats/golden/" + name; }

std::string golden(const std::string& name) {
  std::ifstream in(golden_path(name), std::ios::binary);
  EXPECT_TRUE(in.is_open()) << name;
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string checkpoint_record() { return std::string(as_text(ByteSpan(log::encode_checkpoint_record(sample_checkpoint())))); }

// To make the files of a new format version: run this one test with --gtest_also_run_disabled_tests. It replaces nothing.
TEST(Golden, DISABLED_writes_what_is_not_there) {
  const auto write = [](const std::string& name, const std::string& content) {
    if (std::filesystem::exists(golden_path(name))) return;
    std::ofstream(golden_path(name), std::ios::binary) << content;
  };
  write("entries-1", bundle_of(sample_entries()));
  write("frame-1", sample_frame());
  write("frame-2", sample_encrypted_frame());
  write("encrypted-1", sample_encrypted_file());
  write("keyring-1", sample_keyring());
  write("segment-1", sample_segment());
  write("checkpoints-1", checkpoint_record());
  write("receipt-1", sample_receipt());
}

// Goal: the entries of version 1 are read, and are still made the same.
TEST(Golden, entries_of_version_1) {
  const std::string bundle = golden("entries-1");
  EXPECT_EQ(bundle, bundle_of(sample_entries()));
  std::vector<std::string> entries;
  ASSERT_TRUE(event::for_each_entry(bundle, [&](std::string_view entry) { entries.emplace_back(entry); }).ok());
  ASSERT_EQ(entries.size(), 2U);
  for (const std::string& entry : entries) {
    const auto view = event::read_entry(entry);
    ASSERT_TRUE(view.ok()) << view.error().message;
    EXPECT_EQ(view->received, kReceived);
  }
  EXPECT_EQ(event::DeliveryKeyReader().read(entries[0]).value()->event_id, "evt_91");
  EXPECT_FALSE(event::DeliveryKeyReader().read(entries[1]).value().has_value());
  EXPECT_EQ(event::read_entry(entries[1])->original, R"("<13>Nov 23 16:20:00 gate-1 door: open")");
}

// Goal: a frame of version 1 is read, and is still written the same.
TEST(Golden, frame_of_version_1) {
  const std::string frame = golden("frame-1");
  EXPECT_EQ(frame, sample_frame());
  const auto header = log::decode_frame_header(as_byte_span(frame).first<log::kFrameHeaderBytes>(), sample_log_id());
  ASSERT_TRUE(header.ok()) << header.error().message;
  EXPECT_EQ(header->count, 2U);
  EXPECT_EQ(header->root, merkle::root_of(leaves_of(sample_entries())));
  EXPECT_EQ(header->payload_bytes, frame.size() - log::kFrameHeaderBytes);
}

// Goal: a frame of version 2 is read and decrypts, and is still written the same.
TEST(Golden, frame_of_version_2) {
  const std::string frame = golden("frame-2");
  EXPECT_EQ(frame, sample_encrypted_frame());
  const auto header = log::decode_frame_header(as_byte_span(frame).first<log::kFrameHeaderBytes>(), sample_log_id());
  ASSERT_TRUE(header.ok()) << header.error().message;
  const auto payload =
      log::open_payload(*header, as_byte_span(frame).subspan(log::kFrameHeaderBytes), testing::test_ring().get());
  ASSERT_TRUE(payload.ok()) << payload.error().message;
  EXPECT_EQ(*payload, bundle_of(sample_entries()));
}

// Goal: a keyring and an encrypted file of version 1 are read, and are still written the same.
TEST(Golden, keyring_and_encrypted_file_of_version_1) {
  EXPECT_EQ(golden("keyring-1"), sample_keyring());
  const auto ring = keyring::parse_keyring(golden("keyring-1"), {testing::test_master()});
  ASSERT_TRUE(ring.ok()) << ring.error().message;
  EXPECT_EQ(golden("encrypted-1"), sample_encrypted_file());
  testing::SimFileSystem fs(1);
  CountingRandom random;
  ASSERT_TRUE(io::write_file(fs, "file", golden("encrypted-1"), 0600).ok());
  keyring::EncryptedFiles files(fs, std::make_shared<const keyring::Keyring>(*ring), random);
  EXPECT_EQ(io::read_file(files, "file", 1U << 20).value(), "who did what, when and from where\n");
}

// Goal: a checkpoint record of version 1 is read, its signature holds, and it is still written the same.
TEST(Golden, checkpoints_of_version_1) {
  const std::string record = golden("checkpoints-1");
  EXPECT_EQ(record, checkpoint_record());
  const auto read = log::decode_checkpoint_record(as_byte_span(record).first<log::kCheckpointRecordBytes>());
  ASSERT_TRUE(read.ok()) << read.error().message;
  const std::string text = merkle::Checkpoint{std::string(kOrigin), read->size, read->root}.text();
  EXPECT_TRUE(crypto::verify_ed25519(sample_signer().verifier().key, as_byte_span(text), read->signature));
}

// Goal: a receipt of version 1 is still written the same.
TEST(Golden, receipt_of_version_1) { EXPECT_EQ(golden("receipt-1"), sample_receipt()); }

// Goal: a segment of version 1 is read entry by entry. Written today it says the same: only zstd's own bytes may differ.
TEST(Golden, segment_of_version_1) {
  testing::SimFileSystem fs(1);
  const auto entries = segment_entries();
  for (const std::string& file : {golden("segment-1"), sample_segment()}) {
    ASSERT_TRUE(io::write_file(fs, "segment", file, 0600).ok());
    const auto segment = log::SegmentReader::open(fs, "segment", sample_log_id());
    ASSERT_TRUE(segment.ok()) << segment.error().message;
    EXPECT_TRUE((*segment)->check_bytes().ok());
    EXPECT_EQ((*segment)->read(256, 256).value(), bundle_of(entries));
    EXPECT_EQ((*segment)->info().first_index, 256U);
    EXPECT_EQ((*segment)->info().count, 256U);
    EXPECT_EQ((*segment)->info().commit, segment_info().commit);
    EXPECT_EQ((*segment)->info().commit_digest, segment_info().commit_digest);
    EXPECT_EQ((*segment)->info().received_last, segment_info().received_last);
    EXPECT_EQ((*segment)->bundle_roots()[0], merkle::root_of(leaves_of(entries)));
  }
  EXPECT_EQ(golden("segment-1").substr(0, 64 + 152), sample_segment().substr(0, 64 + 152));
}

}  // namespace
}  // namespace stele::formats
