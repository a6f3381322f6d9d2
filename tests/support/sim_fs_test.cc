// The simulated file system does all that a disk and a kernel may do at a power cut or a kill, and nothing else.
#include "support/sim_fs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <vector>

#include "support/prng.h"
#include "support/sim_test.h"

namespace stele::testing {
namespace {

// Goal: what was synced, data and name, is there after every power cut, whatever was pending elsewhere.
TEST(SimPowerCut, keeps_what_was_synced) {
  const auto seen = over_seeds([](SimFileSystem& fs) {
    const auto file = durable(fs, "journal", sectors("ab"));
    EXPECT_TRUE(put(*file, 4 * kSector, "later").ok());
    fs.crash(CrashKind::kPower);
    return letters(slurp(fs, "journal").substr(0, 2 * kSector));
  });
  EXPECT_EQ(keys(seen), Set{"ab"});
}

// Goal: each sector of pending writes is kept or dropped whole and on its own, so that writes tear and change order.
TEST(SimPowerCut, tears_and_reorders_at_sectors) {
  const auto seen = over_seeds([](SimFileSystem& fs) {
    const auto file = durable(fs, "journal", sectors("abc"));
    EXPECT_TRUE(put(*file, 0, sectors("AB")).ok());
    EXPECT_TRUE(put(*file, 2 * kSector, sectors("C")).ok());
    fs.crash(CrashKind::kPower);
    return letters(slurp(fs, "journal"));
  });
  EXPECT_EQ(keys(seen), (Set{"abc", "Abc", "aBc", "ABc", "abC", "AbC", "aBC", "ABC"}));
  EXPECT_GT(seen.at("abc"), kSeeds / 10);  // the plain outcomes stay common
  EXPECT_GT(seen.at("ABC"), kSeeds / 10);
}

// Goal: a sector written several times holds any version, since the kernel may have written it back at any moment.
TEST(SimPowerCut, leaves_any_version_of_a_sector) {
  const auto seen = over_seeds([](SimFileSystem& fs) {
    const auto file = durable(fs, "journal", sectors("a"));
    for (const char* version : {"b", "c", "d"}) EXPECT_TRUE(put(*file, 0, sectors(version)).ok());
    fs.crash(CrashKind::kPower);
    return letters(slurp(fs, "journal"));
  });
  EXPECT_EQ(keys(seen), (Set{"a", "b", "c", "d"}));
}

// Goal: two writes into one sector are never seen without the first; a page holds both.
TEST(SimPowerCut, never_keeps_the_later_of_two_writes_to_a_sector_alone) {
  const auto seen = over_seeds([](SimFileSystem& fs) {
    const auto file = durable(fs, "journal", "....");
    EXPECT_TRUE(put(*file, 0, "1").ok());
    EXPECT_TRUE(put(*file, 2, "2").ok());
    fs.crash(CrashKind::kPower);
    return slurp(fs, "journal");
  });
  EXPECT_EQ(keys(seen), (Set{"....", "1...", "1.2."}));
}

// Goal: the size may be ahead of the data (holes read as zeros) and behind it.
TEST(SimPowerCut, treats_size_apart_from_data) {
  const auto seen = over_seeds([](SimFileSystem& fs) {
    const auto file = durable(fs, "journal", sectors("a"));
    EXPECT_TRUE(put(*file, kSector, sectors("bc")).ok());
    fs.crash(CrashKind::kPower);
    return letters(slurp(fs, "journal"));
  });
  EXPECT_EQ(keys(seen), (Set{"a", "abc", "ab0", "a0c", "a00"}));
}

// Goal: where asked for, new space without its data shows what a removed file held there, or noise.
TEST(SimPowerCut, shows_stale_bytes_in_new_space_when_asked) {
  const auto seen = over_seeds(
      [](SimFileSystem& fs) {
        durable(fs, "old", sectors("xy"));
        const auto file = durable(fs, "new", "");
        EXPECT_TRUE(fs.remove("old").ok() && fs.sync_dir(".").ok());
        EXPECT_TRUE(put(*file, 0, sectors("abc")).ok());
        fs.crash(CrashKind::kPower);
        return letters(slurp(fs, "new"));
      },
      {.stale_garbage = true});
  EXPECT_TRUE(seen.contains("xy?")) << "nothing of it written";
  EXPECT_TRUE(seen.contains("xbc"));
  EXPECT_TRUE(seen.contains("abc"));
  for (const auto& [outcome, times] : seen) EXPECT_EQ(outcome.find('0'), std::string::npos) << outcome;
}

// Goal: a truncation is pending like a write; what it cut comes back, or reads as zeros once the file has grown again.
TEST(SimPowerCut, may_forget_a_truncation) {
  const auto cut = over_seeds([](SimFileSystem& fs) {
    const auto file = durable(fs, "journal", sectors("abc"));
    EXPECT_TRUE(file->truncate(kSector).ok());
    fs.crash(CrashKind::kPower);
    return letters(slurp(fs, "journal"));
  });
  EXPECT_EQ(keys(cut), (Set{"a", "abc"}));
  const auto grown = over_seeds([](SimFileSystem& fs) {
    const auto file = durable(fs, "journal", sectors("abc"));
    EXPECT_TRUE(file->truncate(kSector).ok() && put(*file, 2 * kSector, sectors("C")).ok());
    fs.crash(CrashKind::kPower);
    return letters(slurp(fs, "journal"));
  });
  EXPECT_EQ(keys(grown), (Set{"a", "abc", "a00", "a0C"}));
  SimFileSystem fs(1);
  const auto file = durable(fs, "journal", sectors("abc"));
  EXPECT_TRUE(file->truncate(kSector).ok() && file->truncate(2 * kSector).ok() && file->sync().ok());
  fs.crash(CrashKind::kPower);
  EXPECT_EQ(letters(slurp(fs, "journal")), "a0");
}

// Goal: against every prefix of a random history, no sector holds what it never held since the last sync, and the size
// is one that the file had.
TEST(SimPowerCut, agrees_with_a_naive_history) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SimFileSystem fs(seed);
    Prng prng(seed);
    auto file = durable(fs, "journal", "");
    std::vector<std::string> history = {""};  // the content after each change since the last sync
    for (int step = 0; step < 40; ++step) {
      std::string now = history.back();
      const std::uint64_t offset = prng.below(6 * kSector);
      if (prng.chance(1, 12)) {
        ASSERT_TRUE(file->sync().ok());
        history = {now};
      } else if (prng.chance(1, 10)) {
        now.resize(offset, '\0');
        ASSERT_TRUE(file->truncate(offset).ok());
      } else {
        const std::string text(1 + prng.below(3 * kSector), static_cast<char>('a' + step % 26));
        if (now.size() < offset + text.size()) now.resize(offset + text.size(), '\0');
        now.replace(offset, text.size(), text);
        ASSERT_TRUE(put(*file, offset, text).ok());
      }
      history.push_back(now);
      ASSERT_EQ(slurp(fs, "journal"), now) << fs.describe();
      if (!prng.chance(1, 15)) continue;
      fs.crash(CrashKind::kPower);
      const std::string left = slurp(fs, "journal");
      const auto ever = [&](const auto& held) { return std::any_of(history.begin(), history.end(), held); };
      ASSERT_TRUE(ever([&](const auto& content) { return content.size() == left.size(); })) << fs.describe();
      for (std::size_t at = 0; at < left.size(); at += kSector) {
        const auto same_sector = [&](std::string content) {
          content.resize(std::max(content.size(), left.size()), '\0');
          content.resize(left.size());
          return content.substr(at, kSector) == left.substr(at, kSector);
        };
        ASSERT_TRUE(ever(same_sector)) << "byte " << at << "\n" << fs.describe();
      }
      history = {left};
      file = open(fs, "journal");
    }
  }
}

// Goal: a kill loses nothing, and makes nothing durable: a power cut after it still may.
TEST(SimKill, keeps_writes_and_leaves_them_unsynced) {
  const auto seen = over_seeds([](SimFileSystem& fs) {
    const auto file = durable(fs, "journal", sectors("ab"));
    EXPECT_TRUE(put(*file, 0, sectors("AB")).ok());
    EXPECT_TRUE(open(fs, "other") != nullptr);
    fs.crash(CrashKind::kKill);
    EXPECT_EQ(letters(slurp(fs, "journal")), "AB");
    EXPECT_TRUE(fs.exists("other"));
    fs.crash(CrashKind::kPower);
    return letters(slurp(fs, "journal")) + (fs.exists("other") ? "+" : "");
  });
  for (const char* outcome : {"ab", "ab+", "AB", "AB+", "aB", "Ab"}) EXPECT_TRUE(seen.contains(outcome)) << outcome;
}

// Goal: in the middle of a write, a kill leaves a first part of it.
TEST(SimKill, stops_a_write_in_the_middle) {
  const auto seen = over_seeds([](SimFileSystem& fs) {
    const auto file = durable(fs, "journal", sectors("ab"));
    fs.fail_after(1, CrashKind::kKill);
    EXPECT_FALSE(put(*file, 0, sectors("AB")).ok());
    fs.reboot();
    return letters(slurp(fs, "journal"));
  });
  EXPECT_EQ(keys(seen), (Set{"ab", "Ab", "AB"}));
}

// Goal: names and data are independent: synced data under an unsynced name may be gone, a synced name may be empty.
TEST(SimNames, need_a_sync_of_their_directory) {
  const auto without_name = over_seeds([](SimFileSystem& fs) {
    const auto file = open(fs, "journal");
    EXPECT_TRUE(put(*file, 0, "data").ok() && file->sync().ok());
    fs.crash(CrashKind::kPower);
    return slurp(fs, "journal");
  });
  EXPECT_EQ(keys(without_name), (Set{"-", "data"}));
  const auto without_data = over_seeds([](SimFileSystem& fs) {
    const auto file = open(fs, "journal");
    EXPECT_TRUE(put(*file, 0, "data").ok() && fs.sync_dir(".").ok());
    fs.crash(CrashKind::kPower);
    return slurp(fs, "journal");
  });
  EXPECT_EQ(keys(without_data), (Set{"", "data", std::string(4, '\0')}));
}

// Goal: a rename and a removal are whole, pending before sync_dir, and durable after it.
TEST(SimNames, rename_and_removal_are_atomic_and_durable_once_synced) {
  const auto run = [](bool sync) {
    return over_seeds([sync](SimFileSystem& fs) {
      durable(fs, "a", "new");
      durable(fs, "b", "old");
      durable(fs, "c", "gone");
      EXPECT_TRUE(fs.rename("a", "b").ok() && fs.remove("c").ok());
      EXPECT_TRUE(!sync || fs.sync_dir(".").ok());
      fs.crash(CrashKind::kPower);
      return slurp(fs, "a") + " " + slurp(fs, "b") + " " + slurp(fs, "c");
    });
  };
  EXPECT_EQ(keys(run(false)), (Set{"new old gone", "- new gone", "- new -"}));
  EXPECT_EQ(keys(run(true)), Set{"- new -"});
}

std::string survivors_of_three(SimFileSystem& fs) {
  EXPECT_TRUE(fs.make_dirs("x").ok() && fs.make_dirs("y").ok());
  for (const char* path : {"x/1", "x/2", "y/3"}) EXPECT_TRUE(open(fs, path) != nullptr);
  fs.crash(CrashKind::kPower);
  std::string out;
  for (const char* path : {"x/1", "x/2", "y/3"}) out += fs.exists(path) ? path[2] : '.';
  return out;
}

// Goal: of one directory's pending changes a prefix survives; directories are independent; any subset on demand.
TEST(SimNames, survive_as_a_prefix_a_directory) {
  EXPECT_EQ(keys(over_seeds(survivors_of_three)), (Set{"...", "1..", "12.", "..3", "1.3", "123"}));
  EXPECT_EQ(keys(over_seeds(survivors_of_three, {.reorder_names = true})),
            (Set{"...", "1..", "12.", "..3", "1.3", "123", ".2.", ".23"}));
}

// Goal: with any subset, a file still has at most one name and no change acts on what is not there.
TEST(SimNames, reordered_changes_stand_alone) {
  const auto seen = over_seeds(
      [](SimFileSystem& fs) {
        durable(fs, "a", "text");
        EXPECT_TRUE(fs.rename("a", "b").ok() && fs.rename("b", "c").ok() && fs.remove("c").ok());
        fs.crash(CrashKind::kPower);
        return slurp(fs, "a") + slurp(fs, "b") + slurp(fs, "c");
      },
      {.reorder_names = true});
  EXPECT_EQ(keys(seen), (Set{"text--", "-text-", "--text", "---"}));
}

// Goal: a rename between directories happens in both or in neither, and a sync of either makes it durable.
TEST(SimNames, rename_between_directories_is_one_change) {
  const auto run = [](const std::string& synced) {
    return over_seeds([&](SimFileSystem& fs) {
      EXPECT_TRUE(fs.make_dirs("x").ok() && fs.make_dirs("y").ok());
      durable(fs, "x/a", "text");
      EXPECT_TRUE(open(fs, "y/before") != nullptr);
      EXPECT_TRUE(fs.rename("x/a", "y/a").ok());
      EXPECT_TRUE(synced.empty() || fs.sync_dir(synced).ok());
      fs.crash(CrashKind::kPower);
      return slurp(fs, "x/a") + slurp(fs, "y/a");
    });
  };
  EXPECT_EQ(keys(run("")), (Set{"text-", "-text"}));
  EXPECT_EQ(keys(run("x")), Set{"-text"});
  EXPECT_EQ(keys(run("y")), Set{"-text"});
}

// Goal: io::write_file leaves the old or the new content whole, wherever it is interrupted.
TEST(SimNames, write_file_is_atomic_at_every_crash_point) {
  Outcomes seen;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    for (std::uint64_t n = 1; n < 20; ++n) {
      const CrashKind kind = seed % 3 == 0 ? CrashKind::kKill : CrashKind::kPower;
      SimFileSystem fs({.seed = seed, .reorder_names = seed % 2 == 0, .stale_garbage = seed % 5 == 0});
      ASSERT_TRUE(io::write_file(fs, "head", sectors("ab"), 0600).ok());
      fs.fail_after(n, kind);
      const Status status = io::write_file(fs, "head", sectors("ABC"), 0600);
      const bool finished = !fs.crashed();
      ASSERT_EQ(status.ok(), finished);
      fs.reboot();
      fs.crash(CrashKind::kPower);
      const std::string left = letters(slurp(fs, "head"));
      ++seen[left];
      if (!finished) continue;
      EXPECT_EQ(left, "ABC") << fs.describe();
      EXPECT_EQ(n, 6U) << "create, write, sync, rename, sync_dir";
      break;
    }
  }
  EXPECT_EQ(keys(seen), (Set{"ab", "ABC"}));
}

// Goal: open files die with a crash, and after fail_after everything does until reboot().
TEST(SimCrash, kills_handles_and_stops_everything_until_reboot) {
  for (const CrashKind kind : {CrashKind::kPower, CrashKind::kKill}) {
    SimFileSystem fs(1);
    const auto file = durable(fs, "a", "text");
    fs.crash(kind);
    std::array<std::byte, 1> one{};
    EXPECT_EQ(file->read_at(0, one).error().code, Code::kIo);
    EXPECT_EQ(file->size().error().code, Code::kIo);
    EXPECT_EQ(put(*file, 0, "x").error().code, Code::kIo);
    EXPECT_EQ(file->sync().error().code, Code::kIo);
    EXPECT_EQ(file->truncate(0).error().code, Code::kIo);
    EXPECT_EQ(slurp(fs, "a"), "text");

    const auto reader = fs.open_read("a");
    fs.fail_after(2, kind);
    EXPECT_TRUE(fs.sync_dir(".").ok());
    EXPECT_FALSE(fs.sync_dir(".").ok());
    EXPECT_TRUE(fs.crashed());
    EXPECT_EQ(fs.open_read("a").error().code, Code::kIo);
    EXPECT_EQ(fs.list(".").error().code, Code::kIo);
    EXPECT_EQ(fs.lock("lock").error().code, Code::kIo);
    EXPECT_FALSE(fs.exists("a"));
    EXPECT_EQ((*reader)->size().error().code, Code::kIo);
    fs.reboot();
    EXPECT_FALSE(fs.crashed());
    EXPECT_EQ(slurp(fs, "a"), "text");
    EXPECT_FALSE((*reader)->size().ok()) << "dead for ever";
  }
}

// Goal: the operation that a crash interrupts may have taken effect or not: both happen.
TEST(SimCrash, leaves_the_interrupted_operation_open) {
  const auto seen = over_seeds([](SimFileSystem& fs) {
    durable(fs, "a", "text");
    fs.fail_after(1, CrashKind::kKill);
    EXPECT_FALSE(fs.rename("a", "b").ok());
    fs.reboot();
    return slurp(fs, "a") + slurp(fs, "b");
  });
  EXPECT_EQ(keys(seen), (Set{"text-", "-text"}));
}

// Goal: one holder at a time; released by its destructor and by a crash; a lock from before the crash releases nothing.
TEST(SimLock, is_exclusive_and_released_by_a_crash) {
  SimFileSystem fs(1);
  auto first = fs.lock("lock");
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(fs.lock("lock").error().code, Code::kBusy);
  EXPECT_TRUE(fs.lock("other").ok());
  first.value().reset();
  first = fs.lock("lock");
  ASSERT_TRUE(first.ok());
  fs.crash(CrashKind::kKill);
  auto second = fs.lock("lock");
  ASSERT_TRUE(second.ok());
  first.value().reset();
  EXPECT_EQ(fs.lock("lock").error().code, Code::kBusy);
}

// Goal: the errors that callers branch on are those of the real file system.
TEST(SimInterface, answers_as_the_real_one_does) {
  SimFileSystem fs(1);
  EXPECT_EQ(fs.open_read("a").error().code, Code::kNotFound);
  EXPECT_EQ(fs.open_write("no/a", 0600).error().code, Code::kNotFound);
  EXPECT_EQ(fs.remove("a").error().code, Code::kNotFound);
  EXPECT_EQ(fs.rename("a", "b").error().code, Code::kNotFound);
  EXPECT_EQ(fs.list("no").error().code, Code::kNotFound);
  EXPECT_EQ(fs.sync_dir("no").error().code, Code::kNotFound);
  EXPECT_TRUE(fs.make_dirs("/data/log").ok() && fs.make_dirs("data/log/").ok());
  EXPECT_TRUE(io::write_file(fs, "/data/log/b", "B", 0600).ok() && io::write_file(fs, "./data/log/a", "A", 0600).ok());
  EXPECT_EQ(*fs.list("data/log"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(fs.list("data/log/a").error().code, Code::kIo);
  EXPECT_EQ(fs.open_read("data/log").error().code, Code::kIo);
  EXPECT_EQ(fs.open_read("data/log/a/x").error().code, Code::kIo);
  EXPECT_EQ(fs.remove("data").error().code, Code::kIo);
  EXPECT_EQ(fs.rename("data", "data/log/c").error().code, Code::kIo);
  EXPECT_EQ(fs.rename("data/log/a", "data").error().code, Code::kIo);
  EXPECT_FALSE(put(**fs.open_read("data/log/a"), 0, "x").ok());
  const std::vector<ByteSpan> parts = {as_byte_span("x"), {}, as_byte_span("yz")};
  const auto file = open(fs, "data/log/a");
  EXPECT_TRUE(file->write_at(3, parts).ok() && file->write_at(99, {}).ok());
  EXPECT_EQ(slurp(fs, "data/log/a"), std::string("A\0\0xyz", 6));
  std::array<std::byte, 4> four{};
  EXPECT_EQ(*file->read_at(4, four), 2U);
  EXPECT_EQ(*file->read_at(1'000'000, four), 0U);
  EXPECT_FALSE(put(*file, std::uint64_t{1} << 62, "far").ok());
}

// Random work with random crashes, told as a text.
std::string random_life(std::uint64_t seed) {
  SimFileSystem fs({.seed = seed, .reorder_names = seed % 2 == 0, .stale_garbage = seed % 3 == 0});
  Prng prng(seed + 1);
  std::string told;
  const auto path = [&] { return "d/" + std::to_string(prng.below(3)); };
  for (int step = 0; step < 60; ++step) {
    if (!fs.exists("d")) (void)fs.make_dirs("d");
    if (prng.chance(1, 20)) fs.fail_after(1 + prng.below(4), prng.chance(1, 3) ? CrashKind::kKill : CrashKind::kPower);
    if (prng.chance(1, 20)) fs.fail(prng.chance(1, 2) ? Op::kSync : Op::kWrite, 1 + prng.below(3));
    if (prng.chance(1, 20)) (void)fs.rename(path(), path());
    if (prng.chance(1, 20)) (void)fs.remove(path());
    if (prng.chance(1, 6)) (void)fs.sync_dir("d");
    if (auto file = fs.open_write(path(), 0600); file.ok()) {
      (void)put(**file, prng.below(2000), std::string(prng.below(1500), static_cast<char>('a' + step % 26)));
      if (prng.chance(1, 3)) (void)(*file)->sync();
      if (prng.chance(1, 9)) (void)(*file)->truncate(prng.below(2000));
    }
    fs.reboot();
    for (const char* name : {"d/0", "d/1", "d/2"}) told += slurp(fs, name) + "\n";
  }
  return told + fs.describe(256);
}

// Goal: a seed is a whole life, exactly; another seed is another.
TEST(SimReplay, is_exact) {
  std::set<std::string> lives;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const std::string life = random_life(seed);
    EXPECT_EQ(life, random_life(seed));
    lives.insert(life);
  }
  EXPECT_EQ(lives.size(), 30U);
}

// Goal: the counters count, and a failing seed can be read.
TEST(SimReplay, tells_what_was_done) {
  SimFileSystem fs(7);
  const auto file = durable(fs, "journal", "text");
  (void)slurp(fs, "journal");
  fs.fail(Op::kWrite, 1);
  EXPECT_FALSE(put(*file, 512, "more").ok());
  fs.crash(CrashKind::kPower);
  EXPECT_EQ(fs.operations(), 5U);
  EXPECT_EQ(fs.syncs(), 2U);
  EXPECT_EQ(fs.count(Op::kRead), 1U);
  const std::string told = fs.describe();
  EXPECT_EQ(told.substr(0, told.find('\n')), "seed 7, 5 operations, 1 crashes");
  EXPECT_NE(told.find("#2 write journal at 0 length 4\n"), std::string::npos) << told;
  EXPECT_NE(told.find("#5 write journal at 512 length 4: failed on demand"), std::string::npos) << told;
  EXPECT_NE(told.find("power cut"), std::string::npos) << told;
  EXPECT_EQ(fs.describe(1).find("#4"), std::string::npos);
}

}  // namespace
}  // namespace stele::testing
