#include "collect/relp_framer.h"

#include <gtest/gtest.h>

#include <vector>

namespace stele::collect {
namespace {

using namespace std::literals;

struct Copy {
  std::uint32_t number;
  std::string command, data;
  std::uint64_t length;
  bool operator==(const Copy&) const = default;
};

// The frames of `stream`, pushed in pieces of `step` bytes; a last one with the command "!" where it is no RELP.
std::vector<Copy> frames_of(std::string_view stream, std::size_t step, std::size_t data_max = 100'000) {
  RelpFramer framer(data_max);
  std::vector<Copy> out;
  while (!stream.empty()) {
    framer.push(std::string(stream.substr(0, step)));
    stream.remove_prefix(std::min(step, stream.size()));
    for (;;) {
      const auto frame = framer.next();
      if (!frame) {
        out.push_back({0, "!", "", 0});
        return out;
      }
      if (!*frame) break;
      out.push_back({(*frame)->number, std::string((*frame)->command), std::string((*frame)->data), (*frame)->length});
    }
  }
  return out;
}

// Goal: frames come out as they went in, however they were cut.
TEST(RelpFramer, cuts_a_stream_into_frames) {
  const std::string stream =
      "1 open 14 relp_version=0\n2 syslog 6 <13>a\n\n3 syslog 1  \n4 close 0\n"
      "999999999 syslog 3 a b\n"s;
  const std::vector<Copy> wanted = {{1, "open", "relp_version=0", 14},
                                    {2, "syslog", "<13>a\n", 6},
                                    {3, "syslog", " ", 1},
                                    {4, "close", "", 0},
                                    {999'999'999, "syslog", "a b", 3}};
  for (const std::size_t step : {1U, 2U, 3U, 7U, 1000U}) EXPECT_EQ(frames_of(stream, step), wanted) << step;
}

// Goal: data over the bound costs its head alone, and the frames behind it are read.
TEST(RelpFramer, keeps_the_head_of_what_is_too_long) {
  const std::string data = std::string(kRelpHeadBytes, 'h') + std::string(300'000, 't');
  const std::string stream = "1 syslog " + std::to_string(data.size()) + " " + data + "\n2 syslog 1 x\n";
  const std::vector<Copy> wanted = {{1, "syslog", data.substr(0, kRelpHeadBytes), data.size()}, {2, "syslog", "x", 1}};
  for (const std::size_t step : {1000U, 65'536U, 1'000'000U}) EXPECT_EQ(frames_of(stream, step), wanted) << step;
  const std::string short_of_head = "1 syslog 20 01234567890123456789\n2 close 0\n";
  EXPECT_EQ(frames_of(short_of_head, 5, 10), (std::vector<Copy>{{1, "syslog", "0123456789", 20}, {2, "close", "", 0}}));
  const std::string long_for_2048 = std::string(2'048, 'h') + std::string(3'000, 't');
  const std::string small =
      "1 syslog 5048 " + long_for_2048 + "\n2 syslog 1 x\n3 syslog 2048 " + long_for_2048.substr(0, 2'048) + "\n";
  const std::vector<Copy> cut = {{1, "syslog", long_for_2048.substr(0, 2'048), 5'048},
                                 {2, "syslog", "x", 1},
                                 {3, "syslog", long_for_2048.substr(0, 2'048), 2'048}};
  for (const std::size_t step : {1U, 1000U, 4'000U, 100'000U}) EXPECT_EQ(frames_of(small, step, 2'048), cut) << step;
}

// Goal: what is no RELP is said at once, whatever was right before it.
TEST(RelpFramer, refuses_what_is_out_of_step) {
  for (const std::string_view bad :
       {"x syslog 1 a\n", "1  1 a\n", "1 sys.log 1 a\n", "1 syslog x a\n", "1 syslog 1 ab\n", "1 syslog 0 a\n", "1 syslog 1\n",
        "1 syslog\n", "1234567890 syslog 1 a\n", "1 syslog 1234567890 a\n", "<13>Nov 23 16:20:00 h a: x\n", "-1 syslog 1 a\n",
        "GET / HTTP/1.1\r\nHost: localhost:2514\r\nAccept: everything\r\n\r\n", "1 abcdefghijklmnopqrstuvwxyzabcdefg 1 a\n"}) {
    for (const std::size_t step : {1U, 1000U}) {
      const auto frames = frames_of("1 open 1 a\n"s + std::string(bad), step);
      ASSERT_EQ(frames.size(), 2U) << bad;
      EXPECT_EQ(frames.back().command, "!") << bad;
    }
  }
}

// Goal: answers have the lengths that they say, and offers get the version they came with.
TEST(RelpResponse, says_what_the_client_waits_for) {
  EXPECT_EQ(relp_response(7, "200 OK"), "7 rsp 6 200 OK\n");
  EXPECT_EQ(relp_response(8, ""), "8 rsp 0\n");
  EXPECT_NE(relp_offers("\nrelp_version=1\n").find("\nrelp_version=1\n"), std::string::npos);
  EXPECT_NE(relp_offers("relp_version=0").find("\nrelp_version=0\n"), std::string::npos);
}

}  // namespace
}  // namespace stele::collect
