// TCP, TLS and UDP for protocols that only listen: what arrives, when the next may come, and who gets in.
#include "net/stream_server.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <fstream>
#include <map>
#include <mutex>

#include "support/certificates.h"
#include "support/http_fixture.h"
#include "support/temp_folder.h"
#include "support/tls_client.h"

namespace stele::net {
namespace {

using testing::DatagramSender;
using testing::Identity;
using testing::LoopbackClient;
using testing::soon;
using testing::TlsClient;

// What all sinks saw. While `held`, nothing is resumed.
struct Seen {
  std::mutex mutex;
  std::map<std::string, std::string> bytes;  // by peer
  std::map<std::string, int> calls;
  std::vector<std::string> datagrams;
  int datagram_calls = 0;
  int ended = 0;
  int destroyed = 0;
  bool held = false;
  std::vector<std::function<void()>> resumes;

  void resume_or_hold(std::function<void()> resume) {
    if (held)
      resumes.push_back(std::move(resume));
    else
      resume();
  }
  void hold() {
    const std::lock_guard lock(mutex);
    held = true;
  }
  void release() {
    std::vector<std::function<void()>> all;
    {
      const std::lock_guard lock(mutex);
      held = false;
      all.swap(resumes);
    }
    for (const auto& resume : all) resume();
  }
  template <typename F>
  auto with(F f) {
    const std::lock_guard lock(mutex);
    return f(*this);
  }
  std::string all() {
    return with([](Seen& s) {
      std::string out;
      for (const auto& [peer, text] : s.bytes) out += text;
      return out;
    });
  }
};

class Sink final : public StreamSink {
 public:
  Sink(Seen& seen, std::string peer) : seen_(seen), peer_(std::move(peer)) {}
  ~Sink() override {
    seen_.with([](Seen& s) { return ++s.destroyed; });
  }
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  void on_bytes(std::string_view bytes, Resume resume) override {
    seen_.with([&](Seen& s) {
      s.bytes[peer_] += bytes;
      ++s.calls[peer_];
      s.resume_or_hold([resume = std::move(resume)] { resume({}); });
    });
  }
  void on_end(std::function<void()> resume) override {
    seen_.with([&](Seen& s) {
      ++s.ended;
      s.resume_or_hold(std::move(resume));
    });
  }

 private:
  Seen& seen_;
  std::string peer_;
};

class StreamServerTest : public ::testing::Test {
 protected:
  explicit StreamServerTest(std::uint32_t connections_max = 100) : server(runtime, connections_max) {}
  ~StreamServerTest() override {
    seen.with([](Seen& s) { s.resumes.clear(); });  // a callback is gone before the runtime is
  }

  SinkFactory factory() {
    return [this](const Peer& peer) { return std::make_unique<Sink>(seen, peer.address); };
  }
  DatagramHandler datagrams() {
    return [this](std::span<const Datagram> all, std::function<void()> resume) {
      seen.with([&](Seen& s) {
        for (const Datagram& one : all) s.datagrams.emplace_back(one.bytes);
        ++s.datagram_calls;
        s.resume_or_hold(std::move(resume));
      });
    };
  }

  Seen seen;
  Runtime runtime{2};
  StreamServer server;
};

// Goal: what a client sends arrives whole, in order, and its end is noticed.
TEST_F(StreamServerTest, hands_on_what_tcp_clients_send) {
  const auto address = server.listen_tcp("127.0.0.1:0", factory());
  ASSERT_TRUE(address);
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "line " + std::to_string(i) + "\n";
  {
    LoopbackClient one(*address);
    LoopbackClient two(*address);
    ASSERT_TRUE(one.send(text));
    ASSERT_TRUE(two.send("two"));
    ASSERT_TRUE(soon([&] { return seen.all().size() == text.size() + 3; }));
    EXPECT_EQ(server.counters().connections, 2U);
  }
  EXPECT_TRUE(soon([&] { return seen.with([](Seen& s) { return s.ended == 2 && s.destroyed == 2; }); }));
  EXPECT_TRUE(soon([&] { return server.counters().connections == 0; }));
  EXPECT_EQ(server.counters().bytes, text.size() + 3);
  EXPECT_TRUE(seen.with([&](Seen& s) { return s.bytes.begin()->second == text || s.bytes.rbegin()->second == text; }));
}

// Goal: nothing further is read before the sink resumes; the peer feels it; nothing is lost.
TEST_F(StreamServerTest, reads_nothing_before_the_sink_resumes) {
  const auto address = server.listen_tcp("127.0.0.1:0", factory());
  ASSERT_TRUE(address);
  seen.hold();
  LoopbackClient client(*address);
  const std::string much(64U << 20, 'x');
  std::size_t sent = client.send_some(much);
  ASSERT_TRUE(soon([&] { return !seen.all().empty(); }));
  ::usleep(100'000);
  sent += client.send_some(std::string_view(much).substr(sent));
  EXPECT_LT(sent, much.size()) << "the peer's buffers are full";
  EXPECT_EQ(seen.with([](Seen& s) { return s.calls.begin()->second; }), 1);
  EXPECT_LE(seen.all().size(), 256U << 10);
  seen.release();
  ASSERT_TRUE(client.send(std::string_view(much).substr(sent)));
  EXPECT_TRUE(soon([&] { return seen.all().size() == much.size(); }));
}

// Goal: the same holds for datagrams, as far as the kernel's buffer goes.
TEST_F(StreamServerTest, takes_datagrams_one_handful_after_another) {
  const auto address = server.listen_udp("127.0.0.1:0", datagrams());
  ASSERT_TRUE(address);
  seen.hold();
  const DatagramSender sender(*address);
  const auto send = [&](std::string_view text) { return sender.send(text); };
  ASSERT_TRUE(send("first"));
  ASSERT_TRUE(soon([&] { return seen.with([](Seen& s) { return s.datagram_calls == 1; }); }));
  ASSERT_TRUE(send(""));
  ASSERT_TRUE(send(std::string(65'507, 'x')));
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(send(std::to_string(i)));
  ::usleep(50'000);
  EXPECT_EQ(seen.with([](Seen& s) { return s.datagram_calls; }), 1);
  seen.release();
  ASSERT_TRUE(soon([&] { return seen.with([](Seen& s) { return s.datagrams.size() == 23; }); }));
  const auto got = seen.with([](Seen& s) { return s.datagrams; });
  EXPECT_EQ(got[1], "");
  EXPECT_EQ(got[2].size(), 65'507U);
  EXPECT_EQ(got[22], "19");
}

// Goal: the limit of connections holds, is counted, and gives room back. Who has said nothing makes room for one more; who has
// sent events does not, for what he sends just then would be lost.
class FewConnections : public StreamServerTest {
 protected:
  FewConnections() : StreamServerTest(2) {}
};
TEST_F(FewConnections, silent_ones_make_room_and_others_do_not) {
  const auto address = server.listen_tcp("127.0.0.1:0", factory());
  ASSERT_TRUE(address);
  {
    LoopbackClient first(*address);
    ASSERT_TRUE(first.send("1"));
    ASSERT_TRUE(soon([&] { return seen.all() == "1"; }));
    std::vector<LoopbackClient> silent;
    for (int i = 0; i < 20; ++i) silent.emplace_back(*address);
    for (int i = 0; i < 19; ++i) EXPECT_TRUE(silent.at(static_cast<std::size_t>(i)).closed_within(10'000)) << i;
    LoopbackClient second(*address);
    ASSERT_TRUE(second.send("2"));
    ASSERT_TRUE(soon([&] { return seen.all().size() == 2; }));
    EXPECT_EQ(server.counters().gave_way, 20U);
    LoopbackClient third(*address);
    EXPECT_TRUE(third.closed_within(10'000));
    EXPECT_EQ(server.counters().refused, 1U);
    ASSERT_TRUE(first.send("3"));
    ASSERT_TRUE(soon([&] { return seen.all().size() == 3; }));
  }
  ASSERT_TRUE(soon([&] { return server.counters().connections == 0; }));
  LoopbackClient fourth(*address);
  ASSERT_TRUE(fourth.send("4"));
  EXPECT_TRUE(soon([&] { return seen.all().size() == 4; }));
}

// Goal: a stop waits for what sinks still hold, and takes nothing new.
TEST_F(StreamServerTest, drain_waits_for_its_sinks) {
  const auto address = server.listen_tcp("127.0.0.1:0", factory());
  ASSERT_TRUE(address);
  seen.hold();
  LoopbackClient client(*address);
  ASSERT_TRUE(client.send("held"));
  ASSERT_TRUE(soon([&] { return seen.all() == "held"; }));
  server.drain(50);
  EXPECT_EQ(seen.with([](Seen& s) { return s.ended; }), 0);
  EXPECT_TRUE(soon([&] { return !LoopbackClient(*address).connected(); }));
  std::thread later([&] {
    ::usleep(50'000);
    seen.release();
  });
  server.drain(10'000);
  later.join();
  EXPECT_EQ(seen.with([](Seen& s) { return s.ended; }), 1);
  EXPECT_TRUE(client.closed_within(10'000));
}

// Goal: a sink hears of every end, also of a peer that vanished while the sink was busy, and is not called again after it.
TEST_F(StreamServerTest, tells_the_sink_of_every_end) {
  const auto address = server.listen_tcp("127.0.0.1:0", factory());
  ASSERT_TRUE(address);
  seen.hold();
  {
    LoopbackClient gone(*address);
    ASSERT_TRUE(gone.send("before the reset"));
    ASSERT_TRUE(soon([&] { return seen.all() == "before the reset"; }));
    const linger hang_up{1, 0};
    ASSERT_EQ(::setsockopt(gone.fd(), SOL_SOCKET, SO_LINGER, &hang_up, sizeof hang_up), 0);
  }
  LoopbackClient half(*address);
  half.end_sending();
  ASSERT_TRUE(soon([&] { return seen.with([](Seen& s) { return s.ended == 1; }); })) << "the one that said nothing";
  seen.release();
  EXPECT_TRUE(soon([&] { return seen.with([](Seen& s) { return s.ended == 2 && s.destroyed == 2; }); }));
  EXPECT_TRUE(half.closed_within(10'000));
  EXPECT_TRUE(soon([&] { return server.counters().connections == 0; }));
}

// Goal: addresses of IPv6 are spoken, and peers are named as one writes them.
TEST_F(StreamServerTest, speaks_ipv6) {
  const auto tcp = server.listen_tcp("[::1]:0", factory());
  if (!tcp) GTEST_SKIP() << "this machine has no IPv6: " << tcp.error().message;
  EXPECT_TRUE(tcp->starts_with("[::1]:")) << *tcp;
  LoopbackClient client(*tcp);
  ASSERT_TRUE(client.send("six"));
  ASSERT_TRUE(soon([&] { return seen.all() == "six"; }));
  EXPECT_TRUE(seen.with([](Seen& s) { return s.bytes.begin()->first; }).starts_with("[::1]:"));
  const auto udp = server.listen_udp(*tcp, datagrams());
  ASSERT_TRUE(udp);
  EXPECT_EQ(*udp, *tcp);
}

// Goal: a stop waits for datagrams that were handed on, and takes no further ones.
TEST_F(StreamServerTest, drain_waits_for_its_datagrams) {
  const auto address = server.listen_udp("127.0.0.1:0", datagrams());
  ASSERT_TRUE(address);
  seen.hold();
  const DatagramSender sender(*address);
  const auto send = [&](std::string_view text) { return sender.send(text); };
  ASSERT_TRUE(send("held"));
  ASSERT_TRUE(soon([&] { return seen.with([](Seen& s) { return s.datagram_calls == 1; }); }));
  const auto began = std::chrono::steady_clock::now();
  server.drain(60);
  EXPECT_GE(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(60));
  (void)send("late");
  std::thread later([&] {
    ::usleep(50'000);
    seen.release();
  });
  server.drain(10'000);
  later.join();
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5))
      << "it waited for what was held, not for its limit";
  EXPECT_EQ(seen.with([](Seen& s) { return s.datagrams.size(); }), 1U);
}

// Goal: a runtime that stops while a sink waits on a timer of another loop leaves nothing behind (the sanitizers look).
TEST(StreamServer, stops_while_sinks_wait) {
  struct Waiting final : StreamSink {
    explicit Waiting(Runtime& r, std::atomic<int>& w) : runtime(r), waiting(w) {}
    void on_bytes(std::string_view, Resume resume) override {
      runtime.after(60'000, [resume = std::move(resume)] { resume({}); });
      ++waiting;
    }
    void on_end(std::function<void()> resume) override { resume(); }
    Runtime& runtime;
    std::atomic<int>& waiting;
  };
  std::atomic<int> waiting{0};
  Runtime runtime(3);
  StreamServer server(runtime, 10);
  const auto address = server.listen_tcp("127.0.0.1:0", [&](const Peer&) { return std::make_unique<Waiting>(runtime, waiting); });
  ASSERT_TRUE(address);
  std::vector<LoopbackClient> clients;
  for (int i = 0; i < 5; ++i) {
    clients.emplace_back(*address);
    ASSERT_TRUE(clients.back().send("x"));
  }
  ASSERT_TRUE(soon([&] { return waiting == 5; }));
}

// Goal: what a sink answers goes back before more is read, and the connection ends where it says so.
TEST(StreamServer, answers_and_closes) {
  struct Echo final : StreamSink {
    void on_bytes(std::string_view bytes, Resume resume) override {
      resume({"<" + std::string(bytes) + ">", bytes.ends_with('!')});
    }
    void on_end(std::function<void()> resume) override { resume(); }
  };
  Runtime runtime(1);
  StreamServer server(runtime, 10);
  const auto address = server.listen_tcp("127.0.0.1:0", [](const Peer&) { return std::make_unique<Echo>(); });
  ASSERT_TRUE(address);
  LoopbackClient client(*address);
  ASSERT_TRUE(client.send("one"));
  EXPECT_EQ(client.read(5), "<one>");
  ASSERT_TRUE(client.send("two!"));
  EXPECT_EQ(client.rest(), "<two!>");
  EXPECT_TRUE(soon([&] { return server.counters().connections == 0; }));
}

class Tls : public StreamServerTest {
 protected:
  void SetUp() override {
    server_identity.write(folder + "server");
    authority.write(folder + "authority");
  }
  TlsFiles files(bool ask_client = false) {
    return {folder + "server.pem", folder + "server.key", ask_client ? folder + "authority.pem" : ""};
  }
  std::shared_ptr<TlsIdentity> identity(bool ask_client = false) { return std::move(*TlsIdentity::read(files(ask_client))); }

  testing::TempFolder temporary;
  const std::string folder = temporary.path("");
  Identity authority{"authority"};
  Identity server_identity{"localhost"};
};

// Goal: TLS 1.2 and 1.3 carry bytes with the same back-pressure; what is older does not get in.
TEST_F(Tls, takes_tls_1_2_and_later_and_nothing_older) {
  const auto address = server.listen_tls("127.0.0.1:0", identity(), factory());
  ASSERT_TRUE(address);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient session(*address, version, nullptr);
    ASSERT_TRUE(session.connected) << version;
    EXPECT_EQ(SSL_version(session.ssl.get()), version);
    ASSERT_TRUE(session.send("hello over TLS"));
  }
  EXPECT_TRUE(soon([&] { return seen.all().size() == 28; }));
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
    TlsClient session(*address, version, nullptr);
    EXPECT_FALSE(session.connected) << version;
    EXPECT_EQ(ERR_GET_REASON(session.error), SSL_R_TLSV1_ALERT_PROTOCOL_VERSION) << "the server said no, not the client";
  }
  LoopbackClient plain(*address);
  ASSERT_TRUE(plain.send("<13>plain text where TLS is spoken\n"));
  EXPECT_TRUE(plain.closed_within(5000));
  EXPECT_TRUE(soon([&] { return server.counters().bad_handshakes == 3; }));
  EXPECT_EQ(seen.all().size(), 28U);
}

TEST_F(Tls, reads_nothing_before_the_sink_resumes) {
  const auto address = server.listen_tls("127.0.0.1:0", identity(), factory());
  ASSERT_TRUE(address);
  seen.hold();
  TlsClient session(*address, TLS1_3_VERSION, nullptr);
  ASSERT_TRUE(session.connected);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(session.send(std::string(10'000, 'x')));
  ASSERT_TRUE(soon([&] { return !seen.all().empty(); }));
  ::usleep(50'000);
  EXPECT_EQ(seen.with([](Seen& s) { return s.calls.begin()->second; }), 1);
  seen.release();
  EXPECT_TRUE(soon([&] { return seen.all().size() == 200'000; }));
}

// Goal: who connects and never says hello is closed after ten seconds, and its place is free again.
TEST_F(Tls, closes_who_does_not_shake_hands) {
  const auto address = server.listen_tls("127.0.0.1:0", identity(), factory());
  ASSERT_TRUE(address);
  LoopbackClient silent(*address);
  LoopbackClient half(*address);
  ASSERT_TRUE(half.send(std::string_view("\x16\x03\x01\x02\x00\x01", 6)));
  TlsClient session(*address, TLS1_3_VERSION, nullptr);
  ASSERT_TRUE(session.connected) << "others get in meanwhile";
  EXPECT_TRUE(silent.closed_within(15'000));
  EXPECT_TRUE(half.closed_within(5'000));
  EXPECT_TRUE(soon([&] { return server.counters().bad_handshakes == 2 && server.counters().connections == 1; }));
  ASSERT_TRUE(session.send("still here"));
  EXPECT_TRUE(soon([&] { return seen.all() == "still here"; }));
}

// Goal: a session that ends without a good-bye has ended all the same, with what came before; a stop ends sessions.
TEST_F(Tls, ends_sessions_that_break_off_and_those_that_are_open_at_a_stop) {
  const auto address = server.listen_tls("127.0.0.1:0", identity(), factory());
  ASSERT_TRUE(address);
  {
    TlsClient broken(*address, TLS1_2_VERSION, nullptr);
    ASSERT_TRUE(broken.send("before"));
    ASSERT_TRUE(soon([&] { return seen.all() == "before"; }));
  }
  ASSERT_TRUE(soon([&] { return seen.with([](Seen& s) { return s.ended == 1 && s.destroyed == 1; }); }));
  TlsClient garbled(*address, TLS1_3_VERSION, nullptr);
  ASSERT_TRUE(garbled.connected);
  ASSERT_TRUE(garbled.client.send(std::string_view("\x17\x03\x03\x00\x05xxxxx", 10)));
  EXPECT_TRUE(garbled.client.closed_within(5000)) << "a record that does not decrypt";
  TlsClient open(*address, TLS1_3_VERSION, nullptr);
  ASSERT_TRUE(open.send("after"));
  ASSERT_TRUE(soon([&] { return seen.all().size() == 11; }));
  server.drain(5000);
  EXPECT_TRUE(open.client.closed_within(10'000));
  EXPECT_EQ(seen.with([](Seen& s) { return s.destroyed; }), 3);
}

// Goal: with a client authority only clients that it signed are heard.
TEST_F(Tls, asks_clients_for_a_certificate_of_the_authority) {
  const auto address = server.listen_tls("127.0.0.1:0", identity(true), factory());
  ASSERT_TRUE(address);
  const Identity ours("ours", &authority);
  const Identity other_authority("authority");  // the same name, another key
  const Identity forged("forged", &other_authority);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient good(*address, version, &ours);
    ASSERT_TRUE(good.connected);
    ASSERT_TRUE(good.send("ours."));
    for (const Identity* identity : std::initializer_list<const Identity*>{nullptr, &forged, &other_authority}) {
      TlsClient bad(*address, version, identity);
      if (bad.connected) (void)bad.send("not ours.");  // in TLS 1.3 a client is told only later
      EXPECT_TRUE(bad.client.closed_within(5000));
    }
  }
  EXPECT_TRUE(soon([&] { return server.counters().bad_handshakes == 6; }));
  EXPECT_TRUE(soon([&] { return seen.all() == "ours.ours."; }));
}

// Goal: files that cannot be used are named, and why.
TEST_F(Tls, names_the_file_that_cannot_be_used) {
  std::ofstream(folder + "text") << "no certificate";
  Identity("other").write(folder + "other");
  const auto error_of = [&](const TlsFiles& wrong) {
    const auto result = TlsIdentity::read(wrong);
    EXPECT_FALSE(result);
    return result ? std::string() : result.error().message;
  };
  const TlsFiles good = files();
  using ::testing::PrintToString;
  EXPECT_NE(error_of({folder + "absent.pem", good.key, ""}).find("TLS certificate " + folder + "absent.pem"), std::string::npos);
  EXPECT_NE(error_of({folder + "text", good.key, ""}).find("TLS certificate " + folder + "text"), std::string::npos);
  EXPECT_NE(error_of({good.certificate, folder + "text", ""}).find("TLS key " + folder + "text"), std::string::npos);
  EXPECT_NE(error_of({good.certificate, folder + "other.key", ""}).find("mismatch"), std::string::npos);
  EXPECT_NE(error_of({good.certificate, good.key, folder + "text"}).find("authority " + folder + "text"), std::string::npos);
  EXPECT_NE(server.listen_tls("nowhere", identity(), factory()).error().message.find("nowhere"), std::string::npos);
}

// Goal: addresses that are taken are errors that name them.
TEST_F(StreamServerTest, names_the_address_it_cannot_listen_on) {
  const auto tcp = server.listen_tcp("127.0.0.1:0", factory());
  ASSERT_TRUE(tcp);
  EXPECT_NE(server.listen_tcp(*tcp, factory()).error().message.find(*tcp), std::string::npos);
  const auto udp = server.listen_udp(*tcp, datagrams());
  ASSERT_TRUE(udp) << "UDP's ports are its own";
  EXPECT_NE(server.listen_udp(*udp, datagrams()).error().message.find(*udp), std::string::npos);
}

}  // namespace
}  // namespace stele::net
