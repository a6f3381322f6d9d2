// Files that are encrypted: read as they were written, by any way; and nothing that was changed is.
#include "keyring/encrypted_files.h"

#include <gtest/gtest.h>

#include <set>

#include "crypto/random.h"
#include "keyring/encrypted_file.h"
#include "support/fixed.h"
#include "support/prng.h"
#include "support/sim_fs.h"
#include "support/temp_folder.h"
#include "support/test_ring.h"

namespace stele::keyring {
namespace {

constexpr std::uint64_t kAll = 1U << 30;

std::string noise(std::size_t bytes, std::uint64_t seed = 1) {
  std::string out(bytes, '\0');
  testing::Prng(seed).fill(std::as_writable_bytes(std::span(out)));
  return out;
}

class EncryptedFilesTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::string path(const std::string& name) const { return folder_.path(name); }
  void write(const std::string& name, std::string_view content) {
    const Status written = io::write_file(files_, path(name), content, 0600);
    ASSERT_TRUE(written) << written.error().message;
  }
  std::string raw(const std::string& name) { return io::read_file(io::posix(), path(name), kAll).value(); }

  testing::TempFolder folder_;
  EncryptedFiles files_{io::posix(), testing::test_ring(), crypto::system_random()};
};

// Goal: contents of every length about the borders of pages and blocks come back whole, in parts, and through memory; and the
// file is as long as it must be.
TEST_F(EncryptedFilesTest, give_back_what_was_written) {
  constexpr std::size_t kMiB = 1U << 20;
  for (const std::size_t bytes :
       {std::size_t{0}, std::size_t{1}, kPageContent - 1, kPageContent, kPageContent + 1, 2 * kPageContent - 1, 2 * kPageContent,
        kMiB - 1, kMiB, kMiB + 1, 257 * kPageContent, 3 * kMiB + 4095, 3 * kMiB + 4097, 771 * kPageContent + 3}) {
    const std::string content = noise(bytes, bytes);
    write("file", content);
    EXPECT_EQ(io::read_file(files_, path("file"), kAll).value(), content) << bytes;
    EXPECT_EQ(content_bytes(raw("file").size()).value(), bytes);
    const auto mapping = files_.map(path("file"));
    ASSERT_TRUE(mapping) << bytes << mapping.error().message;
    ASSERT_EQ((*mapping)->bytes().size(), bytes);
    const auto file = files_.open_read(path("file")).value();
    testing::Prng prng(bytes);
    for (int i = 0; i < 40 && bytes > 0; ++i) {
      const std::uint64_t from = prng.below(bytes);
      const std::uint64_t count = 1 + prng.below(std::min<std::uint64_t>(bytes - from, 20'000));
      std::string part(count + 100, '\0');
      part.resize(file->read_at(from, std::as_writable_bytes(std::span(part))).value());
      EXPECT_EQ(part.substr(0, count), content.substr(from, count));
      ASSERT_TRUE((*mapping)->load(from, count));
      EXPECT_EQ((*mapping)->bytes().substr(from, count), content.substr(from, count));
    }
    EXPECT_LE((*mapping)->memory(), bytes + kPageContent);
    std::string behind(4, ' ');
    EXPECT_EQ(file->read_at(bytes, std::as_writable_bytes(std::span(behind))).value(), 0U);
  }
}

// Goal: nothing of the contents stands in the file, and the same contents are other bytes each time: no salt serves twice.
TEST_F(EncryptedFilesTest, show_nothing_of_their_contents) {
  const std::string content = "a secret that is longer than a key, and has words in it";
  std::set<std::string> salts;
  for (int i = 0; i < 100; ++i) {
    write("file", content);
    const std::string file = raw("file");
    EXPECT_EQ(file.find("secret"), std::string::npos);
    const auto header = decode_encrypted_header(as_byte_span(file)).value().value();
    EXPECT_TRUE(salts.emplace(header.salt.begin(), header.salt.end()).second);
  }
}

// Goal: each bit of a file counts: whichever is inverted, wherever it is cut off or made longer, the contents are refused.
TEST_F(EncryptedFilesTest, refuse_what_was_changed) {
  const std::string content = noise(kPageContent + 100);
  write("file", content);
  const std::string whole = raw("file");
  const auto is_refused = [&](const std::string& changed) {
    EXPECT_TRUE(io::write_file(io::posix(), path("changed"), changed, 0600));
    const auto read = io::read_file(files_, path("changed"), kAll);
    const auto mapping = files_.map(path("changed"));
    const bool is_mapped = mapping && (*mapping)->bytes().size() == content.size() && (*mapping)->load(0, content.size());
    return (!read || *read != content) && !is_mapped;
  };
  EXPECT_FALSE(is_refused(whole));
  // The header's reserved bytes are covered by its checksum as all others are; one in eleven of them will do.
  for (std::size_t at = 0; at < whole.size(); at += at < 80 || at > kPageBytes - 16 ? 1 : 11) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ (1 << at % 8));
    EXPECT_TRUE(is_refused(changed)) << at;
  }
  for (std::size_t bytes = 8; bytes < whole.size(); bytes += bytes % kPageBytes < 40 ? 1 : 97)
    EXPECT_TRUE(is_refused(whole.substr(0, bytes))) << bytes;
  EXPECT_TRUE(is_refused(whole.substr(0, 2 * kPageBytes)));  // at the end of a page
  EXPECT_TRUE(is_refused(whole + std::string(1, '\0')));
  EXPECT_TRUE(is_refused(whole + whole.substr(kPageBytes)));
  // Pages in another order, and a page of another file under the same data key.
  std::string swapped = whole;
  std::swap_ranges(swapped.begin() + kPageBytes, swapped.begin() + kPageBytes + 100, swapped.begin() + 2 * kPageBytes);
  EXPECT_TRUE(is_refused(swapped));
  write("other", content);
  EXPECT_TRUE(is_refused(whole.substr(0, kPageBytes) + raw("other").substr(kPageBytes)));
}

// Goal: what was there before is read as it is; a ring without the key says so, and a newer program's file too.
TEST_F(EncryptedFilesTest, read_plain_files_and_name_keys_that_are_missing) {
  ASSERT_TRUE(io::write_file(io::posix(), path("plain"), "plain words", 0600));
  EXPECT_EQ(io::read_file(files_, path("plain"), kAll).value(), "plain words");
  EXPECT_EQ(files_.map(path("plain")).value()->bytes(), "plain words");
  EXPECT_FALSE(is_encrypted(io::posix(), path("plain")).value());
  write("file", "words");
  EXPECT_TRUE(is_encrypted(io::posix(), path("file")).value());
  const auto ring = std::make_shared<const Keyring>(std::vector<DataKey>{{{1}, ""}}, testing::test_master());
  EncryptedFiles other(io::posix(), ring, crypto::system_random());
  EXPECT_EQ(io::read_file(other, path("file"), kAll).error().code, Code::kDenied);
  EXPECT_EQ(other.map(path("file")).error().code, Code::kDenied);
  EXPECT_EQ(io::read_file(files_, path("none"), kAll).error().code, Code::kNotFound);
}

// Goal: no page can be sealed twice: what would write one again, or in another order, is refused before anything is written.
TEST_F(EncryptedFilesTest, are_written_once_and_in_order) {
  const std::string part = noise(3 * kPageBytes);
  const ByteSpan bytes = as_byte_span(part);
  const auto file = files_.open_write(path("file"), 0600).value();
  ASSERT_TRUE(file->write_at(0, {&bytes, 1}));
  EXPECT_EQ(file->write_at(0, {&bytes, 1}).error().code, Code::kInternal);
  EXPECT_EQ(file->truncate(10).error().code, Code::kInternal);
  ASSERT_TRUE(file->write_at(part.size(), {&bytes, 1}));
  ASSERT_TRUE(file->sync());
  EXPECT_EQ(file->write_at(2 * part.size(), {&bytes, 1}).error().code, Code::kInternal);
  EXPECT_EQ(files_.open_write(path("file"), 0600).error().code, Code::kInternal);
  EXPECT_EQ(io::read_file(files_, path("file"), kAll).value(), part + part);
}

// Goal: after a crash at any operation of replacing a file the old or the new contents are there, whole.
TEST(EncryptedFilesCrash, leave_one_or_the_other) {
  for (std::uint64_t n = 1; n < 30; ++n) {
    testing::SimFileSystem fs(n);
    testing::SeededRandom random(n);
    EncryptedFiles files(fs, testing::test_ring(), random);
    const std::string before = noise(9'000, 1);
    const std::string after = noise(12'000, 2);
    ASSERT_TRUE(io::write_file(files, "file", before, 0600));
    fs.fail_after(n);
    (void)io::write_file(files, "file", after, 0600);
    if (fs.crashed()) fs.reboot();
    const auto read = io::read_file(files, "file", kAll);
    ASSERT_TRUE(read) << n << fs.describe();
    EXPECT_TRUE(*read == before || *read == after) << n;
  }
}

}  // namespace
}  // namespace stele::keyring
