// Where a request begins and ends: split anywhere, encoded either way, and refused where there is doubt.
#include <gtest/gtest.h>

#include "net/chunked.h"
#include "support/http_fixture.h"

namespace stele::net {
namespace {

using testing::HttpFixture;
using testing::LoopbackClient;

const std::string kSized = "POST /echo?a=1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 11\r\n\r\nhello world";
const std::string kChunked =
    "POST /echo?a=1 HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5;x=\"y\"\r\nhello\r\n06\r\n "
    "world\r\n0\r\nChecksum: none\r\n\r\n";
const std::string kEmptyChunked = "POST /echo?a=1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
constexpr std::string_view kSeen = "POST /echo?a=1|hello world";

// Goal: how the network cuts a request up makes no difference.
TEST(HttpFraming, takes_requests_split_at_every_byte) {
  HttpFixture http;
  LoopbackClient client = http.connect();
  for (const std::string& request : {kSized, kChunked}) {
    for (std::size_t at = 1; at < request.size(); ++at) {
      ASSERT_TRUE(client.send(std::string_view(request).substr(0, at)));
      ::usleep(300);
      ASSERT_TRUE(client.send(std::string_view(request).substr(at)));
      const auto answer = client.answer();
      ASSERT_TRUE(answer) << at;
      EXPECT_EQ(answer->status, 200) << at;
      EXPECT_EQ(answer->body, kSeen) << at;
    }
  }
}

TEST(HttpFraming, takes_requests_byte_by_byte) {
  HttpFixture http;
  LoopbackClient client = http.connect();
  for (const auto& [request, seen] :
       {std::pair{kSized, std::string(kSeen)}, {kChunked, std::string(kSeen)}, {kEmptyChunked, std::string("POST /echo?a=1|")}}) {
    ASSERT_TRUE(client.send_bytewise(request));
    const auto answer = client.answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, seen);
  }
}

// Goal: a client that waits for leave to send its body gets it; what cannot be promised is refused.
TEST(HttpFraming, continues_when_it_is_expected_to) {
  HttpFixture http;
  LoopbackClient client = http.connect();
  for (const std::string expect : {"100-continue", "100-Continue"}) {
    ASSERT_TRUE(client.send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: " + expect + "\r\nContent-Length: 4\r\n\r\n"));
    const auto leave = client.answer();
    ASSERT_TRUE(leave);
    EXPECT_EQ(leave->status, 100);
    ASSERT_TRUE(client.send("body"));
    EXPECT_EQ(client.answer()->body, "POST /echo?|body");
  }
  ASSERT_TRUE(client.send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n"));
  EXPECT_EQ(client.answer()->status, 413) << "no leave for what is too large";
  LoopbackClient other = http.connect();
  ASSERT_TRUE(other.send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\nContent-Length: 4\r\n\r\n"));
  EXPECT_EQ(other.answer()->status, 417);
}

// Goal: what is not HTTP/1.1, or leaves in doubt where the request ends, is answered 400, and nothing that follows on the
// connection is taken for a request: that is how requests are smuggled.
TEST(HttpFraming, refuses_what_is_malformed_or_doubtful) {
  const std::string post = "POST /echo HTTP/1.1\r\nHost: a\r\n";
  const std::vector<std::string> requests = {
      // lines
      "nonsense\r\n\r\n",
      "GET /echo\r\n\r\n",
      "GET  /echo HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /echo HTTP/2.0\r\nHost: a\r\n\r\n",
      "GET /echo HTTP/1.2\r\nHost: a\r\n\r\n",
      "GET /echo http/1.1\r\nHost: a\r\n\r\n",
      "GET /e cho HTTP/1.1\r\nHost: a\r\n\r\n",
      "G\x01T /echo HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /echo HTTP/1.1\nHost: a\n\n",
      "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a client of TLS\r\n\r\n",
      // headers
      "GET /echo HTTP/1.1\r\nHost : a\r\n\r\n",
      "GET /echo HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
      "GET /echo HTTP/1.1\r\nHost: a\r\nBad\x01Name: b\r\n\r\n",
      "GET /echo HTTP/1.1\r\nHost: a\r\nName: b\rc\r\n\r\n",
      "GET /echo HTTP/1.1\r\nHost: a\r\nName: b\nOther: c\r\n\r\n",
      "GET /echo HTTP/1.1\r\n\r\n",
      "GET /echo HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
      // lengths
      post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
      post + "Content-Length: 5, 6\r\n\r\nhello!",
      post + "Content-Length: -1\r\n\r\n",
      post + "Content-Length: +5\r\n\r\nhello",
      post + "Content-Length: 0x5\r\n\r\nhello",
      post + "Content-Length: 5 5\r\n\r\nhello",
      post + "Content-Length: 18446744073709551621\r\n\r\nhello",
      post + "Content-Length: \r\n\r\nhello",
      // codings
      post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
      post + "Transfer-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
      post + "Transfer-Encoding: gzip\r\n\r\nhello",
      post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
      post + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
      post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
      post + "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
      post + "Transfer-Encoding:\x0b chunked\r\n\r\n0\r\n\r\n",
      post + "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n",
      "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      // chunks
      post + "Transfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n0\r\n\r\n",
      post + "Transfer-Encoding: chunked\r\n\r\n0x1\r\nx\r\n0\r\n\r\n",
      post + "Transfer-Encoding: chunked\r\n\r\n1 \r\nx\r\n0\r\n\r\n",
      post + "Transfer-Encoding: chunked\r\n\r\n1\nx\n0\n\n",
      post + "Transfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n",
      post + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\n0\r\n\r\n",
      post + "Transfer-Encoding: chunked\r\n\r\n0\r\n\n",
      post + "Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n",
      post + "Transfer-Encoding: chunked\r\n\r\n\r\n",
      post + "Transfer-Encoding: chunked\r\n\r\n;x\r\n",
      post + "Transfer-Encoding: chunked\r\n\r\n1;\nx\r\n0\r\n\r\n",
      post + "Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\nC: d\r\n\r\n",
  };
  HttpFixture http;
  for (const std::string& request : requests) {
    LoopbackClient client = http.connect();
    ASSERT_TRUE(client.send(request + "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"));
    const auto answer = client.answer();
    ASSERT_TRUE(answer) << request;
    EXPECT_EQ(answer->status, 400) << request;
    EXPECT_EQ(answer->header("connection"), "close");
    EXPECT_TRUE(answer->body.starts_with(R"({"error":{"code":"invalid","message":")")) << answer->body;
    EXPECT_EQ(client.rest(), "") << request;
  }
  EXPECT_EQ(http.handled(), 0U);
  EXPECT_EQ(http.server().counters().bad_requests, requests.size());
}

// Goal: a length said twice the same way is no doubt (RFC 9110, section 8.6); trailers never become headers.
TEST(HttpFraming, takes_what_only_looks_odd) {
  HttpFixture http;
  LoopbackClient client = http.connect();
  ASSERT_TRUE(client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello"));
  EXPECT_EQ(client.answer()->body, "POST /echo?|hello");
  ASSERT_TRUE(
      client.send("POST /echo HTTP/1.1\r\nHost: a\r\ntransfer-encoding: CHUNKED\r\n\r\n1\r\nx\r\n000\r\n"
                  "Content-Encoding: gzip\r\nContent-Length: 7\r\n\r\n"));
  EXPECT_EQ(client.answer()->body, "POST /echo?|x");
  EXPECT_EQ(http.last().header("content-encoding"), "");
  ASSERT_TRUE(client.send("DELETE * HTTP/1.1\r\nHost: a\r\nEmpty:\r\n\r\n"));
  EXPECT_EQ(client.answer()->body, "DELETE *?|");
}

// Goal: whatever the pieces, the decoder gives the same bytes and ends at the same place.
TEST(ChunkDecoder, is_the_same_for_every_split) {
  const std::string coded = "3;a=b\r\nabc\r\n00a\r\n0123456789\r\n0\r\nT: v\r\n\r\n";
  const std::string after = "GET /";
  for (std::size_t at = 0; at <= coded.size(); ++at) {
    ChunkDecoder decoder(100);
    std::string body;
    ASSERT_EQ(*decoder.read(std::string_view(coded).substr(0, at), body), at);
    EXPECT_EQ(decoder.done(), at == coded.size());
    const auto used = decoder.read(coded.substr(at) + after, body);
    ASSERT_TRUE(used);
    EXPECT_EQ(*used, coded.size() - at) << "what follows is not the body's";
    EXPECT_TRUE(decoder.done());
    EXPECT_EQ(body, "abc0123456789");
  }
}

TEST(ChunkDecoder, holds_its_limits) {
  std::string body;
  EXPECT_TRUE(ChunkDecoder(10).read("a\r\n0123456789\r\n0\r\n\r\n", body));
  EXPECT_EQ(ChunkDecoder(10).read("b\r\n", body).error().code, Code::kTooLarge);
  EXPECT_EQ(ChunkDecoder(10).read("a\r\n0123456789\r\n1\r\n", body).error().code, Code::kTooLarge);
  EXPECT_EQ(ChunkDecoder(1U << 30).read("ffffffffffffffff0\r\n", body).error().code, Code::kTooLarge);
  EXPECT_EQ(ChunkDecoder(10).read(std::string(5000, '0'), body).error().code, Code::kInvalid);
  EXPECT_EQ(ChunkDecoder(10).read("1;" + std::string(5000, 'x'), body).error().code, Code::kInvalid);
  std::string trailers = "0\r\n";
  for (int i = 0; i < 1000; ++i) trailers += "T: v\r\n";
  EXPECT_EQ(ChunkDecoder(10).read(trailers, body).error().code, Code::kInvalid);
}

// Goal: query parameters are found and decoded whatever they look like.
TEST(Request, decodes_its_parameters) {
  Request request;
  const auto of = [&](std::string query, std::string_view name) {
    request.query = std::move(query);
    return request.parameter(name);
  };
  EXPECT_EQ(of("", "a"), std::nullopt);
  EXPECT_EQ(of("a", "a"), "");
  EXPECT_EQ(of("a=", "a"), "");
  EXPECT_EQ(of("a=1&a=2", "a"), "1");
  EXPECT_EQ(of("&&b=2&", "b"), "2");
  EXPECT_EQ(of("=x", ""), "x");
  EXPECT_EQ(of("a=b=c", "a"), "b=c");
  EXPECT_EQ(of("ab=1", "a"), std::nullopt);
  EXPECT_EQ(of("A=1", "a"), std::nullopt);
  EXPECT_EQ(of("%61=%41%7a", "a"), "Az");
  EXPECT_EQ(of("a=x+y%2Bz%20", "a"), "x y+z ");
  EXPECT_EQ(of("a=%", "a"), "%");
  EXPECT_EQ(of("a=%4", "a"), "%4");
  EXPECT_EQ(of("a=%zz%4", "a"), "%zz%4");
  EXPECT_EQ(of("a=%00b", "a"), std::string("\0b", 2));
  EXPECT_EQ(of("a=%ff", "a"), "\xff");
  EXPECT_EQ(of("a=%26b=2", "b"), std::nullopt);
  request.headers = {{"Content-Type", "text/plain"}, {"X", "1"}, {"x", "2"}};
  EXPECT_EQ(request.header("content-TYPE"), "text/plain");
  EXPECT_EQ(request.header("x"), "1");
  EXPECT_EQ(request.header("absent"), "");
}

}  // namespace
}  // namespace stele::net
