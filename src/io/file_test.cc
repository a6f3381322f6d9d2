// The operating system's files against a real directory, and what is built on any file system.
#include "io/file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "support/temp_folder.h"

namespace stele::io {
namespace {

Status put(File& file, std::uint64_t offset, std::string_view text) {
  const std::array<ByteSpan, 1> parts{as_byte_span(text)};
  return file.write_at(offset, parts);
}

// Runs `body` in a process of its own and hands back its exit code, or -1 when it died.
int in_child(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

class FileTest : public ::testing::Test {
 protected:
  void SetUp() override { umask_ = umask(022); }
  void TearDown() override { umask(umask_); }

  [[nodiscard]] std::string path(const std::string& name) const { return dir_ + "/" + name; }
  [[nodiscard]] std::unique_ptr<File> open(const std::string& name) const {
    auto file = fs_.open_write(path(name), 0600);
    EXPECT_TRUE(file.ok());
    return file.ok() ? std::move(file).value() : nullptr;
  }
  [[nodiscard]] std::string slurp(const std::string& name) const {
    const auto text = read_file(fs_, path(name), 16U << 20);
    return text.ok() ? *text : "error: " + std::string(code_name(text.error().code));
  }
  [[nodiscard]] mode_t mode_of(const std::string& name) const {
    struct stat st {};
    EXPECT_EQ(stat(path(name).c_str(), &st), 0);
    return st.st_mode & 07777;
  }

  FileSystem& fs_ = posix();
  testing::TempFolder folder_;
  const std::string dir_ = folder_.path();
  mode_t umask_ = 0;
};

// Goal: a read gives what there is and stops at the end; read_exactly names what was cut short, and where.
TEST_F(FileTest, reads_up_to_the_end) {
  const auto file = open("a");
  ASSERT_TRUE(put(*file, 0, "0123456789").ok());
  std::array<std::byte, 4> four{};
  EXPECT_EQ(*file->read_at(3, four), 4U);
  EXPECT_EQ(as_text(four), "3456");
  EXPECT_EQ(*file->read_at(8, four), 2U);
  EXPECT_EQ(*file->read_at(10, four), 0U);
  EXPECT_EQ(*file->read_at(1'000'000, four), 0U);
  EXPECT_EQ(*file->read_at(0, {}), 0U);
  EXPECT_TRUE(read_exactly(*file, 6, four, "frame").ok());
  EXPECT_EQ(as_text(four), "6789");
  EXPECT_TRUE(read_exactly(*file, 10, {}, "nothing").ok());
  const Status cut = read_exactly(*file, 8, four, "frame 7");
  EXPECT_EQ(cut.error().code, Code::kCorrupt);
  EXPECT_EQ(cut.error().message, "frame 7: ends at byte 10 where 12 were expected");
}

// Goal: the limit of read_file is inclusive; an absent file is told apart.
TEST_F(FileTest, read_file_keeps_its_limit) {
  ASSERT_TRUE(write_file(fs_, path("a"), "12345", 0600).ok());
  EXPECT_EQ(*read_file(fs_, path("a"), 5), "12345");
  EXPECT_EQ(read_file(fs_, path("a"), 4).error().code, Code::kTooLarge);
  EXPECT_EQ(read_file(fs_, path("b"), 4).error().code, Code::kNotFound);
  ASSERT_TRUE(write_file(fs_, path("empty"), "", 0600).ok());
  EXPECT_EQ(*read_file(fs_, path("empty"), 0), "");
}

// Goal: write_file replaces in one step, so that who has the old file open keeps it, and leaves nothing beside it.
TEST_F(FileTest, write_file_replaces_in_one_step) {
  ASSERT_TRUE(write_file(fs_, path("a"), "the old content", 0600).ok());
  const auto reader = fs_.open_read(path("a"));
  ASSERT_TRUE(write_file(fs_, path("a"), "new", 0600).ok());
  EXPECT_EQ(slurp("a"), "new");
  EXPECT_EQ(*(*reader)->size(), 15U);
  EXPECT_EQ(*fs_.list(dir_), std::vector<std::string>{"a"});
}

// Goal: the new file has the mode asked for, not that of the file it replaces or of what a crash left beside it.
TEST_F(FileTest, write_file_gives_its_mode) {
  ASSERT_TRUE(write_file(fs_, path("a"), "public", 0644).ok());
  EXPECT_EQ(mode_of("a"), 0644U);
  ASSERT_TRUE(write_file(fs_, path("a.new"), "a longer text that a crash left", 0666).ok());
  ASSERT_TRUE(write_file(fs_, path("a"), "secret", 0600).ok());
  EXPECT_EQ(mode_of("a"), 0600U);
  EXPECT_EQ(slurp("a"), "secret");
}

// Goal: when it fails, wherever it fails, the old content is still there.
TEST_F(FileTest, write_file_keeps_the_old_content_when_it_fails) {
  ASSERT_TRUE(write_file(fs_, path("a"), "old", 0600).ok());
  ASSERT_TRUE(fs_.make_dirs(path("a.new")).ok());
  EXPECT_EQ(write_file(fs_, path("a"), "new", 0600).error().code, Code::kIo);
  EXPECT_EQ(slurp("a"), "old");
  ASSERT_EQ(rmdir(path("a.new").c_str()), 0);
  const int full = in_child([&] {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{2, 2};
    setrlimit(RLIMIT_FSIZE, &limit);
    return write_file(fs_, path("a"), "new", 0600).ok() ? 0 : 1;
  });
  EXPECT_EQ(full, 1);
  EXPECT_EQ(slurp("a"), "old");
  ASSERT_TRUE(write_file(fs_, path("a"), "new", 0600).ok());
  EXPECT_EQ(slurp("a"), "new");

  ASSERT_TRUE(fs_.make_dirs(path("d")).ok());
  EXPECT_EQ(write_file(fs_, path("d"), "not over a directory", 0600).error().code, Code::kIo);
  EXPECT_EQ(write_file(fs_, path("no/a"), "x", 0600).error().code, Code::kNotFound);
}

// Goal: more parts than one system call takes, of all lengths, some empty, arrive in order and in place.
TEST_F(FileTest, gathers_more_parts_than_one_call_takes) {
  std::vector<std::string> texts;
  std::string want(100, '\0');
  for (std::size_t i = 0; i < 5000; ++i) texts.emplace_back(i % 37, static_cast<char>('a' + i % 26));
  std::vector<ByteSpan> parts;
  for (const std::string& text : texts) {
    parts.push_back(as_byte_span(text));
    want += text;
  }
  const auto file = open("a");
  ASSERT_TRUE(file->write_at(100, parts).ok());
  EXPECT_TRUE(slurp("a") == want);
  const std::vector<ByteSpan> nothing(1500);
  EXPECT_TRUE(file->write_at(0, nothing).ok() && file->write_at(0, {}).ok());
  EXPECT_TRUE(slurp("a") == want);
}

// Goal: blocks arrive whole wherever the memory of their parts lies and however long they are together, over old bytes and
// behind the end; the file can be cut afterwards.
TEST_F(FileTest, writes_in_blocks) {
  constexpr std::size_t kBytes = (3U << 20) + 5 * kBlockBytes;
  std::string text(kBytes, '\0');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>('a' + i % 23 + i / kBytes);
  const ByteSpan bytes = as_byte_span(text);
  const std::vector<ByteSpan> parts{bytes.first(1), {}, bytes.subspan(1, (1U << 20) + 17), bytes.subspan((1U << 20) + 18)};
  const auto file = open("a");
  ASSERT_TRUE(put(*file, 0, std::string(3 * kBlockBytes, 'x')).ok());
  file->write_in_blocks();
  ASSERT_TRUE(file->write_at(kBlockBytes, parts).ok() && file->sync().ok());
  EXPECT_TRUE(slurp("a") == std::string(kBlockBytes, 'x') + text);
  ASSERT_TRUE(file->truncate(kBlockBytes + 10).ok());
  EXPECT_EQ(slurp("a"), std::string(kBlockBytes, 'x') + text.substr(0, 10));
}

// Goal: existing bytes and mode survive an open; a truncation cuts and extends with zeros.
TEST_F(FileTest, opens_without_harm_and_truncates) {
  ASSERT_TRUE(write_file(fs_, path("a"), "0123", 0640).ok());
  const auto file = open("a");
  EXPECT_EQ(slurp("a"), "0123");
  EXPECT_EQ(mode_of("a"), 0640U);
  EXPECT_TRUE(file->truncate(2).ok() && file->truncate(4).ok() && file->sync().ok());
  file->forget_cached();
  EXPECT_EQ(slurp("a"), std::string("01\0\0", 4));
  EXPECT_EQ(*file->size(), 4U);
  ASSERT_NE(open("b"), nullptr);
  EXPECT_EQ(mode_of("b"), 0600U);
}

// Goal: what was opened for reading is never written, and says so.
TEST_F(FileTest, refuses_to_write_what_was_opened_for_reading) {
  ASSERT_TRUE(write_file(fs_, path("a"), "text", 0600).ok());
  const auto file = fs_.open_read(path("a"));
  EXPECT_EQ(put(**file, 0, "x").error().code, Code::kIo);
  EXPECT_EQ(slurp("a"), "text");
}

// Goal: after a write that failed half way (a limit of the process), the object refuses all but reading, for ever.
TEST_F(FileTest, is_poisoned_by_a_failed_write) {
  const int outcome = in_child([&] {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{4096, 4096};
    setrlimit(RLIMIT_FSIZE, &limit);
    const auto opened = fs_.open_write(path("a"), 0600);
    File& file = **opened;
    if (!put(file, 0, "head").ok()) return 1;
    const Status failed = put(file, 4, std::string(8192, 'x'));
    if (failed.ok() || failed.error().code != Code::kIo) return 2;
    if (*file.size() != 4096) return 3;  // the first part fitted
    if (put(file, 0, "HEAD").ok()) return 4;
    if (file.sync().ok()) return 5;
    if (file.truncate(0).ok()) return 6;
    std::array<std::byte, 4> four{};
    if (!file.read_at(0, four).ok() || as_text(four) != "head") return 7;
    return 0;
  });
  EXPECT_EQ(outcome, 0);
  EXPECT_TRUE(put(*open("a"), 0, "a new object may").ok());
}

// Goal: a device without space is an I/O error with the reason in its sentence, and poisons too.
TEST_F(FileTest, is_poisoned_by_a_full_device) {
  if (!fs_.exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  const auto file = fs_.open_write("/dev/full", 0600);
  ASSERT_TRUE(file.ok());
  const Status full = put(**file, 0, "x");
  EXPECT_EQ(full.error().code, Code::kIo);
  EXPECT_NE(full.error().message.find("No space left on device"), std::string::npos) << full.error().message;
  EXPECT_NE((*file)->sync().error().message.find("earlier"), std::string::npos);
}

// Goal: a failed sync poisons like a failed write: a second sync must not be believed.
TEST_F(FileTest, is_poisoned_by_a_failed_sync) {
  const auto file = fs_.open_write("/dev/null", 0600);  // takes every write and cannot be synced
  ASSERT_TRUE(file.ok());
  EXPECT_TRUE(put(**file, 0, "x").ok());
  EXPECT_EQ((*file)->sync().error().code, Code::kIo);
  EXPECT_FALSE((*file)->sync().ok());
  EXPECT_FALSE(put(**file, 0, "x").ok());
  EXPECT_FALSE((*file)->truncate(0).ok());
}

// Goal: the lock holds against another process and another object, and goes with its holder.
TEST_F(FileTest, lock_excludes_a_second_process) {
  const auto try_lock = [&] {
    return in_child([&] {
      const auto held = fs_.lock(path("lock"));
      return held.ok() ? 0 : held.error().code == Code::kBusy ? 1 : 2;
    });
  };
  EXPECT_EQ(try_lock(), 0);  // and let go by dying
  auto held = fs_.lock(path("lock"));
  ASSERT_TRUE(held.ok());
  EXPECT_EQ(mode_of("lock"), 0600U);
  EXPECT_EQ(try_lock(), 1);
  EXPECT_EQ(fs_.lock(path("lock")).error().code, Code::kBusy);
  held.value().reset();
  EXPECT_EQ(try_lock(), 0);
  EXPECT_EQ(fs_.lock(path("no/lock")).error().code, Code::kNotFound);
}

// Goal: a killed holder does not leave the lock behind.
TEST_F(FileTest, lock_is_released_by_a_kill) {
  std::array<int, 2> ready{};
  ASSERT_EQ(pipe(ready.data()), 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto held = fs_.lock(path("lock"));
    if (write(ready[1], held.ok() ? "y" : "n", 1) != 1) _exit(1);
    for (;;) pause();
  }
  char answer = 0;
  ASSERT_EQ(read(ready[0], &answer, 1), 1);
  close(ready[0]);
  close(ready[1]);
  EXPECT_EQ(answer, 'y');
  EXPECT_EQ(fs_.lock(path("lock")).error().code, Code::kBusy);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(fs_.lock(path("lock")).ok());
}

// Goal: directories are made with their parents, private, and making them again is fine.
TEST_F(FileTest, makes_and_lists_directories) {
  ASSERT_TRUE(fs_.make_dirs(path("x/y/z")).ok());
  EXPECT_TRUE(fs_.make_dirs(path("x/y/z")).ok());
  EXPECT_TRUE(fs_.make_dirs(path("x/y")).ok());
  EXPECT_EQ(mode_of("x"), 0700U);
  EXPECT_EQ(mode_of("x/y/z"), 0700U);
  for (const char* name : {"x/b", "x/a", "x/.hidden", "x/B"}) ASSERT_TRUE(write_file(fs_, path(name), "", 0600).ok());
  EXPECT_EQ(*fs_.list(path("x")), (std::vector<std::string>{".hidden", "B", "a", "b", "y"}));
  EXPECT_TRUE(fs_.list(path("x/y/z"))->empty());
  EXPECT_TRUE(fs_.sync_dir(path("x")).ok());
  EXPECT_EQ(fs_.make_dirs(path("x/a/under")).error().code, Code::kIo) << "a file is in the way";
}

// Goal: names move and go, and what is absent is told apart from what is refused.
TEST_F(FileTest, renames_removes_and_misses) {
  ASSERT_TRUE(write_file(fs_, path("a"), "A", 0600).ok() && write_file(fs_, path("b"), "B", 0600).ok());
  EXPECT_TRUE(fs_.rename(path("a"), path("b")).ok());
  EXPECT_FALSE(fs_.exists(path("a")));
  EXPECT_EQ(slurp("b"), "A");
  EXPECT_TRUE(fs_.remove(path("b")).ok());
  EXPECT_FALSE(fs_.exists(path("b")));
  EXPECT_EQ(fs_.open_read(path("b")).error().code, Code::kNotFound);
  EXPECT_EQ(fs_.open_write(path("no/b"), 0600).error().code, Code::kNotFound);
  EXPECT_EQ(fs_.remove(path("b")).error().code, Code::kNotFound);
  EXPECT_EQ(fs_.rename(path("b"), path("c")).error().code, Code::kNotFound);
  EXPECT_EQ(fs_.list(path("no")).error().code, Code::kNotFound);
  EXPECT_EQ(fs_.sync_dir(path("no")).error().code, Code::kNotFound);
  EXPECT_EQ(read_file(fs_, dir_, 1U << 20).error().code, Code::kIo);
  const std::string message = fs_.open_read(path("b")).error().message;
  EXPECT_NE(message.find(path("b") + ": No such file"), std::string::npos) << message;
}

TEST(ParentOf, is_what_stands_before_the_last_slash) {
  const std::vector<std::array<std::string, 2>> cases = {{"a", "."},   {"", "."},      {"/a", "/"},        {"/", "/"},
                                                         {"a/b", "a"}, {"/a/b", "/a"}, {"../a/b", "../a"}, {"a/", "a"}};
  for (const auto& [path, parent] : cases) EXPECT_EQ(parent_of(path), parent) << path;
}

}  // namespace
}  // namespace stele::io
