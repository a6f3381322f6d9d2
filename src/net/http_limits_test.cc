// What a client may not do: send too much, too slowly, too often, or not take its answers.
#include <gtest/gtest.h>

#include <chrono>

#include "support/http_fixture.h"

namespace stele::net {
namespace {

using testing::HttpFixture;
using testing::LoopbackClient;
using testing::soon;

constexpr std::string_view kEcho = "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n";

HttpLimits small() {
  HttpLimits limits;
  limits.body_bytes_max = 100'000;
  limits.header_bytes_max = 2048;
  return limits;
}

std::string sized(std::size_t bytes) {
  return "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(bytes) + "\r\n\r\n" + std::string(bytes, 'x');
}

std::string chunked(std::size_t bytes, std::size_t each) {
  std::string out = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (std::size_t left = bytes; left > 0;) {
    const std::size_t take = std::min(left, each);
    char head[24];
    out.append(head, static_cast<std::size_t>(std::snprintf(head, sizeof head, "%zx\r\n", take)));
    out += std::string(take, 'x') + "\r\n";
    left -= take;
  }
  return out + "0\r\n\r\n";
}

// Goal: a body may have exactly the limit; one byte more is answered 413, then the connection ends.
TEST(HttpLimits, answers_413_to_a_body_over_the_limit) {
  HttpFixture http(small());
  for (const std::string& fits : {sized(100'000), chunked(100'000, 999), chunked(100'000, 100'000)}) {
    LoopbackClient client = http.connect();
    ASSERT_TRUE(client.send(fits));
    const auto answer = client.answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body.size(), 100'000U + std::string("POST /echo?|").size());
  }
  for (const std::string& too_large : {sized(100'001), chunked(100'001, 999), chunked(100'001, 100'001), sized(3'000'000),
                                       sized(10) + chunked(3'000'000, 1000)}) {
    LoopbackClient client = http.connect();
    (void)client.send(too_large);  // the server may hang up before the end
    auto answer = client.answer();
    if (answer && answer->status == 200) answer = client.answer();
    ASSERT_TRUE(answer) << "the answer arrives although not all was read";
    EXPECT_EQ(answer->status, 413);
    EXPECT_EQ(answer->header("connection"), "close");
    EXPECT_NE(answer->body.find(R"("code":"too_large")"), std::string::npos);
    EXPECT_EQ(client.rest(), "");
  }
}

// Goal: headers over their limit are answered 431, however they are made so long.
TEST(HttpLimits, answers_431_to_headers_over_the_limit) {
  HttpFixture http(small());
  std::string many = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 5000; ++i) many += "A" + std::to_string(i) + ": b\r\n";
  for (const std::string& request :
       {"GET /" + std::string(3000, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n", std::string(100'000, 'G'),
        "GET / HTTP/1.1\r\nHost: a\r\nLong: " + std::string(5000, 'x') + "\r\n\r\n", many + "\r\n"}) {
    LoopbackClient client = http.connect();
    (void)client.send(request);
    const auto answer = client.answer();
    ASSERT_TRUE(answer) << request.substr(0, 50);
    EXPECT_EQ(answer->status, 431) << request.substr(0, 50);
    EXPECT_EQ(client.rest(), "");
  }
  LoopbackClient client = http.connect();
  ASSERT_TRUE(client.send("GET /echo HTTP/1.1\r\nHost: a\r\nLong: " + std::string(1500, 'x') + "\r\n\r\n"));
  EXPECT_EQ(client.answer()->status, 200);
}

// Goal: the limit of a head is one number, however the head is cut up and wherever in it the bytes are.
TEST(HttpLimits, holds_the_limit_of_heads_exactly) {
  HttpFixture http(small());
  const auto head = [](std::size_t line, std::size_t bytes) {
    std::string text = "GET /" + std::string(line, 'x') + " HTTP/1.1\r\nHost: a\r\nPad: ";
    return text + std::string(bytes - text.size() - 4, 'p') + "\r\n\r\n";
  };
  for (const std::size_t line : {1U, 1000U, 1990U}) {
    for (const std::size_t cut : {0U, 100U, 1500U, 2040U}) {
      for (const auto& [bytes, status] : {std::pair{2048U, 200}, {2049U, 431}, {2500U, 431}}) {
        LoopbackClient client = http.connect();
        const std::string request = head(line, bytes);
        ASSERT_TRUE(client.send(std::string_view(request).substr(0, cut)));
        if (cut > 0) ::usleep(2'000);
        ASSERT_TRUE(client.send(std::string_view(request).substr(cut)));
        const auto answer = client.answer();
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->status, status) << "a line of " << line << ", cut at " << cut << ", " << bytes << " bytes";
      }
    }
  }
}

// Goal: what all requests hold together is bounded; who comes too many is told to come again, and does.
TEST(HttpLimits, answers_429_when_bodies_take_too_much_together) {
  HttpLimits limits;
  limits.bodies_bytes_max = 1'000'000;
  HttpFixture http(limits);
  LoopbackClient first = http.connect();
  ASSERT_TRUE(first.send("POST /hold HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n" + std::string(900'000, 'x')));
  ASSERT_TRUE(soon([&] { return http.held() == 1; }));
  for (const std::string& request : {sized(200'000), chunked(200'000, 1000)}) {
    LoopbackClient second = http.connect();
    (void)second.send(request);
    const auto answer = second.answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 429);
    EXPECT_EQ(answer->header("retry-after"), "1");
    EXPECT_EQ(second.rest(), "");
  }
  LoopbackClient little = http.connect();
  ASSERT_TRUE(little.send(sized(1000)));
  EXPECT_EQ(little.answer()->status, 200);
  http.release();
  ASSERT_TRUE(first.answer());
  LoopbackClient again = http.connect();
  ASSERT_TRUE(again.send(sized(200'000)));
  EXPECT_EQ(again.answer()->status, 200);
}

// Goal: the room that a body took is given back however its request ends: vanished, refused, or cut off.
TEST(HttpLimits, gives_back_the_room_of_bodies_that_never_came) {
  HttpLimits limits = small();
  limits.bodies_bytes_max = 110'000;
  HttpFixture http(limits);
  const std::string chunks =
      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n15f90\r\n" + std::string(90'000, 'x');
  for (int i = 0; i < 5; ++i) {
    for (const std::string& part : {sized(100'000).substr(0, 90'000), chunks, chunks + "not the coding"}) {
      LoopbackClient client = http.connect();
      ASSERT_TRUE(client.send(part));
      client.end_sending();
      (void)client.rest();
    }
    ASSERT_TRUE(soon([&] { return http.server().counters().connections == 0; }));
    LoopbackClient whole = http.connect();
    ASSERT_TRUE(whole.send(sized(100'000)));
    const auto answer = whole.answer();
    ASSERT_TRUE(answer);
    ASSERT_EQ(answer->status, 200);
  }
}

// Goal: a crowd that asks for nothing, begins to, or does not take what it asked for keeps nobody out: who waits longest makes
// room, and that is counted. Who is being answered, or reads a stream, is not ended for another.
TEST(HttpLimits, who_waits_longest_makes_room_for_one_more) {
  HttpLimits limits;
  limits.connections_max = 6;
  HttpFixture http(limits);
  LoopbackClient waits = http.connect();
  ASSERT_TRUE(waits.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n"));
  ASSERT_TRUE(soon([&] { return http.held() == 1; }));
  LoopbackClient streaming = http.connect();
  ASSERT_TRUE(streaming.send("GET /quiet HTTP/1.1\r\nHost: a\r\n\r\n"));
  ASSERT_FALSE(streaming.read(10).empty());
  constexpr int kKinds = 5;
  std::vector<LoopbackClient> crowd;
  for (int i = 0; i < 20 * kKinds; ++i) {
    crowd.push_back(http.connect());
    LoopbackClient& one = crowd.back();
    if (i % kKinds == 1) (void)one.send("GET / HTTP/1.1\r\nHo");
    if (i % kKinds == 2) (void)one.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
    if (i % kKinds == 3) (void)one.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
    if (i % kKinds == 4) (void)one.send("nonsense\r\n\r\n");
    LoopbackClient other = http.connect();
    ASSERT_TRUE(other.send(kEcho)) << i;
    const auto answer = other.answer();
    ASSERT_TRUE(answer) << i;
    EXPECT_EQ(answer->status, 200);
    EXPECT_LE(http.server().counters().connections, limits.connections_max);
  }
  EXPECT_TRUE(crowd.front().closed_within(10'000));
  EXPECT_GT(http.server().counters().gave_way, 50U);
  EXPECT_EQ(http.server().counters().refused, 0U);
  http.release();
  const auto released = waits.answer();
  ASSERT_TRUE(released) << "it was being answered";
  EXPECT_EQ(released->body, "released");
  EXPECT_FALSE(streaming.closed_within(0));
}

// Goal: where nobody waits, a connection over the limit is closed at once and counted; room that is given back is used.
TEST(HttpLimits, closes_connections_over_the_limit) {
  HttpLimits limits;
  limits.connections_max = 2;
  HttpFixture http(limits);
  constexpr std::string_view kHold = "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n";
  LoopbackClient first = http.connect();
  {
    LoopbackClient second = http.connect();
    ASSERT_TRUE(first.send(kHold));
    ASSERT_TRUE(second.send(kHold));
    ASSERT_TRUE(soon([&] { return http.held() == 2; }));
    LoopbackClient third = http.connect();
    EXPECT_TRUE(third.closed_within(10'000));
    EXPECT_EQ(http.server().counters().refused, 1U);
    http.release();
    ASSERT_TRUE(first.answer());
    ASSERT_TRUE(second.answer());
  }
  ASSERT_TRUE(soon([&] { return http.server().counters().connections == 1; }));
  LoopbackClient fourth = http.connect();
  ASSERT_TRUE(fourth.send(kEcho));
  EXPECT_EQ(fourth.answer()->status, 200);
  EXPECT_EQ(http.server().counters().gave_way, 0U);
}

// Goal: who sends nothing is closed; who sends a request too slowly is told so; who does not take an answer is closed; who
// waits for an answer or a stream is left alone. All in one test, for it takes its seconds.
TEST(HttpLimits, ends_what_takes_too_long) {
  HttpLimits limits;
  limits.idle_seconds = 1;
  limits.request_seconds = 1;
  HttpFixture http(limits);
  LoopbackClient waiting = http.connect();
  ASSERT_TRUE(waiting.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n"));
  LoopbackClient streaming = http.connect();
  ASSERT_TRUE(streaming.send("GET /quiet HTTP/1.1\r\nHost: a\r\n\r\n"));
  LoopbackClient idle = http.connect();
  LoopbackClient idle_again = http.connect();
  ASSERT_TRUE(idle_again.send(kEcho));
  ASSERT_TRUE(idle_again.answer());
  LoopbackClient greedy = http.connect();
  ASSERT_TRUE(greedy.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n"));  // and reads nothing
  LoopbackClient slow_head = http.connect();
  ASSERT_TRUE(slow_head.send("GET /echo HT"));
  LoopbackClient slow_sized = http.connect();
  ASSERT_TRUE(slow_sized.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf"));
  LoopbackClient slow_chunks = http.connect();
  ASSERT_TRUE(slow_chunks.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf"));
  LoopbackClient dripping = http.connect();
  std::thread drip([&] {  // a byte now and then is not enough
    for (int i = 0; i < 60 && dripping.send("G"); ++i) ::usleep(50'000);
  });
  for (LoopbackClient* slow : {&slow_head, &slow_sized, &slow_chunks, &dripping}) {
    const auto answer = slow->answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 408);
    EXPECT_EQ(answer->header("connection"), "close");
  }
  drip.join();
  EXPECT_TRUE(idle.closed_within(5000));
  EXPECT_TRUE(idle_again.closed_within(5000));
  EXPECT_TRUE(soon([&] { return http.server().counters().connections == 2; }, 8000)) << "the greedy one is gone";
  EXPECT_LT(greedy.rest().size(), 32U << 20);
  http.release();
  const auto answer = waiting.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "released");
  http.server().drain(1000);
  EXPECT_TRUE(streaming.rest().ends_with("0\r\n\r\n")) << "a quiet stream is not a slow client";
}

// Goal: what answers hold is bounded together with what requests hold: further large ones are put off, small ones go through,
// and the room comes back.
TEST(HttpLimits, answers_429_when_answers_take_too_much_together) {
  HttpLimits limits;
  limits.bodies_bytes_max = 40U << 20;
  HttpFixture http(limits);
  constexpr std::string_view kBig = "GET /big HTTP/1.1\r\nHost: a\r\n\r\n";
  {
    LoopbackClient greedy = http.connect();
    ASSERT_TRUE(greedy.send(kBig));  // and reads nothing
    ASSERT_TRUE(soon([&] { return http.handled() == 1; }));
    LoopbackClient late = http.connect();
    ASSERT_TRUE(late.send(kBig));
    const auto put_off = late.answer();
    ASSERT_TRUE(put_off);
    EXPECT_EQ(put_off->status, 429);
    EXPECT_EQ(put_off->header("retry-after"), "1");
    ASSERT_TRUE(late.send(kEcho));
    EXPECT_EQ(late.answer()->status, 200);
  }
  EXPECT_TRUE(soon([&] { return http.server().counters().connections == 0; }));
  LoopbackClient again = http.connect();
  ASSERT_TRUE(again.send(kBig));
  EXPECT_EQ(again.answer()->status, 200);
}

// Goal: a stream whose reader takes nothing ends, and does not pile up.
TEST(HttpLimits, ends_a_stream_that_is_not_taken) {
  HttpLimits limits;
  limits.request_seconds = 1;
  HttpFixture http(limits);
  http.stream_pieces = 1000;
  http.piece_bytes = 1U << 20;
  LoopbackClient client = http.connect();
  ASSERT_TRUE(client.send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n"));
  ASSERT_TRUE(soon([&] { return http.handled() == 1; }));
  EXPECT_TRUE(soon([&] { return http.server().counters().connections == 0; }, 8000));
}

// Goal: who leaves a stream that has nothing to say is noticed at once, and not only when it says something.
TEST(HttpLimits, ends_a_quiet_stream_that_its_reader_left) {
  HttpFixture http;
  http.stream_pieces = 0;
  {
    LoopbackClient stays = http.connect();
    ASSERT_TRUE(stays.send("GET /quiet HTTP/1.1\r\nHost: a\r\n\r\n"));
    std::vector<LoopbackClient> clients;
    for (int i = 0; i < 10; ++i) {
      clients.push_back(http.connect());
      ASSERT_TRUE(clients.back().send("GET /quiet HTTP/1.1\r\nHost: a\r\n\r\n"));
    }
    ASSERT_TRUE(soon([&] { return http.handled() == 11; }));
    clients.clear();
    EXPECT_TRUE(soon([&] { return http.server().counters().connections == 1; }, 3000));
    ::usleep(700'000);
    EXPECT_EQ(http.server().counters().connections, 1U) << "who listens is left alone";
  }
  EXPECT_TRUE(soon([&] { return http.server().counters().connections == 0; }, 3000));
}

// Goal: a client that announces a large body and sends none costs next to nothing.
TEST(HttpLimits, takes_memory_as_bytes_come) {
  HttpLimits limits;
  limits.body_bytes_max = 1U << 30;
  limits.bodies_bytes_max = 300U << 10;  // less than two first steps
  HttpFixture http(limits);
  LoopbackClient announced = http.connect();
  ASSERT_TRUE(announced.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1073741824\r\n\r\nx"));
  ASSERT_TRUE(soon([&] { return http.server().counters().connections == 1; }));
  LoopbackClient little = http.connect();
  ASSERT_TRUE(little.send(sized(1000)));
  EXPECT_EQ(little.answer()->status, 200);
}

}  // namespace
}  // namespace stele::net
