#include "agent/file_stream.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/bytes.h"
#include "support/temp_folder.h"

namespace stele::agent {
namespace {

namespace fs = std::filesystem;

// What a collector does with the stream of one path, over restarts, without a spool. "crash" is to let the last stream go.
class Reader {
 public:
  explicit Reader(std::string path, bool from_end = false) : path_(std::move(path)), from_end_(from_end) { start(); }

  void start() {
    FileOptions options;
    options.pattern = path_;
    options.format = "line";
    options.from_end = from_end_;
    stream_ = std::make_unique<FileStream>(options, positions_);
  }
  void stop() { stream_.reset(); }
  // Looks for files and reads all that there is. Returns the lines that are new, joined by spaces.
  std::string collect(std::uint64_t bytes_max = 1U << 20, std::int64_t step = 2'000'000'000) {
    std::string out;
    for (bool more = true; more;) {
      now_ += step;
      batch_.begin(sequence_, 1, bytes_max);
      more = stream_->collect(batch_, now_);
      for (const auto& [key, value] : batch_.positions()) {
        if (value.empty())
          positions_.erase(key);
        else
          positions_.insert_or_assign(key, value);
      }
      for (const Notice& notice : batch_.take_notices()) told_.push_back(notice.name);
      std::string_view rest = batch_.lines();
      constexpr std::string_view kBefore = "\"record\":\"";
      for (auto at = rest.find(kBefore); at != std::string_view::npos; at = rest.find(kBefore)) {
        rest.remove_prefix(at + kBefore.size());
        out += (out.empty() ? "" : " ") + std::string(rest.substr(0, rest.find('"')));
      }
      more &= bytes_max == 1U << 20;
    }
    return out;
  }
  // The same, woken by what is written and not by names: it looks at none.
  std::string collect_without_names() { return collect(1U << 20, 100'000'000); }
  // Looks for files and reads nothing, as where the spool is full.
  void look() { EXPECT_EQ(collect(0), ""); }
  // As a start of the machine may do it: each file keeps its inode, and its file system has another number.
  void change_device() {
    Positions other;
    for (const auto& [key, value] : positions_) {
      FilePosition position = parse_position(value).value();
      position.file.device += 7;
      other.emplace(position_key(position.file), position_text(position));
    }
    positions_ = other;
  }
  [[nodiscard]] const Positions& positions() const { return positions_; }
  [[nodiscard]] const std::vector<std::string>& told() const { return told_; }

 private:
  std::string path_;
  bool from_end_;
  Positions positions_;
  std::unique_ptr<FileStream> stream_;
  Sequence sequence_{"00ff", "web-1"};
  Batch batch_;
  std::vector<std::string> told_;
  std::int64_t now_ = 1;
};

void append(const std::string& path, const std::string& line) { std::ofstream(path, std::ios::app) << line << "\n"; }
// In place: as a new file that got the inode of one that is gone.
void replace(const std::string& path, const std::string& line) { std::ofstream(path, std::ios::trunc) << line << "\n"; }

using Told = std::vector<std::string>;

// Goal: after two rotations that nobody saw the current file may have the inode of the one that was read; the generation in
// between is read, and what is gone is told.
TEST(FileStream, reads_what_came_between_when_an_inode_is_used_again) {
  const testing::TempFolder folder;
  const std::string path = folder.path("app.log");
  append(path, "a1 of the first file");
  Reader reader(path);
  EXPECT_EQ(reader.collect(), "a1 of the first file");
  reader.stop();
  append(path + ".1", "b1");
  append(path + ".1", "b2");
  replace(path, "c1 of a file that is longer than the first one was");
  reader.start();
  EXPECT_EQ(reader.collect(), "b1 b2 c1 of a file that is longer than the first one was");
  EXPECT_EQ(reader.told(), Told{"file_truncated"});
}

// Goal: a new file that has the inode of one that was read to its end and let go of is followed.
TEST(FileStream, follows_a_new_file_with_the_inode_of_one_that_is_done) {
  const testing::TempFolder folder;
  const std::string path = folder.path("app.log");
  Reader reader(path);
  for (int i = 0; i < 20; ++i) {
    append(path, "line " + std::to_string(i));
    EXPECT_EQ(reader.collect(), "line " + std::to_string(i));
    fs::rename(path, path + "." + std::to_string(100 + i));
  }
  for (int i = 0; i < 10; ++i) EXPECT_EQ(reader.collect(), "");  // some seconds, until the first ones are let go of
  replace(path + ".100", "a new one");
  fs::rename(path + ".100", path);
  EXPECT_EQ(reader.collect(), "a new one");
  append(path, "more of it");
  EXPECT_EQ(reader.collect(), "more of it");
  reader.stop();
  reader.start();
  EXPECT_EQ(reader.collect(), "");
  EXPECT_EQ(reader.told(), Told{});
}

// Goal: where the file system has another number than before nothing is read twice, of rotated files neither.
TEST(FileStream, goes_on_when_the_device_has_another_number) {
  const testing::TempFolder folder;
  const std::string path = folder.path("app.log");
  append(path, "a1");
  Reader reader(path);
  EXPECT_EQ(reader.collect(), "a1");
  fs::rename(path, path + ".1");
  append(path, "b1");
  EXPECT_EQ(reader.collect(), "b1");
  for (int round = 0; round < 2; ++round) {
    reader.stop();
    reader.change_device();
    reader.start();
    EXPECT_EQ(reader.collect(), "");
    append(path + ".1", "a2");
    append(path, "b2");
    EXPECT_EQ(reader.collect(), "a2 b2");
    EXPECT_EQ(reader.positions().size(), 2U);
  }
  reader.stop();
  reader.change_device();
  fs::rename(path, path + ".2");  // and rotated meanwhile
  append(path, "c1");
  reader.start();
  EXPECT_EQ(reader.collect(), "c1");
  EXPECT_EQ(reader.told(), Told{});
}

// Goal: what begins otherwise is another file, whatever its inode is.
TEST(FileStream, reads_another_file_on_another_device_from_its_begin) {
  const testing::TempFolder folder;
  const std::string path = folder.path("app.log");
  append(path, "a1");
  Reader reader(path);
  EXPECT_EQ(reader.collect(), "a1");
  reader.stop();
  reader.change_device();
  replace(path, "b1 b1");
  reader.start();
  EXPECT_EQ(reader.collect(), "b1 b1");
  EXPECT_EQ(reader.told(), Told{"file_lost"});
}

// Goal: a folder that comes late, or an empty one on which a file system is mounted later, forgets nothing.
TEST(FileStream, waits_for_a_folder_that_comes_late) {
  const testing::TempFolder folder;
  const std::string place = folder.path("mounted");
  const std::string path = place + "/app.log";
  fs::create_directory(place);
  append(path, "a1");
  Reader reader(path);
  EXPECT_EQ(reader.collect(), "a1");
  for (const bool is_empty : {false, true}) {
    reader.stop();
    fs::rename(place, folder.path("elsewhere"));
    if (is_empty) {
      fs::create_directory(place);
      reader.change_device();
    }
    reader.start();
    EXPECT_EQ(reader.collect(), "");
    EXPECT_EQ(reader.positions().size(), 1U);
    fs::remove(place);
    fs::rename(folder.path("elsewhere"), place);
    append(path, "more");
    EXPECT_EQ(reader.collect(), "more");
  }
  EXPECT_EQ(reader.told(), Told{});
}

// Goal: a restart before the first record of a file reads no older generation.
TEST(FileStream, reads_no_older_generation_after_a_restart_before_the_first_record) {
  const testing::TempFolder folder;
  const std::string path = folder.path("app.log");
  append(path + ".1", "an old line");
  std::ofstream(path) << "half" << std::flush;
  Reader reader(path);
  EXPECT_EQ(reader.collect(), "");
  reader.stop();
  reader.start();
  EXPECT_EQ(reader.collect(), "");
  append(path, " a line");
  EXPECT_EQ(reader.collect(), "half a line");
}

// Goal: "begin: end" is about what was there at the first look; a file that came while nobody looked is read.
TEST(FileStream, begins_at_the_end_only_once) {
  const testing::TempFolder folder;
  const std::string path = folder.path("app.log");
  append(path, "a1");
  Reader reader(path, true);
  EXPECT_EQ(reader.collect(), "");
  append(path, "a2");
  EXPECT_EQ(reader.collect(), "a2");
  reader.stop();
  append(folder.path("another"), "so that the inode is another one");
  fs::rename(folder.path("another"), path);
  append(path, "b1");
  reader.start();
  EXPECT_EQ(reader.collect(), "so that the inode is another one b1");
}

// x.2 to x.3, x.1 to x.2, x to x.1, as logrotate does; a new x.
void rotate(const std::string& path) {
  int last = 0;
  while (fs::exists(path + "." + std::to_string(last + 1))) ++last;
  for (int i = last; i > 0; --i) fs::rename(path + "." + std::to_string(i), path + "." + std::to_string(i + 1));
  fs::rename(path, path + ".1");
}

// Goal: whatever is renamed between the looks at a name, at the names beside it and at the files that they lead to, each line
// comes once and in order, over restarts too.
TEST(FileStream, reads_each_line_once_while_files_are_rotated_under_its_eyes) {
  for (int round = 0; round < 40; ++round) {
    const testing::TempFolder folder;
    const std::string path = folder.path("app.log");
    append(path, "0");
    Reader reader(path);
    std::string got = reader.collect();
    std::string wrote = "0";
    std::atomic<bool> is_written = false;
    std::thread writer([&] {
      for (int i = 1; i <= 60; ++i) {
        append(path, std::to_string(i));
        wrote += " " + std::to_string(i);
        if (i % 5 == round % 5) rotate(path);
        std::this_thread::sleep_for(std::chrono::microseconds(50));
      }
      append(path, "last");
      is_written = true;
    });
    for (bool is_last = false; !is_last;) {
      is_last = is_written;
      const std::string more = reader.collect();
      if (!more.empty()) got += " " + more;
      if (round % 2 == 1) {
        reader.stop();
        reader.start();
      }
    }
    writer.join();
    EXPECT_EQ(got, wrote + " last") << "round " << round;
    EXPECT_EQ(reader.told(), Told{}) << "round " << round;
  }
}

// More than a tick of the file system's clock.
void let_time_pass() { std::this_thread::sleep_for(std::chrono::milliseconds(20)); }

// Goal: a writer that does not know yet that his file was rotated hides no generation that came after it and is older than what
// he wrote last; seen from a look before and from a start after.
TEST(FileStream, reads_what_came_between_and_was_not_written_as_late_as_the_one_before) {
  for (const bool restarts : {false, true}) {
    const testing::TempFolder folder;
    const std::string path = folder.path("app.log");
    append(path, "a1");
    Reader reader(path);
    EXPECT_EQ(reader.collect(), "a1");
    std::ofstream late(path, std::ios::app);
    rotate(path);
    append(path, "b");
    rotate(path);
    append(path, "c");
    let_time_pass();
    late << "a2" << std::endl;
    if (restarts) {
      reader.stop();
      reader.start();
    }
    EXPECT_EQ(reader.collect(), "a2 b c") << restarts;
    EXPECT_EQ(reader.told(), Told{});
  }
}

// Goal: the rest of a file that is copied and cut off is read from the copy, also when something is written between the two and
// nothing could be read for a while.
TEST(FileStream, finds_the_copy_of_what_it_could_not_read_yet) {
  for (const bool keeps_time : {false, true}) {  // cp -p
    const testing::TempFolder folder;
    const std::string path = folder.path("app.log");
    append(path, "a1");
    Reader reader(path);
    EXPECT_EQ(reader.collect(), "a1");
    let_time_pass();
    append(path, "a2");
    const auto began = fs::last_write_time(path);
    let_time_pass();
    append(path, "a3");
    reader.look();
    fs::copy_file(path, path + ".1");
    if (keeps_time) fs::last_write_time(path + ".1", began);
    let_time_pass();
    append(path, "of which there is no copy");
    reader.look();
    fs::resize_file(path, 0);
    append(path, "b1");
    EXPECT_EQ(reader.collect(), "a2 a3 b1");
    EXPECT_EQ(reader.told(), Told{});
  }
}

// Goal: what somebody copied aside is no generation, made while the agent was up or down.
TEST(FileStream, reads_no_copy_of_what_it_read) {
  for (const bool is_up : {false, true}) {
    const testing::TempFolder folder;
    const std::string path = folder.path("app.log");
    append(path, "a1");
    Reader reader(path);
    EXPECT_EQ(reader.collect(), "a1");
    if (!is_up) reader.stop();
    let_time_pass();
    fs::copy_file(path, path + ".bak");
    if (is_up) reader.look();
    let_time_pass();
    append(path, "a2");
    std::string got;
    if (is_up) {
      got = reader.collect_without_names() + " ";
      reader.look();
      reader.stop();
    }
    fs::rename(path, path + ".1");
    let_time_pass();
    append(path, "b1");
    reader.start();
    EXPECT_EQ(got + reader.collect(), "a2 b1") << is_up;
  }
}

// Goal: what was rotated before the first look stays out, whatever was written into it since the file that has the name.
TEST(FileStream, reads_nothing_of_what_was_rotated_before_the_first_look) {
  for (const bool restarts : {false, true}) {
    const testing::TempFolder folder;
    const std::string path = folder.path("app.log");
    append(path, "a1");
    let_time_pass();
    append(path + ".1", "old");
    let_time_pass();
    Reader reader(path, true);
    reader.look();
    append(path, "a2");
    EXPECT_EQ(reader.collect_without_names(), "a2");
    if (restarts) reader.stop();
    rotate(path);
    append(path, "b1");
    if (restarts) reader.start();
    EXPECT_EQ(reader.collect(), "b1") << restarts;
  }
}

// Goal: a spool of version 0.1.0, whose positions have one time less, is gone on with.
TEST(FileStream, takes_positions_without_the_time_of_the_name) {
  FilePosition position;
  position.path = "/var/log/app.log";
  position.modified = 7;
  position.named = 9;
  std::string text = position_text(position);
  EXPECT_EQ(parse_position(text)->named, 9);
  const std::string member = ",\"named\":9";
  ASSERT_NE(text.find(member), std::string::npos);
  text.erase(text.find(member), member.size());
  EXPECT_EQ(parse_position(text)->named, 7);
}

// Goal: a file that is written all the time leaves the others their turn.
TEST(FileStream, gives_each_file_its_turn) {
  const testing::TempFolder folder;
  for (int i = 0; i < 1000; ++i) append(folder.path("a.log"), "busy");
  append(folder.path("b.log"), "quiet");
  append(folder.path("c.log"), "quiet too");
  Reader reader(folder.path("*.log"));
  std::string got;
  for (int i = 0; i < 3; ++i) got += reader.collect(1'000);
  EXPECT_NE(got.find("quiet too"), std::string::npos) << got;
}

}  // namespace
}  // namespace stele::agent
