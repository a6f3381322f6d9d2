#include "formats/sample.h"

#include <gtest/gtest.h>

#include <array>
#include <numeric>

#include "base/json_text.h"
#include "crypto/sha256.h"
#include "keyring/encrypted_files.h"
#include "log/frame_cipher.h"
#include "merkle/checkpoint.h"
#include "support/sim_fs.h"
#include "support/test_ring.h"

namespace stele::formats {
namespace {

template <typename Array>
Array counting() {
  Array out;
  std::iota(out.begin(), out.end(), std::uint8_t{0});
  return out;
}

void append_base64_list(std::string& out, const std::vector<Hash>& hashes) {
  out += '[';
  for (const Hash& hash : hashes) {
    if (out.back() != '[') out += ',';
    append_json_string(out, base64_encode(as_byte_span(hash)));
  }
  out += ']';
}

}  // namespace

log::LogId sample_log_id() { return counting<log::LogId>(); }

merkle::NoteSigner sample_signer() {
  return {std::string(kOrigin), crypto::SigningKey::from_seed(counting<std::array<std::uint8_t, 32>>()).value()};
}

std::vector<std::string> sample_entries() {
  CountingRandom random;
  event::EntryBatch http({"billing-api", "http", "10.0.0.5:51230", "token:tk_7h"});
  EXPECT_TRUE(http.add(R"({"id":"evt_91","time":"2026-11-23T16:19:59.998Z","actor":{"type":"user","id":"u_42"},)"
                       R"("action":"customer.export","outcome":"success"})",
                       {}, {}, "evt_91")
                  .ok());
  http.stamp(kReceived, random);
  event::EntryBatch udp({"syslog", "syslog-udp", "192.0.2.10:514", ""});
  EXPECT_TRUE(
      udp.add(
             R"({"time":"2026-11-23T16:20:00Z","actor":{"type":"process","id":"door@gate-1","name":"door"},)"
             R"("action":"syslog.message","category":"system_activity","outcome":"unknown","severity":"notice","message":"open"})",
             R"({"by":"syslog/rfc3164@1","fields":["time","actor","action","category","outcome"]})",
             R"("<13>Nov 23 16:20:00 gate-1 door: open")", {})
          .ok());
  udp.stamp(kReceived, random);
  return {std::string(http.entry(0)), std::string(udp.entry(0))};
}

std::vector<Hash> leaves_of(const std::vector<std::string>& entries) {
  std::vector<Hash> out;
  for (const std::string& entry : entries) out.push_back(crypto::hash_leaf(as_byte_span(entry)));
  return out;
}

merkle::NodeReader reader_of(const std::vector<Hash>& leaves) {
  return [&leaves](unsigned level, std::uint64_t index) -> Result<Hash> {
    return merkle::root_of(std::span(leaves).subspan(index << level, std::size_t{1} << level));
  };
}

log::FrameHeader sample_frame_header() {
  const auto entries = sample_entries();
  const std::string payload = bundle_of(entries);
  const std::array<ByteSpan, 1> parts{as_byte_span(payload)};
  log::FrameHeader header;
  header.log_id = sample_log_id();
  header.epoch = 1;
  header.commit = 1;
  header.first_index = 0;
  header.count = static_cast<std::uint32_t>(entries.size());
  header.payload_bytes = payload.size();
  header.payload_checksum = log::payload_checksum(parts);
  header.root = merkle::root_of(leaves_of(entries));
  return header;
}

std::string sample_frame() {
  const log::FrameHeaderBytes header = log::encode_frame_header(sample_frame_header());
  return std::string(as_text(ByteSpan(header))) + bundle_of(sample_entries());
}

std::string sample_encrypted_frame() {
  const std::string payload = bundle_of(sample_entries());
  const std::array<ByteSpan, 1> parts{as_byte_span(payload)};
  CountingRandom random;
  log::FrameCipher cipher(*testing::test_ring(), random);
  log::FrameHeader header = sample_frame_header();
  const ByteSpan encrypted = cipher.seal(parts, header);
  return std::string(as_text(ByteSpan(log::encode_frame_header(header)))) + std::string(as_text(encrypted));
}

std::string sample_encrypted_file() {
  testing::SimFileSystem fs(1);
  CountingRandom random;
  keyring::EncryptedFiles files(fs, testing::test_ring(), random);
  EXPECT_TRUE(io::write_file(files, "file", "who did what, when and from where\n", 0600).ok());
  return io::read_file(fs, "file", 1U << 20).value();
}

std::string sample_keyring() {
  CountingRandom random;
  return keyring::keyring_text(*testing::test_ring(), testing::test_master(), random);
}

log::PublishedCheckpoint sample_checkpoint() {
  const auto leaves = leaves_of(sample_entries());
  log::PublishedCheckpoint out;
  out.size = leaves.size();
  out.root = merkle::root_of(leaves);
  const std::string note = sample_signer().sign(merkle::Checkpoint{std::string(kOrigin), out.size, out.root}.text());
  const std::string signature = merkle::parse_note(note)->signatures.at(0).signature;
  std::memcpy(out.signature.data(), signature.data(), out.signature.size());
  out.published = kReceived + 1'000'000;
  return out;
}

std::vector<std::string> segment_entries() {
  CountingRandom random;
  std::vector<std::string> out;
  for (std::uint64_t i = 256; i < 512; ++i) {
    event::EntryBatch batch({"demo", "http", "127.0.0.1:40000", ""});
    const std::string event =
        "{\"seq\":" + std::to_string(i) +
        R"(,"time":"2026-11-23T16:20:00Z","actor":{"type":"service","id":"demo"},"action":"demo.run","outcome":"success"})";
    EXPECT_TRUE(batch.add(event, {}, {}, {}).ok());
    batch.stamp(kReceived + static_cast<UnixNanos>(i / 8) * 1'000'000, random);  // eight a batch
    out.emplace_back(batch.entry(0));
  }
  out[2] = "an entry whose head has another form";
  return out;
}

log::SegmentInfo segment_info() {
  log::SegmentInfo info;
  info.first_index = 256;
  info.count = 256;
  info.commit = 64;
  info.commit_digest = crypto::sha256(as_byte_span("a frame"));
  info.received_last = kReceived + 63'000'000;
  return info;
}

std::string sample_segment() {
  const auto entries = segment_entries();
  const std::vector<std::string_view> views(entries.begin(), entries.end());
  const std::vector<Hash> roots{merkle::root_of(leaves_of(entries))};
  log::SegmentWriter writer(sample_log_id());
  return writer.encode(segment_info(), views, roots);
}

std::string sample_receipt() {
  const auto leaves = leaves_of(sample_entries());
  const auto proof = merkle::range_proof(1, 1, leaves.size(), reader_of(leaves)).value();
  std::string out = "{\"stele_receipt\":1,\"log\":";
  append_json_string(out, kOrigin);
  out += ",\"checkpoint\":";
  append_json_string(
      out, sample_signer().sign(merkle::Checkpoint{std::string(kOrigin), leaves.size(), merkle::root_of(leaves)}.text()));
  out += R"(,"ranges":[{"first":1,"count":1,"proof":)";
  append_base64_list(out, proof);
  out += "}],\"leaves\":";
  append_base64_list(out, {leaves[1]});
  out += "}";
  return out;
}

}  // namespace stele::formats
