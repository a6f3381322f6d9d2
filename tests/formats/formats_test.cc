// The documents in docs/formats/ show, byte for byte, what the program writes today. A failure prints what must stand there.
#include <gtest/gtest.h>
#include <xxhash.h>
#include <zstd.h>

#include <array>
#include <fstream>
#include <iterator>
#include <map>
#include <numeric>

#include "agent/spool.h"
#include "crypto/sha256.h"
#include "event/schema.h"
#include "formats/dump.h"
#include "formats/sample.h"
#include "log/block.h"
#include "log/identity.h"
#include "log/journal.h"
#include "log/tree_files.h"
#include "log/window_file.h"
#include "merkle/checkpoint.h"
#include "support/naive_tree.h"
#include "support/sim_fs.h"
#include "support/vectors.h"

namespace stele::formats {
namespace {

using testing::SimFileSystem;

std::string content_of(const std::string& path) {
  std::ifstream in(std::string(STELE_SOURCE_DIR) + "/" + path, std::ios::binary);
  EXPECT_TRUE(in.is_open()) << path;
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// That the document holds `text` as lines of their own.
void expect_shown(const std::string& document, const std::string& text) {
  const std::string lines = text.ends_with('\n') ? text : text + "\n";
  EXPECT_NE(content_of("docs/formats/" + document + ".md").find("\n" + lines), std::string::npos)
      << "docs/formats/" << document << ".md must show\n<<<<\n"
      << lines << ">>>>";
}

class FixedClock final : public Clock {
 public:
  [[nodiscard]] UnixNanos now() const override { return kReceived; }
  [[nodiscard]] std::int64_t monotonic() const override { return 0; }
};

// Goal: entry.md shows today's entries, their bytes, and commitments made as it says.
TEST(Formats, entry_md_shows_entries) {
  const auto entries = sample_entries();
  expect_shown("entry", entries[0]);
  expect_shown("entry", plain(entries[0]));
  expect_shown("entry", entries[1]);
  expect_shown("entry", "leaf  " + base64_encode(as_byte_span(leaves_of(entries)[0])));
  const auto commitment = [](std::string_view domain, std::string_view bytes) {
    std::string committed(domain);
    for (char salt = 0; salt < 32; ++salt) committed += salt;
    committed += bytes;
    return base64_encode(as_byte_span(crypto::sha256(as_byte_span(committed))));
  };
  expect_shown("entry", R"({"$sealed":{"commitment":")" + commitment("stele/sealed/v1\n", R"("4111 1111 1111 1111")") +
                            R"(","bytes":21}})");
  expect_shown("entry", R"({"$attachment":{"commitment":")" + commitment("stele/attachment/v1\n", std::string(100'000, 'a')) +
                            R"(","bytes":100000,"head":"aaaaaaaaaaaaaaaa"}})");
}

// Goal: the published JSON Schema is the one that today's tables make.
TEST(Formats, event_schema_json_is_that_of_the_program) {
  EXPECT_EQ(content_of("docs/formats/event.schema.json"), event::event_schema());
}

// Goal: frame.md shows a frame field by field.
TEST(Formats, frame_md_shows_a_frame) {
  const std::string frame = sample_frame();
  const std::string payload = bundle_of(sample_entries());
  const std::size_t first_size = load_be16(payload.data());
  expect_shown("frame", annotated(frame, {{8, "magic \"STELEFRM\""},
                                          {2, "format version 1"},
                                          {2, "header bytes 256"},
                                          {4, "flags"},
                                          {16, "log id"},
                                          {8, "epoch 1"},
                                          {8, "commit 1"},
                                          {8, "first index 0"},
                                          {8, "tree size 2"},
                                          {8, "payload bytes " + std::to_string(payload.size())},
                                          {8, "payload checksum"},
                                          {4, "count 2"},
                                          {4, "algorithm 0: not encrypted"},
                                          {32, "digest of the frame before: none"},
                                          {32, "root of the tree of 2 leaves"},
                                          {8, "key id: none"},
                                          {24, "salt"},
                                          {12, "nonce"},
                                          {12, "reserved"},
                                          {16, "tag"},
                                          {24, "reserved"},
                                          {8, "header checksum"},
                                          {2, "entry 0: " + std::to_string(first_size) + " bytes"},
                                          {first_size, "{\"stele\":1,\"id\":…"},
                                          {2, "entry 1: " + std::to_string(payload.size() - first_size - 4) + " bytes"},
                                          {payload.size() - first_size - 4, "{\"stele\":1,\"id\":…"}}));
  expect_shown("frame", "digest  " + hex_encode(as_byte_span(crypto::sha256(as_byte_span(frame.substr(0, 256))))));
}

// Goal: frame.md shows what differs in an encrypted frame.
TEST(Formats, frame_md_shows_an_encrypted_frame) {
  const std::string frame = sample_encrypted_frame();
  ASSERT_EQ(frame.size(), sample_frame().size());
  const std::string_view from(std::string_view(frame).substr(72));
  expect_shown("frame", annotated(from,
                                  {{8, "payload checksum, of what is stored"},
                                   {4, "count 2"},
                                   {4, "algorithm 1: AES-256-GCM"},
                                   {32, "digest of the frame before: none"},
                                   {32, "root of the tree of 2 leaves: the same"},
                                   {8, "id of the data key"},
                                   {24, "salt"},
                                   {12, "nonce 1"},
                                   {12, "reserved"},
                                   {16, "tag"},
                                   {24, "reserved"},
                                   {8, "header checksum"},
                                   {frame.size() - 256, "payload, encrypted"}},
                                  72));
}

// Goal: keyring.md and encrypted-file.md show a ring, and a file under one of its keys.
TEST(Formats, keyring_md_and_encrypted_file_md_show_a_ring_and_a_file) {
  expect_shown("keyring", sample_keyring());
  const std::string file = sample_encrypted_file();
  const std::size_t content = file.size() - 4096 - 16;
  EXPECT_EQ(content, 34U);
  expect_shown("encrypted-file", annotated(file, {{8, "magic \"STELEENC\""},
                                                  {2, "version 1"},
                                                  {2, "algorithm 1: AES-256-GCM"},
                                                  {4, "page bytes 4096"},
                                                  {8, "id of the data key"},
                                                  {32, "salt"},
                                                  {4032, "zero"},
                                                  {8, "checksum"},
                                                  {content, "page 0, the last: 34 bytes, encrypted"},
                                                  {16, "tag"}}));
}

// Goal: frames stand in a journal file where frame.md says: 4,096 bytes apart at least, zeros between.
TEST(Formats, journal_files_are_as_frame_md_says) {
  SimFileSystem fs(1);
  ASSERT_TRUE(fs.make_dirs("journal").ok());
  auto journal = log::Journal::open(fs, "journal", {}, {}).value();
  const std::string payload = bundle_of(sample_entries());
  const std::array<ByteSpan, 1> parts{as_byte_span(payload)};
  log::FrameHeader header = sample_frame_header();
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(journal->append(log::encode_frame_header(header), parts, payload.size(), header.end_index()).ok());
    ++header.commit;
  }
  EXPECT_EQ(fs.list("journal").value(), std::vector<std::string>{"0000000001.journal"});
  const std::string file = io::read_file(fs, "journal/0000000001.journal", 1U << 30).value();
  EXPECT_EQ(file.size(), 1U << 20);
  EXPECT_TRUE(file.starts_with(sample_frame()));
  EXPECT_EQ(file.substr(4096, 8), "STELEFRM");
  EXPECT_EQ(file.find_first_not_of('\0', sample_frame().size()), 4096U);
}

// Goal: checkpoints.md shows a record field by field.
TEST(Formats, checkpoints_md_shows_a_record) {
  const auto record = log::encode_checkpoint_record(sample_checkpoint());
  expect_shown("checkpoints", annotated(as_text(ByteSpan(record)), {{8, "magic \"STELECP1\""},
                                                                    {8, "tree size 2"},
                                                                    {32, "root"},
                                                                    {64, "Ed25519 signature"},
                                                                    {8, "published, nanoseconds"},
                                                                    {8, "checksum"}}));
  const auto leaves = leaves_of(sample_entries());
  expect_shown("checkpoints", sample_signer().sign(merkle::Checkpoint{std::string(kOrigin), 2, merkle::root_of(leaves)}.text()));
  expect_shown("checkpoints", sample_signer().verifier().text());
}

// Goal: receipt.md shows a receipt that verifies, the proof file it turns into, and range proofs that other
// implementations compute too.
TEST(Formats, receipt_md_shows_a_receipt) {
  expect_shown("receipt", sample_receipt());
  const auto leaves = leaves_of(sample_entries());
  const std::string note = sample_signer().sign(merkle::Checkpoint{std::string(kOrigin), 2, merkle::root_of(leaves)}.text());
  const merkle::Proof proof = merkle::range_proof(1, 1, 2, reader_of(leaves)).value();
  ASSERT_TRUE(merkle::verify_range(1, std::span(leaves).subspan(1), 2, proof, merkle::root_of(leaves)).ok());
  const merkle::Proof path = merkle::inclusion_from_range(1, std::span(leaves).subspan(1), 2, proof, 1).value();
  expect_shown("receipt", merkle::ProofFile{1, path, note}.text());
  const testing::Vectors vectors(STELE_SOURCE_DIR);
  const auto numbered = testing::numbered_leaves(12);
  std::size_t shown = 0;
  for (const auto vector : vectors.list("range")) {
    const auto size = testing::number_of(vector, "size");
    const auto first = testing::number_of(vector, "first");
    const auto count = testing::number_of(vector, "count");
    const bool wanted =
        (size == 7 && first == 2 && count == 3) || (size == 11 && first == 0 && count == 8) || (size == 11 && first == 10);
    if (!wanted) continue;
    std::string text =
        "size " + std::to_string(size) + ", first " + std::to_string(first) + ", count " + std::to_string(count) + "\n";
    for (const Hash& hash : testing::hashes_of(vector, "proof")) text += "  " + base64_encode(as_byte_span(hash)) + "\n";
    text += "  root " + base64_encode(as_byte_span(merkle::root_of(std::span(numbered).first(size)))) + "\n";
    expect_shown("receipt", text);
    ++shown;
  }
  EXPECT_EQ(shown, 3U);
}

// Goal: tree.md shows what stands in the files of a log of 600 entries.
TEST(Formats, tree_md_shows_the_files_of_a_tree) {
  SimFileSystem fs(1);
  ASSERT_TRUE(fs.make_dirs("tree").ok());
  const auto leaves = testing::numbered_leaves(600);
  const std::vector<Hash> roots{merkle::root_of(std::span(leaves).first(256)),
                                merkle::root_of(std::span(leaves).subspan(256, 256))};
  log::DamageNotes damage;
  const auto bundle_root = [&](std::uint64_t bundle) -> Result<Hash> { return roots.at(bundle); };
  auto files = log::TreeFiles::open(fs, "tree", 0, bundle_root, damage).value();
  ASSERT_TRUE(files->append(roots).ok());
  const std::string hashes = io::read_file(fs, "tree/1.hashes", 1U << 20).value();
  EXPECT_EQ(io::read_file(fs, "tree/1.copy", 1U << 20).value(), hashes);
  expect_shown("tree", annotated(hashes, {{32, "root of entries 0 to 255"}, {32, "root of entries 256 to 511"}}));
}

// Goal: head.md shows a line whose parts belong together.
TEST(Formats, head_md_shows_a_head) {
  const auto leaves = leaves_of(sample_entries());
  const Hash root = merkle::root_of(leaves);
  std::string note = sample_signer().sign(merkle::Checkpoint{std::string(kOrigin), 2, root}.text());
  for (std::size_t at = note.find('\n'); at != std::string::npos; at = note.find('\n', at)) note.replace(at, 1, "\\n");
  const log::LogId id = sample_log_id();
  expect_shown("head", R"({"stele_head":1,"log":"log.example/audit","id":")" + hex_encode(std::as_bytes(std::span(id))) +
                           R"(","size":2,"root":")" + base64_encode(as_byte_span(root)) + R"(","checkpoint":")" + note +
                           R"(","epoch":1})");
}

// Goal: data-directory.md shows the identity, the key file and the delivery keys of a log.
TEST(Formats, data_directory_md_shows_its_small_files) {
  SimFileSystem fs(1);
  CountingRandom random;
  ASSERT_TRUE(log::create_identity(fs, fs, "logs/main", "keys/main.key", std::string(kOrigin), FixedClock(), random).ok());
  expect_shown("data-directory", io::read_file(fs, "logs/main/log.json", 1U << 20).value());
  expect_shown("data-directory", io::read_file(fs, "keys/main.key", 1U << 20).value());
  const std::vector<log::WindowKey> keys{{0x0123'4567'89ab'cdef, 257}, {0xfedc'ba98'7654'3210, 511}};
  ASSERT_TRUE(fs.make_dirs("window").ok());
  ASSERT_TRUE(log::write_window_file(fs, "window", 256, 256, keys).ok());
  const std::string file = io::read_file(fs, "window/00000000000000000256-256.keys", 1U << 20).value();
  expect_shown("data-directory", annotated(file, {{8, "magic \"STELEKEY\""},
                                                  {8, "checksum of what follows"},
                                                  {8, "fingerprint"},
                                                  {4, "entry 256 + 1"},
                                                  {8, "fingerprint"},
                                                  {4, "entry 256 + 255"}}));
}

// Goal: segment.md shows the golden segment: header, a block, what the block decompresses to, footer and trailer.
TEST(Formats, segment_md_shows_a_segment) {
  const std::string file = content_of("tests/formats/golden/segment-1");
  ASSERT_GT(file.size(), 64U + 128U);
  const std::size_t footer_at = load_le<std::uint64_t>(&file[file.size() - 128]);
  const std::string_view view(file);
  expect_shown("segment", annotated(view.substr(0, 64), {{8, "magic \"STELESEG\""},
                                                         {2, "format version 1"},
                                                         {2, "header bytes 64"},
                                                         {4, "zero"},
                                                         {16, "log id"},
                                                         {8, "first index 256"},
                                                         {4, "count 256"},
                                                         {4, "entries in a block 16"},
                                                         {4, "dictionary bytes 0"},
                                                         {12, "zero"}}));
  const std::size_t block_bytes = load_le<std::uint32_t>(&file[footer_at + 32]);
  expect_shown("segment", annotated(view.substr(64, block_bytes),
                                    {{2, "heads bytes 150: fifteen of the sixteen"},
                                     {150, "random bytes of ids, 10 an entry"},
                                     {block_bytes - 152, "zstd frame"}},
                                    64));
  std::string body(1U << 20, '\0');
  body.resize(ZSTD_decompress(body.data(), body.size(), &file[64 + 152], block_bytes - 152));
  const auto entries = segment_entries();
  const std::size_t rest = entries[0].size() - event::kHeadBytes;
  expect_shown("segment", annotated(std::string_view(body).substr(0, 12 + rest + 4 + rest + 3 + entries[2].size()),
                                    {{1, "entry 256: split"},
                                     {9, "time of receipt: nanoseconds, zig-zag"},
                                     {2, std::to_string(rest) + " bytes follow"},
                                     {rest, "\"source\":…"},
                                     {1, "entry 257: split"},
                                     {1, "the same time"},
                                     {2, std::to_string(rest) + " bytes follow"},
                                     {rest, "\"source\":…"},
                                     {1, "entry 258: whole"},
                                     {2, std::to_string(entries[2].size()) + " bytes follow"},
                                     {entries[2].size(), "\"an entry whose…\""}}));
  expect_shown("segment", annotated(view.substr(footer_at),
                                    {{32, "root of the bundle"},
                                     {4, "bytes of block 0"},
                                     {60, "bytes of blocks 1 to 15"},
                                     {8, "where the footer starts"},
                                     {8, "time of receipt of the last entry"},
                                     {8, "commit 64"},
                                     {32, "digest of that commit's frame"},
                                     {48, "zero"},
                                     {8, "checksum of header, dictionary, footer, trailer"},
                                     {8, "checksum of the file"},
                                     {8, "magic \"STELEEND\""}},
                                    footer_at));
}

// Goal: spool.md shows the first file of a spool, and what says that the server has its record.
TEST(Formats, spool_md_shows_a_file) {
  SimFileSystem fs(1);
  CountingRandom random;
  std::vector<std::string> notes;
  auto spool = agent::Spool::open(fs, random, {"spool", "web-1", 1U << 30}, notes).value();
  std::string line;
  agent::append_record_line(line, {"line", "/var/log/app.log", "hello", 0, ""}, spool->sequence(), 1);
  ASSERT_TRUE(spool->append(1, line, {{"journal", "s=1;i=2"}}).ok());
  ASSERT_TRUE(spool->acknowledge(1).ok());
  const std::string file = io::read_file(fs, "spool/0000000001.spool", 1U << 20).value();
  expect_shown("spool", annotated(file, {{8, "magic \"STELESPL\""},
                                         {2, "format version 1"},
                                         {2, "header bytes 64"},
                                         {4, "zero"},
                                         {8, "sequence 0706050403020100"},
                                         {8, "file 1"},
                                         {8, "first record 1"},
                                         {16, "zero"},
                                         {8, "checksum"},
                                         {4, "magic \"SPFR\""},
                                         {4, "payload bytes 0"},
                                         {8, "first record 1"},
                                         {4, "count 0"},
                                         {4, "bytes of positions 0"},
                                         {8, "checksum"},
                                         {4, "magic \"SPFR\""},
                                         {4, "payload bytes " + std::to_string(18 + line.size())},
                                         {8, "first record 1"},
                                         {4, "count 1"},
                                         {4, "bytes of positions 18"},
                                         {8, "checksum"},
                                         {9, "7: \"journal\""},
                                         {9, "7: \"s=1;i=2\""},
                                         {line.size(), "{\"format\":\"line\",…"}}));
  expect_shown("spool", line);
  const std::string acknowledged = io::read_file(fs, "spool/acknowledged", 1U << 20).value().substr(0, 32);
  expect_shown("spool", annotated(acknowledged,
                                  {{8, "magic \"STELEACK\""}, {8, "sequence"}, {8, "the server has record 1"}, {8, "checksum"}}));
}

}  // namespace
}  // namespace stele::formats
