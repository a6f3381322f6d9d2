// Frames: bytes as docs/formats/frame.md has them, and every damage told.
#include "log/frame.h"

#include <gtest/gtest.h>
#include <xxhash.h>

#include <functional>
#include <string>

#include "crypto/sha256.h"
#include "log/frame_cipher.h"
#include "support/fixed.h"
#include "support/prng.h"
#include "support/test_ring.h"

namespace stele::log {
namespace {

using testing::Prng;

constexpr LogId kLogId{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

FrameHeader sample() {
  FrameHeader header;
  header.flags = kFrameOpening;
  header.log_id = kLogId;
  header.epoch = 0x0102030405060708;
  header.commit = 0x1112131415161718;
  header.first_index = 0x0122232425262728;
  header.count = 0x31323334;
  header.payload_bytes = 0x0145'4647;
  header.payload_checksum = 0x5152535455565758;
  header.previous.fill(0x66);
  header.root.fill(0x77);
  return header;
}

FrameHeader random_header(Prng& random) {
  FrameHeader header;
  header.flags = static_cast<std::uint32_t>(random.below(2));
  random.fill(std::as_writable_bytes(std::span(header.log_id)));
  header.epoch = random.next();
  header.commit = 1 + random.below(UINT64_MAX - 1);
  header.first_index = random.next() >> 2;
  header.count = static_cast<std::uint32_t>(random.next());
  header.payload_bytes = random.below(kFramePayloadBytesMax + 1);
  header.payload_checksum = random.next();
  random.fill(std::as_writable_bytes(std::span(header.previous)));
  random.fill(std::as_writable_bytes(std::span(header.root)));
  return header;
}

void expect_same(const FrameHeader& a, const FrameHeader& b) {
  EXPECT_EQ(a.flags, b.flags);
  EXPECT_EQ(a.log_id, b.log_id);
  EXPECT_EQ(a.epoch, b.epoch);
  EXPECT_EQ(a.commit, b.commit);
  EXPECT_EQ(a.first_index, b.first_index);
  EXPECT_EQ(a.count, b.count);
  EXPECT_EQ(a.payload_bytes, b.payload_bytes);
  EXPECT_EQ(a.payload_checksum, b.payload_checksum);
  EXPECT_EQ(a.previous, b.previous);
  EXPECT_EQ(a.root, b.root);
}

// Changes bytes and makes the checksum right again: what a program would write, not what a disk damages.
FrameHeaderBytes changed(FrameHeaderBytes bytes, const std::function<void(std::byte*)>& change) {
  change(bytes.data());
  store_le<std::uint64_t>(&bytes[248], XXH3_64bits(bytes.data(), 248));
  return bytes;
}

// Goal: every field stands at its documented place, little-endian, and all else is zero.
TEST(Frame, has_its_documented_bytes) {
  const FrameHeaderBytes bytes = encode_frame_header(sample());
  std::string expected =
      "5354454c4546524d"
      "0100"
      "0001"
      "01000000"
      "000102030405060708090a0b0c0d0e0f"
      "0807060504030201"
      "1817161514131211"
      "2827262524232201";
  std::string tree_size(8, '\0');
  store_le<std::uint64_t>(tree_size.data(), 0x0122232425262728 + 0x31323334);
  expected += hex_encode(as_byte_span(tree_size)) +
              "4746450100000000"
              "5857565554535251"
              "34333231"
              "00000000";
  for (int i = 0; i < 32; ++i) expected += "66";
  for (int i = 0; i < 32; ++i) expected += "77";
  expected += std::string(2 * (248 - 152), '0');
  EXPECT_EQ(hex_encode(ByteSpan(bytes).first(248)), expected);
  EXPECT_EQ(load_le<std::uint64_t>(&bytes[248]), XXH3_64bits(bytes.data(), 248));
  EXPECT_EQ(frame_digest(bytes), crypto::sha256(ByteSpan(bytes)));
}

// Goal: what is encoded is decoded.
TEST(Frame, comes_back_from_its_bytes) {
  constexpr std::uint64_t kSeed = 1;
  Prng random(kSeed);
  for (int round = 0; round < 2000; ++round) {
    const FrameHeader header = round == 0 ? sample() : random_header(random);
    const auto decoded = decode_frame_header(encode_frame_header(header), header.log_id);
    ASSERT_TRUE(decoded.ok()) << decoded.error().message << ", seed " << kSeed << ", round " << round;
    expect_same(*decoded, header);
  }
}

// Goal: no bit of a header can change unnoticed.
TEST(Frame, is_refused_after_any_single_bit_flip) {
  const FrameHeaderBytes bytes = encode_frame_header(sample());
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    FrameHeaderBytes other = bytes;
    other[bit / 8] ^= std::byte{1} << static_cast<int>(bit % 8);
    const auto decoded = decode_frame_header(other, kLogId);
    ASSERT_FALSE(decoded.ok()) << "bit " << bit;
    EXPECT_EQ(decoded.error().code, bit < 64 ? Code::kNotFound : Code::kCorrupt) << "bit " << bit;
    EXPECT_NE(frame_digest(other), frame_digest(bytes));
  }
}

// Goal: what is encrypted decrypts to the same, in whatever parts it came; no two frames share a nonce, no two openings a key;
// and neither another key, nor a changed payload, nor a changed header opens it.
TEST(Frame, encrypts_its_payload) {
  const auto ring = testing::test_ring();
  testing::SeededRandom random(1);
  FrameCipher cipher(*ring, random);
  FrameCipher other(*ring, random);
  const std::string_view entries = "entries of a commit";
  const ByteSpan parts[] = {as_byte_span(entries.substr(0, 7)), {}, as_byte_span(entries.substr(7))};
  FrameHeader first = sample();
  const std::string stored(as_text(cipher.seal(parts, first)));
  ASSERT_EQ(stored.size(), entries.size());
  EXPECT_EQ(stored.find("entries"), std::string::npos);
  const auto decoded = decode_frame_header(encode_frame_header(first), kLogId);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(open_payload(*decoded, as_byte_span(stored), ring.get()).value(), entries);
  FrameHeader second = sample();
  FrameHeader elsewhere = sample();
  EXPECT_NE(as_text(cipher.seal(parts, second)), stored);
  (void)other.seal(parts, elsewhere);
  EXPECT_NE(second.encryption->nonce, first.encryption->nonce);
  EXPECT_EQ(second.encryption->salt, first.encryption->salt);
  EXPECT_NE(elsewhere.encryption->salt, first.encryption->salt);

  EXPECT_EQ(open_payload(first, as_byte_span(stored), nullptr).error().code, Code::kDenied);
  EXPECT_EQ(open_payload(second, as_byte_span(stored), ring.get()).error().code, Code::kCorrupt);
  std::string changed = stored;
  changed[3] = static_cast<char>(changed[3] ^ 1);
  EXPECT_EQ(open_payload(first, as_byte_span(changed), ring.get()).error().code, Code::kCorrupt);
  FrameHeader moved = first;
  ++moved.commit;
  EXPECT_EQ(open_payload(moved, as_byte_span(stored), ring.get()).error().code, Code::kCorrupt);
}

// Goal: each kind of foreign or odd header has its own answer.
TEST(Frame, tells_foreign_newer_and_contradictory_headers_apart) {
  const FrameHeaderBytes bytes = encode_frame_header(sample());
  const auto code = [&](const FrameHeaderBytes& header) {
    const auto decoded = decode_frame_header(header, kLogId);
    return decoded ? Code::kInternal : decoded.error().code;
  };
  EXPECT_EQ(code(FrameHeaderBytes{}), Code::kNotFound) << "zeros are no frame";
  LogId other_log = kLogId;
  other_log[15] ^= 1;
  EXPECT_EQ(decode_frame_header(bytes, other_log).error().code, Code::kNotFound) << "another log's frame is none of ours";
  struct Case {
    std::string_view what;
    std::function<void(std::byte*)> change;
    Code code;
  };
  const Case cases[] = {
      {"the next version", [](std::byte* p) { store_le<std::uint16_t>(p + 8, 3); }, Code::kInvalid},
      {"version 2 without an algorithm", [](std::byte* p) { store_le<std::uint16_t>(p + 8, 2); }, Code::kCorrupt},
      {"a far version", [](std::byte* p) { store_le<std::uint16_t>(p + 8, 65'535); }, Code::kInvalid},
      {"a newer version of another log", [](std::byte* p) { store_le<std::uint16_t>(p + 8, 3), p[16] ^= std::byte{1}; },
       Code::kNotFound},
      {"version 0", [](std::byte* p) { store_le<std::uint16_t>(p + 8, 0); }, Code::kCorrupt},
      {"another header size", [](std::byte* p) { store_le<std::uint16_t>(p + 10, 264); }, Code::kCorrupt},
      {"an unknown flag", [](std::byte* p) { store_le<std::uint32_t>(p + 12, 2); }, Code::kCorrupt},
      {"commit 0", [](std::byte* p) { store_le<std::uint64_t>(p + 40, 0); }, Code::kCorrupt},
      {"a first index of 2^62",
       [](std::byte* p) {
         store_le<std::uint64_t>(p + 48, 1ULL << 62), store_le<std::uint64_t>(p + 56, (1ULL << 62) + 0x31323334);
       },
       Code::kCorrupt},
      {"another tree size", [](std::byte* p) { p[56] ^= std::byte{1}; }, Code::kCorrupt},
      {"a payload over the limit", [](std::byte* p) { store_le(p + 64, kFramePayloadBytesMax + 1); }, Code::kCorrupt},
      {"an algorithm", [](std::byte* p) { store_le<std::uint32_t>(p + 84, 1); }, Code::kCorrupt},
      {"a key id", [](std::byte* p) { p[152] = std::byte{1}; }, Code::kCorrupt},
      {"a nonce", [](std::byte* p) { p[184] = std::byte{1}; }, Code::kCorrupt},
      {"a tag", [](std::byte* p) { p[208] = std::byte{1}; }, Code::kCorrupt},
      {"the last reserved byte", [](std::byte* p) { p[247] = std::byte{1}; }, Code::kCorrupt},
  };
  for (const Case& c : cases) EXPECT_EQ(code(changed(bytes, c.change)), c.code) << c.what;
  EXPECT_TRUE(decode_frame_header(changed(bytes, [](std::byte*) {}), kLogId).ok());
}

// Goal: the checksum of a payload does not depend on how it is cut into parts.
TEST(Frame, checks_a_payload_in_any_parts) {
  constexpr std::uint64_t kSeed = 9;
  Prng random(kSeed);
  std::vector<std::byte> payload(5000);
  random.fill(payload);
  const std::uint64_t whole = XXH3_64bits(payload.data(), payload.size());
  for (int round = 0; round < 50; ++round) {
    std::vector<ByteSpan> parts;
    for (std::size_t at = 0; at < payload.size();) {
      const std::size_t take = std::min<std::size_t>(payload.size() - at, random.below(1200));
      parts.push_back(ByteSpan(payload).subspan(at, take));
      at += take;
    }
    EXPECT_EQ(payload_checksum(parts), whole) << "seed " << kSeed << ", round " << round;
  }
  EXPECT_EQ(payload_checksum({}), XXH3_64bits(nullptr, 0));
}

// Goal: a frame takes its header and payload, rounded up to 4,096.
TEST(Frame, takes_whole_blocks_of_its_file) {
  EXPECT_EQ(frame_extent(0), 4096U);
  EXPECT_EQ(frame_extent(4096 - 256), 4096U);
  EXPECT_EQ(frame_extent(4096 - 255), 8192U);
  EXPECT_EQ(frame_extent(kFramePayloadBytesMax), kFramePayloadBytesMax + 4096);
}

}  // namespace
}  // namespace stele::log
