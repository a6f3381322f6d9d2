#include "agent/socket_stream.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>

#include "net/socket_path.h"
#include "support/temp_folder.h"

namespace stele::agent {
namespace {

constexpr std::uint64_t kBatchBytes = 64U << 10;

Descriptor connected(const std::string& path, int type) {
  Descriptor fd(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  const int bytes = 212'992;
  EXPECT_EQ(::setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes), 0);
  const net::SocketPath place(path);
  const sockaddr_un address = place.address();
  EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  return fd;
}

bool send(const Descriptor& fd, std::string_view bytes) {
  return ::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

// What a collector does with a stream, without a spool.
class Gatherer {
 public:
  explicit Gatherer(SocketStream& stream) : stream_(stream) {}

  template <typename Take>
  bool once(Take&& take) {
    batch_.begin(sequence_, 1 + records_, kBatchBytes);
    const bool more = take(batch_);
    EXPECT_LE(batch_.lines().size(), kBatchBytes + (2U << 10)) << "more than one record beyond its room";
    records_ += batch_.count();
    lines_ += batch_.lines();
    if (!batch_.empty()) stream_.committed();
    return more;
  }
  void collect() {
    while (once([&](Batch& batch) { return stream_.collect(batch, 1); })) {}
  }
  void finish() {
    while (once([&](Batch& batch) { return stream_.finish(batch); })) {}
  }
  [[nodiscard]] std::uint64_t records() const { return records_; }
  [[nodiscard]] bool has(const std::string& record) const {
    return lines_.find("\"record\":\"" + record + "\"") != std::string::npos;
  }

 private:
  SocketStream& stream_;
  Sequence sequence_{"00ff", "web-1"};
  Batch batch_;
  std::uint64_t records_ = 0;
  std::string lines_;
};

std::string short_lines(std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += "a\n";
  return out;
}

// Goal: one datagram of so many short lines that they are no batch is taken in several.
TEST(SocketStream, takes_a_datagram_of_many_lines_in_batches) {
  const testing::TempFolder folder;
  const std::string path = folder.path() + "/socket";
  auto stream = SocketStream::open({path, true, false, 0600}).value();
  const Descriptor fd = connected(path, SOCK_DGRAM);
  ASSERT_TRUE(send(fd, short_lines(150'000)));
  ASSERT_TRUE(send(fd, "the end"));
  Gatherer gatherer(*stream);
  gatherer.collect();
  EXPECT_EQ(gatherer.records(), 150'001U);
  EXPECT_TRUE(gatherer.has("the end"));
}

// Goal: a clean stop takes all that was written before it, in as many batches as it needs; who writes afterwards is told.
TEST(SocketStream, finishes_in_batches) {
  const testing::TempFolder folder;
  for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
    const std::string path = folder.path() + "/socket-" + std::to_string(type);
    auto stream = SocketStream::open({path, type == SOCK_DGRAM, false, 0600}).value();
    std::vector<Descriptor> writers;
    for (int i = 0; i < 3; ++i) {
      writers.push_back(connected(path, type));
      ASSERT_TRUE(send(writers.back(), short_lines(30'000)));
    }
    ASSERT_TRUE(send(writers[0], "the end"));
    Gatherer gatherer(*stream);
    gatherer.finish();
    EXPECT_EQ(gatherer.records(), 90'001U);
    EXPECT_TRUE(gatherer.has("the end"));
    EXPECT_FALSE(send(writers[0], "too late"));
  }
}

// Goal: idle connections use up neither places nor descriptors: who comes when all are taken gets one, and the oldest is told.
// What that one had written is taken.
TEST(SocketStream, closes_the_oldest_idle_connection_when_it_is_full) {
  const testing::TempFolder folder;
  const std::string path = folder.path() + "/socket";
  auto stream = SocketStream::open({path, false, false, 0600}).value();
  Gatherer gatherer(*stream);
  std::vector<Descriptor> writers;
  for (int i = 0; i < 400; ++i) {
    writers.push_back(connected(path, SOCK_STREAM));
    if (i < 2) ASSERT_TRUE(send(writers.back(), i == 0 ? "half a line" : "whole\n"));
    gatherer.collect();
    std::vector<StreamState> states;
    stream->describe(states);
    EXPECT_LE(std::stoi(states[0].state), 260);
    if (i > 1) ASSERT_TRUE(send(writers[1], "again\n"));  // it is old, but not idle
  }
  gatherer.collect();
  EXPECT_TRUE(gatherer.has("half a line"));
  EXPECT_EQ(gatherer.records(), 400U);
  EXPECT_FALSE(send(writers[2], "too late"));
  EXPECT_TRUE(send(writers[1], "in time\n"));
  EXPECT_TRUE(send(writers.back(), "the last one\n"));
  gatherer.collect();
  EXPECT_TRUE(gatherer.has("in time"));
  EXPECT_TRUE(gatherer.has("the last one"));
}

// Goal: a stop ends, also with as many idle connections as there are places for, and more waiting.
TEST(SocketStream, finishes_with_idle_connections) {
  const testing::TempFolder folder;
  const std::string path = folder.path() + "/socket";
  auto stream = SocketStream::open({path, false, false, 0600}).value();
  Gatherer gatherer(*stream);
  std::vector<Descriptor> writers;
  for (int i = 0; i < 700; ++i) {
    writers.push_back(connected(path, SOCK_STREAM));
    if (i % 100 == 0) gatherer.collect();
  }
  ASSERT_TRUE(send(writers.back(), "the end"));
  gatherer.finish();
  EXPECT_TRUE(gatherer.has("the end"));
}

// Goal: a connection that writes all the time leaves the others their turn.
TEST(SocketStream, gives_each_connection_its_turn) {
  const testing::TempFolder folder;
  const std::string path = folder.path() + "/socket";
  auto stream = SocketStream::open({path, false, false, 0600}).value();
  const Descriptor busy = connected(path, SOCK_STREAM);
  const Descriptor quiet = connected(path, SOCK_STREAM);
  ASSERT_TRUE(send(quiet, "quiet\n"));
  Gatherer gatherer(*stream);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(send(busy, short_lines(10'000)));
    (void)gatherer.once([&](Batch& batch) { return stream->collect(batch, 1); });
  }
  EXPECT_TRUE(gatherer.has("quiet"));
}

// Goal: of many short lines that one connection writes no more are taken at once than a batch has room for.
TEST(SocketStream, takes_many_short_lines_in_batches) {
  const testing::TempFolder folder;
  const std::string path = folder.path() + "/socket";
  auto stream = SocketStream::open({path, false, false, 0600}).value();
  {
    const Descriptor fd = connected(path, SOCK_STREAM);
    ASSERT_TRUE(send(fd, short_lines(60'000) + "the end"));
  }
  Gatherer gatherer(*stream);
  gatherer.collect();
  EXPECT_EQ(gatherer.records(), 60'001U);
  EXPECT_TRUE(gatherer.has("the end"));
}

}  // namespace
}  // namespace stele::agent
