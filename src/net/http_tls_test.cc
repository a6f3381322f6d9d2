// HTTP over TLS, asked by OpenSSL's client and by curl.
#include <gtest/gtest.h>

#include <filesystem>

#include "net/http_client.h"
#include "net/tls_identity.h"
#include "support/certificates.h"
#include "support/http_fixture.h"
#include "support/temp_folder.h"
#include "support/tls_client.h"

namespace stele::net {
namespace {

using testing::HttpFixture;
using testing::Identity;
using testing::LoopbackClient;
using testing::soon;
using testing::TlsClient;

class HttpTls : public ::testing::Test {
 protected:
  void SetUp() override {
    server_identity.write(folder + "server");
    authority.write(folder + "authority");
  }
  std::shared_ptr<TlsIdentity> identity(bool ask_client = false) {
    return std::move(
        *TlsIdentity::read({folder + "server.pem", folder + "server.key", ask_client ? folder + "authority.pem" : ""}));
  }
  std::string listen(bool ask_client = false) { return *http.server().listen("127.0.0.1:0", identity(ask_client)); }
  // By name, as the certificate has it.
  static std::string url_of(const std::string& address) { return "https://localhost" + address.substr(address.rfind(':')); }

  testing::TempFolder temporary;
  const std::string folder = temporary.path("");
  Identity authority{"authority"};
  Identity server_identity{"localhost"};
  HttpFixture http;
};

constexpr std::string_view kGetX = "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n";

// Goal: all that goes over plain HTTP goes over TLS: long bodies both ways, one connection for many requests, answers that
// stream.
TEST_F(HttpTls, CarriesRequestsAndAnswers) {
  HttpClient client(url_of(listen()));
  client.set_trust({folder + "server.pem", ""});
  for (int i = 0; i < 3; ++i) {
    const auto got = client.get("/echo?a=b");
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(got->body, "GET /echo?a=b|");
  }
  const std::string body(5'000'000, 'x');
  const auto posted = client.post("/echo", body, "text/plain");
  ASSERT_TRUE(posted) << posted.error().message;
  EXPECT_EQ(posted->body, "POST /echo?|" + body);
  EXPECT_EQ(client.get("/big")->body.size(), 32U << 20);
  EXPECT_EQ(http.server().counters().connections, 1U);
  http.stream_pieces = 4;
  std::string pieces;
  (void)client.stream("/stream", [&](std::string_view piece) {
    pieces += piece;
    return true;
  });
  EXPECT_EQ(pieces.size(), 40U);
}

// Goal: a client knows which server it talks to: by its certificate or by its key, and by nothing less.
TEST_F(HttpTls, IsBelievedByItsCertificateOrItsKey) {
  const std::string url = url_of(listen());
  const auto answers = [&](const std::string& base, Trust trust) {
    HttpClient client(base);
    client.set_trust(std::move(trust));
    const auto got = client.get("/x");
    return got ? std::to_string(got->status) : got.error().message;
  };
  const std::string pin = identity()->pin();
  const Identity other("localhost");
  other.write(folder + "other");
  const std::string other_pin = (*TlsIdentity::read({folder + "other.pem", folder + "other.key", ""}))->pin();
  const std::string by_address = "https://127.0.0.1" + url.substr(url.rfind(':'));
  EXPECT_EQ(answers(url, {folder + "server.pem", ""}), "200");
  EXPECT_EQ(answers(url, {"", pin}), "200");
  EXPECT_EQ(answers(by_address, {"", pin}), "200") << "who has the key is believed under any name";
  EXPECT_EQ(answers(url, {folder + "server.pem", pin}), "200");
  EXPECT_EQ(http.handled(), 4U);
  for (const auto& [base, trust] : {std::pair{url, Trust{}},
                                    {url, {folder + "other.pem", ""}},
                                    {url, {"", other_pin}},
                                    {by_address, {folder + "server.pem", ""}},
                                    {by_address, {folder + "server.pem", pin}},
                                    {url, {folder + "server.pem", other_pin}},
                                    {url, {folder + "other.pem", pin}}})
    EXPECT_NE(answers(base, trust).find("no answer"), std::string::npos) << base << " " << trust.ca_file << " " << trust.pin;
  EXPECT_EQ(http.handled(), 4U) << "nothing was sent to who is not believed";
}

TEST_F(HttpTls, TakesModernVersionsAndCiphersAlone) {
  const std::string address = listen();
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const TlsClient client(address, version, nullptr);
    ASSERT_TRUE(client.connected);
    ASSERT_TRUE(client.send(kGetX));
    EXPECT_NE(client.read("|").find("GET /x?|"), std::string::npos);
    const std::string cipher = SSL_get_cipher_name(client.ssl.get());
    EXPECT_TRUE(cipher.starts_with("ECDHE-") || cipher.starts_with("TLS_")) << cipher;
    EXPECT_TRUE(cipher.find("GCM") != std::string::npos || cipher.find("POLY1305") != std::string::npos) << cipher;
  }
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION})
    EXPECT_FALSE(TlsClient(address, version, nullptr).connected) << version;
  EXPECT_TRUE(soon([&] { return http.server().counters().bad_requests == 2; }));
}

// Goal: who speaks plain HTTP to it is told so; who says nothing or garbage is closed, and others are served meanwhile.
TEST_F(HttpTls, TellsWhoSpeaksPlainly) {
  const std::string address = listen();
  LoopbackClient plain(address);
  ASSERT_TRUE(plain.send(kGetX));
  const auto told = plain.answer();
  ASSERT_TRUE(told);
  EXPECT_EQ(told->status, 400);
  EXPECT_NE(told->body.find("https"), std::string::npos);
  LoopbackClient garbage(address);
  ASSERT_TRUE(garbage.send(std::string(1'000, '\x80')));
  EXPECT_TRUE(garbage.closed_within(5'000));
  const LoopbackClient silent(address);
  const TlsClient served(address, TLS1_3_VERSION, nullptr);
  ASSERT_TRUE(served.send(kGetX));
  EXPECT_NE(served.read("|").find("200"), std::string::npos);
  EXPECT_TRUE(silent.closed_within(15'000));
  EXPECT_EQ(http.handled(), 1U);
  // After the handshake, the limits of HTTP hold as they do without TLS.
  const TlsClient long_head(address, TLS1_3_VERSION, nullptr);
  ASSERT_TRUE(long_head.send("GET /" + std::string(30'000, 'x') + " HTTP/1.1\r\n"));
  EXPECT_NE(long_head.read("}}").find("431"), std::string::npos);
}

// Goal: with an authority a client that has a certificate of it is named; one without is let in and not named; a forged one is
// not let in.
TEST_F(HttpTls, NamesWhoShowsACertificate) {
  const std::string address = listen(true);
  const Identity ours("billing-1", &authority);
  const Identity other_authority("authority");
  const Identity forged("forged", &other_authority);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const auto& [identity, name] : {std::pair<const Identity*, std::string>{&ours, "billing-1"}, {nullptr, ""}}) {
      const TlsClient client(address, version, identity);
      ASSERT_TRUE(client.send(kGetX));
      ASSERT_NE(client.read("|").find("200"), std::string::npos);
      EXPECT_EQ(http.last().peer.certificate, name);
    }
    const auto handled = http.handled();
    const TlsClient client(address, version, &forged);
    if (client.connected) (void)client.send(kGetX);
    EXPECT_EQ(client.read("|"), "");
    EXPECT_EQ(http.handled(), handled);
  }
}

// Goal: files that change are shown to new connections, and open ones go on; files that do not fit together change nothing.
TEST_F(HttpTls, ShowsWhatItsFilesBecome) {
  const auto shown = identity();
  const std::string url = url_of(*http.server().listen("127.0.0.1:0", shown));
  const std::string first = shown->fingerprint();
  HttpClient open(url);
  open.set_trust({folder + "server.pem", ""});
  ASSERT_TRUE(open.get("/x"));
  ASSERT_FALSE(*shown->refresh());

  const Identity second("localhost");
  second.write(folder + "second");
  std::filesystem::rename(folder + "second.pem", folder + "server.pem");
  const auto half = shown->refresh();
  ASSERT_FALSE(half) << "a certificate and another's key";
  EXPECT_NE(half.error().message.find(folder + "server.key"), std::string::npos);
  EXPECT_FALSE(*shown->refresh()) << "said once";
  EXPECT_EQ(shown->fingerprint(), first);
  EXPECT_TRUE(open.get("/x"));

  std::filesystem::rename(folder + "second.key", folder + "server.key");
  EXPECT_TRUE(*shown->refresh());
  EXPECT_NE(shown->fingerprint(), first);
  EXPECT_TRUE(open.get("/x")) << "its connection is from before";
  HttpClient fresh(url);
  fresh.set_trust({folder + "server.pem", ""});
  EXPECT_TRUE(fresh.get("/x"));
}

// Goal: an answer to a request that was not read whole arrives all the same, and a stop ends what is idle.
TEST_F(HttpTls, LingersAndDrains) {
  const std::string address = listen();
  const TlsClient large(address, TLS1_3_VERSION, nullptr);
  ASSERT_TRUE(large.send("POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n"));
  for (int i = 0; i < 20; ++i) (void)large.send(std::string(10'000, 'x'));
  EXPECT_NE(large.read("}}").find("413"), std::string::npos);
  const TlsClient idle(address, TLS1_2_VERSION, nullptr);
  ASSERT_TRUE(idle.send(kGetX));
  ASSERT_NE(idle.read("|").find("200"), std::string::npos);
  http.server().drain(5'000);
  EXPECT_TRUE(idle.client.closed_within(10'000));
}

}  // namespace
}  // namespace stele::net
