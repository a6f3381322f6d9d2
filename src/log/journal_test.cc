#include "log/journal.h"

#include <gtest/gtest.h>

#include "support/sim_fs.h"

namespace stele::log {
namespace {

using testing::Op;
using testing::SimFileSystem;

constexpr Journal::Limits kLimits{.first_file_bytes = 8 * kFrameAlignment, .file_bytes_max = 32 * kFrameAlignment};

// Appends a frame of `blocks` blocks that ends at `end_index`. Whether it was written is all that matters here.
Status append(Journal& journal, std::uint64_t blocks, std::uint64_t end_index) {
  const std::string payload(blocks * kFrameAlignment - kFrameHeaderBytes, 'p');
  const std::array<ByteSpan, 1> parts{as_byte_span(payload)};
  return journal.append({}, parts, payload.size(), end_index);
}

std::uint64_t file_count(SimFileSystem& fs) { return fs.list("journal")->size(); }

class JournalTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(fs_.make_dirs("journal").ok());
    journal_ = Journal::open(fs_, "journal", kLimits, {}).value();
  }
  SimFileSystem fs_{1};
  std::unique_ptr<Journal> journal_;
};

// Goal: the next file is asked for once, early enough, and then used: no commit makes one itself.
TEST_F(JournalTest, takes_the_file_that_was_made_ahead) {
  EXPECT_FALSE(journal_->next_file()) << "nothing was written yet";
  ASSERT_TRUE(append(*journal_, 1, 1).ok());
  EXPECT_FALSE(journal_->next_file()) << "most of the first file is free";
  ASSERT_TRUE(append(*journal_, 1, 2).ok());
  auto wanted = journal_->next_file();
  ASSERT_TRUE(wanted);
  EXPECT_EQ(wanted->bytes, 16 * kFrameAlignment);
  EXPECT_FALSE(journal_->next_file()) << "it is being made";
  ASSERT_TRUE(Journal::make_file(fs_, "journal", *wanted, Journal::Haste::kSpread).ok());
  EXPECT_EQ(io::read_file(fs_, "journal/" + wanted->name, 1U << 20)->size(), wanted->bytes);
  journal_->add_file(*wanted);
  fs_.fail(Op::kCreate, 1);
  ASSERT_TRUE(append(*journal_, 7, 3).ok()) << "it does not fit into what is left of the first";
  EXPECT_EQ(file_count(fs_), 2U);
  EXPECT_TRUE(journal_->next_file()) << "the one after";
}

// Goal: when the file cannot be made nothing is left of it, it is not asked for again and again, and the commit that needs
// it makes its own.
TEST_F(JournalTest, goes_on_without_the_file_that_could_not_be_made) {
  ASSERT_TRUE(append(*journal_, 4, 1).ok());
  const auto wanted = journal_->next_file();
  ASSERT_TRUE(wanted);
  fs_.fail(Op::kWrite, 1);
  EXPECT_FALSE(Journal::make_file(fs_, "journal", *wanted, Journal::Haste::kSpread).ok());
  EXPECT_EQ(file_count(fs_), 1U);
  EXPECT_FALSE(journal_->next_file());
  ASSERT_TRUE(append(*journal_, 6, 2).ok());
  EXPECT_EQ(file_count(fs_), 2U);
}

// Goal: a file whose frames are all sealed is used again, and no further one is asked for.
TEST_F(JournalTest, recycles_before_it_grows) {
  ASSERT_TRUE(append(*journal_, 8, 1).ok());
  ASSERT_TRUE(append(*journal_, 8, 2).ok());
  journal_->release(1);
  ASSERT_TRUE(append(*journal_, 1, 3).ok());
  EXPECT_FALSE(journal_->next_file());
  ASSERT_TRUE(append(*journal_, 8, 4).ok());
  EXPECT_EQ(file_count(fs_), 2U);
}

}  // namespace
}  // namespace stele::log
