#include "agent/spool.h"

#include <gtest/gtest.h>

#include <map>

#include "agent/spool_files.h"
#include "support/fixed.h"
#include "support/sim_fs.h"

namespace stele::agent {
namespace {

using testing::CrashKind;
using testing::Op;
using testing::SimFileSystem;

constexpr std::uint64_t kSmall = 1U << 20;

Result<std::unique_ptr<Spool>> open(io::FileSystem& fs, std::vector<std::string>& notes, std::uint64_t bytes_max = kSmall,
                                    std::uint64_t seed = 7) {
  testing::SeededRandom random(seed);
  return Spool::open(fs, random, {"spool", "web-1", bytes_max}, notes);
}

std::unique_ptr<Spool> opened(io::FileSystem& fs, std::uint64_t bytes_max = kSmall) {
  std::vector<std::string> notes;
  auto spool = open(fs, notes, bytes_max);
  EXPECT_TRUE(spool.ok()) << spool.error().message;
  EXPECT_TRUE(notes.empty()) << notes[0];
  return spool.ok() ? std::move(spool).value() : nullptr;
}

// A batch of `count` lines, of which the n-th of all says n; the position says how many were read.
Status append(Spool& spool, std::uint32_t count, std::uint64_t read, std::size_t padding = 0) {
  std::string lines;
  for (std::uint32_t i = 0; i < count; ++i)
    append_record_line(lines, {"line", "s", std::to_string(read + i) + std::string(padding, '.'), 0, ""}, spool.sequence(),
                       spool.next_seq() + i);
  return spool.append(count, lines, {{"s", std::to_string(read + count)}});
}

std::uint64_t read_so_far(const Spool& spool) {
  const auto at = spool.positions().find("s");
  return at == spool.positions().end() ? 0 : parse_decimal(at->second).value_or(0);
}

// Goal: what is appended is read back in order, across frames and files, until it is acknowledged; then its files go.
TEST(Spool, keeps_what_waits_and_forgets_what_is_acknowledged) {
  SimFileSystem fs(1);
  auto spool = opened(fs);
  EXPECT_EQ(spool->sequence().name.size(), 16U);
  EXPECT_FALSE(spool->wait(0));
  std::uint64_t read = 0;
  for (; read < 3000; read += 30) ASSERT_TRUE(append(*spool, 30, read, 100).ok());
  EXPECT_TRUE(spool->wait(0));
  EXPECT_EQ(spool->waiting().records, 3000U);
  std::uint64_t next = 1;
  while (spool->wait(0)) {
    const SpoolBatch batch = spool->read(70, 1U << 20).value();
    ASSERT_FALSE(batch.lines.empty());
    for (std::size_t i = 0; i < batch.lines.size(); ++i, ++next) {
      ASSERT_EQ(batch.lines[i].seq, next);
      EXPECT_NE(batch.line(i).find("\"record\":\"" + std::to_string(next - 1) + "."), std::string::npos) << batch.line(i);
    }
    ASSERT_TRUE(spool->acknowledge(next - 1).ok());
  }
  EXPECT_EQ(next, 3001U);
  EXPECT_EQ(list_spool_files(fs, "spool").value().size(), 1U);
  spool.reset();
  spool = opened(fs);
  EXPECT_EQ(spool->next_seq(), 3001U);
  EXPECT_EQ(read_so_far(*spool), 3000U);
  EXPECT_FALSE(spool->wait(0));
}

// Goal: a batch is as long as asked, but has one line at least.
TEST(Spool, reads_at_most_what_is_asked) {
  SimFileSystem fs(1);
  auto spool = opened(fs);
  ASSERT_TRUE(append(*spool, 10, 0, 1000).ok());
  EXPECT_EQ(spool->read(3, 1U << 20)->lines.size(), 3U);
  EXPECT_EQ(spool->read(100, 3000)->lines.size(), 2U);
  EXPECT_EQ(spool->read(100, 1)->lines.size(), 1U);
}

// Goal: it says that it is full, and has room again once the server has what waits; a new owner must wait for the old one.
TEST(Spool, says_when_it_is_full) {
  SimFileSystem fs(1);
  auto spool = opened(fs);
  std::uint64_t read = 0;
  for (; spool->has_room(); read += 10) ASSERT_TRUE(append(*spool, 10, read, 1000).ok());
  EXPECT_GT(read, 900U);
  EXPECT_LT(read, 1000U);
  ASSERT_TRUE(spool->acknowledge(read / 2).ok());
  EXPECT_TRUE(spool->has_room());
  std::vector<std::string> notes;
  const auto second = open(fs, notes);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, Code::kBusy);
}

// One life after another of a reader that goes on where the spool says, and a server that notes what it gets.
class Lives {
 public:
  explicit Lives(std::uint64_t seed) : fs_(testing::SimOptions{seed, true, true}), prng_(seed) {}

  void run() {
    for (int life = 0; life < 30; ++life) {
      const bool crashes = life < 29;
      if (crashes) fs_.fail_after(1 + prng_.below(60), prng_.below(2) == 0 ? CrashKind::kPower : CrashKind::kKill);
      if (prng_.below(3) == 0) fs_.fail(prng_.below(2) == 0 ? Op::kSync : Op::kWrite, 1 + prng_.below(20));
      live();
      if (!crashes) break;
      if (fs_.crashed())
        fs_.reboot();
      else
        fs_.crash(prng_.below(2) == 0 ? CrashKind::kPower : CrashKind::kKill);
    }
    ASSERT_GT(server_.size(), 50U);
    std::uint64_t seq = 1;
    for (const auto& [number, line] : server_) {
      ASSERT_EQ(number, seq++) << "a gap\n" << fs_.describe();
      ASSERT_NE(line.find("\"record\":\"" + std::to_string(number - 1) + "."), std::string::npos)
          << "line " << number << " is " << line << fs_.describe();
    }
  }

 private:
  void live() {
    std::vector<std::string> notes;
    auto spool = open(fs_, notes, kSmall, prng_.next());
    if (!spool.ok()) {
      ASSERT_TRUE(fs_.crashed() || spool.error().code == Code::kIo) << spool.error().message << fs_.describe();
      return;
    }
    ASSERT_TRUE(notes.empty()) << notes[0] << fs_.describe();
    std::uint64_t read = read_so_far(**spool);
    ASSERT_EQ((*spool)->next_seq(), read + 1) << fs_.describe();
    for (int step = 0; step < 40 && !fs_.crashed(); ++step) {
      const auto count = static_cast<std::uint32_t>(1 + prng_.below(20));
      const std::size_t padding = 1 + prng_.below(300);
      Status done = append(**spool, count, read, padding);
      for (int again = 0; !done && !fs_.crashed() && again < 5; ++again) done = append(**spool, count, read, padding);
      if (!done) return;
      read += count;
      if (prng_.below(2) == 0) send(**spool);
    }
    while (!fs_.crashed() && (*spool)->wait(0)) {
      if (!send(**spool)) return;
    }
  }

  bool send(Spool& spool) {
    const auto batch = spool.read(25, 1U << 16);
    if (!batch.ok()) return false;
    for (std::size_t i = 0; i < batch->lines.size(); ++i) {
      const auto [at, is_new] = server_.emplace(batch->lines[i].seq, batch->line(i));
      EXPECT_EQ(at->second, batch->line(i)) << "the same number with other bytes" << fs_.describe();
    }
    if (!batch->lines.empty() && prng_.below(4) != 0) (void)spool.acknowledge(batch->lines.back().seq);
    return true;
  }

  SimFileSystem fs_;
  testing::Prng prng_;
  std::map<std::uint64_t, std::string> server_;
};

// Goal: however often power or process ends, at whatever operation, whatever write or sync fails: each line gets to the server,
// in order, under one number, and always as the same bytes.
TEST(Spool, loses_and_repeats_nothing_over_crashes) {
  for (std::uint64_t seed = 1; seed <= (testing::kSanitized ? 5 : 30); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Lives(seed).run();
    if (::testing::Test::HasFailure()) return;
  }
}

// Goal: on a full disk nothing is appended, and once there is room the same batch is.
TEST(Spool, goes_on_after_a_full_disk) {
  SimFileSystem fs(1);
  auto spool = opened(fs);
  ASSERT_TRUE(append(*spool, 10, 0).ok());
  fs.set_capacity(fs.used() + 100);
  EXPECT_FALSE(append(*spool, 10, 10).ok());
  EXPECT_FALSE(append(*spool, 10, 10).ok());
  EXPECT_EQ(spool->waiting().records, 10U);
  fs.set_capacity(std::nullopt);
  EXPECT_TRUE(append(*spool, 10, 10).ok());
  EXPECT_EQ(spool->read(100, 1U << 20)->lines.size(), 20U);
  spool.reset();
  spool = opened(fs);
  EXPECT_EQ(spool->read(100, 1U << 20)->lines.size(), 20U);
  EXPECT_EQ(spool->next_seq(), 21U);
}

// Goal: damage in the middle is said, with what is lost; what stands around it is sent, and the file is kept.
TEST(Spool, says_what_damage_took) {
  SimFileSystem fs(1);
  std::uint64_t first_frame_end = 0;
  {
    auto spool = opened(fs);
    ASSERT_TRUE(append(*spool, 10, 0).ok());
    first_frame_end = spool->waiting().bytes;
    ASSERT_TRUE(append(*spool, 10, 10).ok());
    ASSERT_TRUE(append(*spool, 10, 20).ok());
  }
  fs.flip_bit("spool/" + spool_file_name(1), first_frame_end + 50, 3);
  std::vector<std::string> notes;
  auto spool = open(fs, notes);
  ASSERT_TRUE(spool.ok()) << spool.error().message;
  ASSERT_EQ(notes.size(), 2U);
  EXPECT_NE(notes[0].find("0000000001.spool is damaged from byte"), std::string::npos) << notes[0];
  EXPECT_NE(notes[1].find("lost records 11 to 20"), std::string::npos) << notes[1];
  const SpoolBatch batch = (*spool)->read(100, 1U << 20).value();
  ASSERT_EQ(batch.lines.size(), 20U);
  EXPECT_EQ(batch.lines[10].seq, 21U);
  ASSERT_TRUE(append(**spool, 1, 30).ok());  // in a new file
  ASSERT_TRUE((*spool)->acknowledge(31).ok());
  EXPECT_TRUE(fs.exists("spool/damaged/" + spool_file_name(1)));
}

// A spool with ten lines, older than what its `acknowledged` says.
std::string make_older_copy(SimFileSystem& fs) {
  std::string name;
  {
    auto spool = opened(fs);
    name = spool->sequence().name;
    EXPECT_TRUE(append(*spool, 10, 0).ok());
    EXPECT_TRUE(spool->acknowledge(10).ok());
  }
  auto file = fs.open_write("spool/acknowledged", 0600).value();
  testing::SeededRandom random(7);
  std::array<std::uint8_t, 8> id{};
  random.fill(id);
  const auto bytes = encode_acknowledged(load_le<std::uint64_t>(id.data()), 500);
  const ByteSpan parts[] = {std::as_bytes(std::span(bytes))};
  EXPECT_TRUE(file->write_at(0, parts).ok());
  EXPECT_TRUE(file->sync().ok());
  return name;
}

// Goal: a spool that is older than what was acknowledged begins a new sequence, so that no number is used twice.
TEST(Spool, begins_anew_behind_what_was_acknowledged) {
  SimFileSystem fs(1);
  const std::string name = make_older_copy(fs);
  std::vector<std::string> notes;
  const auto spool = open(fs, notes, kSmall, 8);
  ASSERT_TRUE(spool.ok()) << spool.error().message;
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_NE(notes[0].find("A new sequence begins"), std::string::npos);
  EXPECT_NE((*spool)->sequence().name, name);
  EXPECT_EQ((*spool)->next_seq(), 1U);
  EXPECT_EQ(read_so_far(**spool), 10U) << "where to go on is not forgotten";
}

// Goal: wherever power or a disk fails while a new sequence begins, the next start knows where to go on.
TEST(Spool, begins_anew_without_forgetting_where_to_go_on) {
  bool over = false;
  for (std::uint64_t operations = 1; !over; ++operations) {
    over = true;
    for (const bool crashes : {true, false}) {
      SCOPED_TRACE((crashes ? "power cut at operation " : "failed sync ") + std::to_string(operations));
      SimFileSystem fs(testing::SimOptions{operations, true, true});
      const std::string name = make_older_copy(fs);
      std::vector<std::string> notes;
      if (crashes)
        fs.fail_after(operations);
      else
        fs.fail(Op::kSync, operations);
      over &= open(fs, notes, kSmall, 8).ok();
      if (fs.crashed())
        fs.reboot();
      else
        fs.crash(CrashKind::kKill);
      const auto spool = open(fs, notes, kSmall, 9);
      ASSERT_TRUE(spool.ok()) << spool.error().message << fs.describe();
      EXPECT_NE((*spool)->sequence().name, name);
      EXPECT_EQ(read_so_far(**spool), 10U) << fs.describe();
    }
  }
}

}  // namespace
}  // namespace stele::agent
