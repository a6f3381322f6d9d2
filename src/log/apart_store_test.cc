// Goal: values that are kept apart are found again, by those that opened the files later too, and an erasure leaves nothing.
#include "log/apart_store.h"

#include <gtest/gtest.h>

#include "apart/commitment.h"
#include "support/fixed.h"
#include "support/temp_folder.h"
#include "support/test_ring.h"

namespace stele::log {
namespace {

using event::ApartKind;

class ApartStoreTest : public ::testing::Test {
 protected:
  event::ApartValue value(const std::string& bytes) { return apart::commit(ApartKind::kAttachment, bytes, random_); }
  std::unique_ptr<ApartStore> open() { return std::move(ApartStore::open(io::posix(), dir_.path() + "/apart", {})).value(); }

  testing::TempFolder dir_;
  testing::SeededRandom random_{1};
};

TEST_F(ApartStoreTest, finds_what_was_written_before_and_after_it_was_opened) {
  const auto old = value("old");
  const auto young = value("young");
  ASSERT_TRUE(open()->write({&old, 1}).ok());
  const auto store = open();
  ASSERT_TRUE(store->write({&young, 1}).ok());
  for (const auto& one : {old, young}) EXPECT_EQ(store->read(one.kind, one.commitment)->bytes, one.bytes);
  EXPECT_EQ(store->read(ApartKind::kSealed, old.commitment).error().code, Code::kNotFound);
  EXPECT_EQ(store->holds(old.kind, value("other").commitment).error().code, Code::kNotFound);
}

TEST_F(ApartStoreTest, an_erasure_that_was_cut_short_is_begun_again) {
  const auto kept = value("a value of more than a few bytes");
  ASSERT_TRUE(open()->write({&kept, 1}).ok());
  const std::string path = dir_.path() + "/apart/" + list_apart_files(io::posix(), dir_.path() + "/apart").value().front();
  std::string bytes = io::read_file(io::posix(), path, 1U << 20).value();
  ApartHeader header = decode_apart_header(bytes).value();
  header.erased = true;
  {
    const auto file = std::move(io::posix().open_write(path, 0600)).value();
    const std::string marked = encode_apart_header(header);
    const std::array<ByteSpan, 1> parts{as_byte_span(marked)};
    ASSERT_TRUE(file->write_at(0, parts).ok());
  }
  const auto store = open();
  EXPECT_EQ(store->read(kept.kind, kept.commitment).error().code, Code::kNotFound);
  EXPECT_TRUE(store->holds(kept.kind, kept.commitment).value());
  ASSERT_TRUE(store->erase(kept.kind, kept.commitment).ok());
  EXPECT_FALSE(store->holds(kept.kind, kept.commitment).value());
  bytes = io::read_file(io::posix(), path, 1U << 20).value();
  EXPECT_EQ(bytes.find(kept.bytes), std::string::npos);
}

TEST_F(ApartStoreTest, attachments_that_were_plain_are_encrypted_and_stay_what_they_are) {
  const ApartKeys keys{SealingKey{{1, 2}}, testing::test_ring()};
  const auto plain = value("a plain attachment");
  const auto erased = value("one that was erased");
  const auto secret = apart::commit(ApartKind::kSealed, "a sealed value", random_);
  {
    const auto store = ApartStore::open(io::posix(), dir_.path() + "/apart", {keys.sealing, nullptr}).value();
    const std::array<event::ApartValue, 3> values{plain, erased, secret};
    ASSERT_TRUE(store->write(values));
    ASSERT_TRUE(store->erase(erased.kind, erased.commitment));
  }
  const std::string path = dir_.path() + "/apart/" + list_apart_files(io::posix(), dir_.path() + "/apart").value().front();
  const auto holds = [&](const event::ApartValue& one) {
    return io::read_file(io::posix(), path, 1U << 20).value().find(one.bytes) != std::string::npos;
  };
  EXPECT_TRUE(holds(plain));
  EXPECT_EQ(encrypt_attachments(io::posix(), path, keys).value(), 1U);
  EXPECT_FALSE(holds(plain));
  EXPECT_EQ(encrypt_attachments(io::posix(), path, keys).value(), 0U);
  const auto store = ApartStore::open(io::posix(), dir_.path() + "/apart", keys).value();
  const auto young = value("a young attachment");
  ASSERT_TRUE(store->write({&young, 1}));
  for (const auto& one : {plain, secret, young}) EXPECT_EQ(store->read(one.kind, one.commitment).value().bytes, one.bytes);
  EXPECT_EQ(store->read(erased.kind, erased.commitment).error().code, Code::kNotFound);
  EXPECT_FALSE(store->holds(erased.kind, erased.commitment).value());
  const auto without = ApartStore::open(io::posix(), dir_.path() + "/apart", {keys.sealing, nullptr}).value();
  EXPECT_EQ(without->read(plain.kind, plain.commitment).error().code, Code::kDenied);
  ASSERT_TRUE(store->erase(young.kind, young.commitment));
  EXPECT_EQ(store->read(young.kind, young.commitment).error().code, Code::kNotFound);
}

// What a crash or a disk left between values is no value, and is not thrown away by who encrypts the others.
TEST_F(ApartStoreTest, encrypting_keeps_what_is_damaged_and_what_is_cut_off) {
  const auto whole = value("a value that is whole");
  const auto torn = value("a value whose header is damaged");
  const auto last = value("the last one, which is whole");
  const std::array<event::ApartValue, 3> values{whole, torn, last};
  ASSERT_TRUE(open()->write(values));
  const std::string path = dir_.path() + "/apart/" + list_apart_files(io::posix(), dir_.path() + "/apart").value().front();
  std::string bytes = io::read_file(io::posix(), path, 1U << 20).value();
  const std::size_t at = bytes.find("STELEAPV", 8);
  bytes[at + 40] = static_cast<char>(bytes[at + 40] ^ 1);
  const std::string cut = bytes.substr(0, 144);  // as a write that a crash cut short
  ASSERT_TRUE(io::write_file(io::posix(), path, bytes + cut, 0600));
  EXPECT_EQ(encrypt_attachments(io::posix(), path, {{}, testing::test_ring()}).value(), 2U);
  const std::string after = io::read_file(io::posix(), path, 1U << 20).value();
  EXPECT_NE(after.find(torn.bytes), std::string::npos);
  EXPECT_TRUE(after.ends_with(cut.substr(kApartHeaderBytes)));
  const auto store = ApartStore::open(io::posix(), dir_.path() + "/apart", {{}, testing::test_ring()}).value();
  for (const auto& one : {whole, last}) EXPECT_EQ(store->read(one.kind, one.commitment).value().bytes, one.bytes);
}

}  // namespace
}  // namespace stele::log
