// Grants are the log's entries: what is made and revoked is there again after any end, with or without the file of places.
#include "audit/grant_book.h"

#include <gtest/gtest.h>

#include <future>

#include "base/clock.h"
#include "crypto/sha256.h"
#include "event/entry.h"
#include "support/real_log.h"

namespace stele::audit {
namespace {

using testing::RealLog;

const Doer kAda{"local:0", "ada", "203.0.113.9"};

class GrantBookTest : public ::testing::Test {
 protected:
  void SetUp() override { open(); }

  void open() {
    auto book = GrantBook::open(io::posix(), log_.path("grants.json"), *log_, system_clock(), crypto::system_random());
    ASSERT_TRUE(book.ok()) << book.error().message;
    book_ = std::move(*book);
  }
  // As after a stop in order, or a kill, which leaves the file as it was.
  void open_again(bool in_order = true) {
    if (in_order) book_->close();
    book_.reset();
    log_.open();
    open();
  }

  Result<GrantBook::Created> create(const GrantBook::Wanted& wanted) {
    std::promise<Result<GrantBook::Created>> promise;
    book_->create(wanted, kAda, [&](Result<GrantBook::Created> created) { promise.set_value(std::move(created)); });
    return promise.get_future().get();
  }
  Result<access::Grant> revoke(const std::string& id) {
    std::promise<Result<access::Grant>> promise;
    book_->revoke(access::Holder::kToken, id, kAda, [&](Result<access::Grant> grant) { promise.set_value(std::move(grant)); });
    return promise.get_future().get();
  }
  void write_others(int count) {
    event::EntryBatch batch(event::Source{"stele", "http", "127.0.0.1:1", ""});
    for (int i = 0; i < count; ++i) {
      const std::string text =
          R"({"time":"2026-11-23T16:20:00Z","actor":{"type":"user","id":"u"},"action":"stele.token.created",)"
          R"("targets":[{"type":"token","id":"0"}]})";
      ASSERT_TRUE(batch.add(text, {}, {}, {}));
    }
    ASSERT_TRUE(log_.write(std::move(batch)));
  }
  std::vector<access::Grant> all() const {
    std::vector<access::Grant> out;
    for (const auto& listed : book_->grants().list(access::Holder::kToken)) out.push_back(listed.grant);
    return out;
  }
  std::string entry(std::uint64_t index) {
    std::string out;
    const auto bundle = log_->store()->read(index, 1);
    EXPECT_TRUE(bundle.ok());
    EXPECT_TRUE(event::for_each_entry(*bundle, [&](std::string_view one) { out = one; }));
    return out;
  }

  RealLog log_;
  std::unique_ptr<GrantBook> book_;
};

// Goal: a grant with every member comes back as it was, from the file's places, from a log that grew behind them, and without a
// file; a token that was shown lets in each time.
TEST_F(GrantBookTest, finds_its_grants_again) {
  const auto first = create({"billing", "writer", "billing-api", {"main", "eu"}, {}, system_clock().now() + 3'600'000'000'000});
  ASSERT_TRUE(first.ok()) << first.error().message;
  write_others(300);
  const auto second = create({"Smith & Co \"SOC 2\"", "auditor", "", {}, {}, std::nullopt});
  ASSERT_TRUE(second.ok());
  ASSERT_TRUE(revoke(first->grant.id).ok());
  const auto before = all();
  ASSERT_EQ(before.size(), 2U);
  for (const int way : {0, 1, 2, 3}) {
    if (way == 2) ASSERT_TRUE(io::posix().remove(log_.path("grants.json")).ok());
    if (way == 3) ASSERT_TRUE(io::write_file(io::posix(), log_.path("grants.json"), "{\"stele_grants\":1}", 0600).ok());
    open_again(way == 0);
    EXPECT_EQ(all(), before) << way;
    EXPECT_TRUE(book_->grants().authenticate(second->token, system_clock().now()).ok());
    EXPECT_FALSE(book_->grants().authenticate(first->token, system_clock().now()).ok()) << "it was revoked";
    write_others(10);
  }
}

// Goal: what is on record says who did what to which token, and never the token.
TEST_F(GrantBookTest, leaves_a_record_without_the_token) {
  const auto made = create({"billing", "writer", "billing-api", {"main"}, {}, std::nullopt});
  ASSERT_TRUE(made.ok());
  ASSERT_TRUE(revoke(made->grant.id).ok());
  const std::string created = entry(0);
  EXPECT_NE(created.find(R"("actor":{"type":"user","id":"local:0","name":"ada"},"action":"stele.token.created")"),
            std::string::npos)
      << created;
  EXPECT_NE(created.find(R"("category":"permission_change")"), std::string::npos);
  EXPECT_NE(created.find(R"("origin":{"ip":"203.0.113.9"})"), std::string::npos);
  EXPECT_NE(created.find(R"("targets":[{"type":"token","id":")" + made->grant.id), std::string::npos);
  EXPECT_NE(created.find(R"("role":"writer","source":"billing-api","logs":"main","digest":")"), std::string::npos) << created;
  EXPECT_NE(entry(1).find(R"("action":"stele.token.revoked")"), std::string::npos);
  EXPECT_EQ(log_->store()->size(), 2U);
  for (const std::uint64_t index : {0U, 1U}) EXPECT_EQ(entry(index).find(made->token.substr(17)), std::string::npos);
}

// Goal: what no source may say is not believed: an entry that looks like a grant and is not Stele's own grants nothing.
TEST_F(GrantBookTest, believes_nobody_else) {
  write_others(3);
  open_again(false);
  EXPECT_TRUE(all().empty());
}

// Goal: what cannot be is refused and leaves no entry; revoking twice is one entry.
TEST_F(GrantBookTest, refuses_what_cannot_be) {
  EXPECT_EQ(create({"", "writer", "", {}, {}, std::nullopt}).error().code, Code::kInvalid);
  EXPECT_EQ(create({"x", "king", "", {}, {}, std::nullopt}).error().code, Code::kInvalid);
  EXPECT_EQ(revoke("0123456789").error().code, Code::kNotFound);
  EXPECT_EQ(log_->store()->size(), 0U);
  const auto made = create({"x", "reader", "", {}, {}, std::nullopt});
  ASSERT_TRUE(made.ok());
  const auto once = revoke(made->grant.id);
  const auto twice = revoke(made->grant.id);
  ASSERT_TRUE(once.ok() && twice.ok());
  EXPECT_EQ(*once, *twice);
  EXPECT_EQ(log_->store()->size(), 2U);
}

// Goal: roles and narrow grants come back as they were, and what was at a moment is what the entries say up to then.
TEST_F(GrantBookTest, finds_roles_again_and_the_past) {
  const auto define = [&](const access::Role& role) {
    std::promise<Status> promise;
    book_->define_role(role, kAda, [&](const Status& written) { promise.set_value(written); });
    return promise.get_future().get();
  };
  const auto remove = [&](const std::string& name) {
    std::promise<Status> promise;
    book_->remove_role(name, kAda, [&](const Status& written) { promise.set_value(written); });
    return promise.get_future().get();
  };
  using access::Permission;
  const access::Role first{"analyst", "sees what", {Permission::kRead}, false, {}};
  const access::Role second{
      "analyst", "sees \"what\"", {Permission::kRead, Permission::kObserve}, true, {"actor.email", "message"}};
  const UnixNanos begin = system_clock().now();
  ASSERT_TRUE(define(first).ok());
  write_others(10);
  const auto made = create({"narrow", "analyst", "", {}, {{"authentication", "data_access"}, 10, 20}, std::nullopt});
  ASSERT_TRUE(made.ok()) << made.error().message;
  const UnixNanos between = system_clock().now();
  ASSERT_TRUE(define(second).ok());
  EXPECT_EQ(remove("analyst").error().code, Code::kConflict) << "somebody has it";
  EXPECT_EQ(remove("owner").error().code, Code::kInvalid);
  EXPECT_EQ(remove("none").error().code, Code::kNotFound);
  EXPECT_EQ(define({"owner", "", {Permission::kRead}, false, {}}).error().code, Code::kInvalid);
  ASSERT_TRUE(revoke(made->grant.id).ok());
  ASSERT_TRUE(remove("analyst").ok());
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(book_->grants().find_role("analyst"), nullptr);
    const auto then = book_->as_of(between);
    ASSERT_TRUE(then.ok()) << then.error().message;
    ASSERT_NE((*then)->find_role("analyst"), nullptr);
    EXPECT_EQ(*(*then)->find_role("analyst"), first);
    const auto listed = (*then)->list(access::Holder::kToken);
    ASSERT_EQ(listed.size(), 1U);
    EXPECT_EQ(listed[0].grant, made->grant);
    const auto before = book_->as_of(begin - kSecond);
    ASSERT_TRUE(before.ok());
    EXPECT_EQ((*before)->find_role("analyst"), nullptr);
    EXPECT_TRUE((*before)->list(access::Holder::kToken).empty());
    open_again(false);
  }
  ASSERT_TRUE(define(second).ok());
  open_again();
  ASSERT_NE(book_->grants().find_role("analyst"), nullptr);
  EXPECT_EQ(*book_->grants().find_role("analyst"), second);
}

// Goal: many at once, from many threads: each is on record, and all are there again.
TEST_F(GrantBookTest, takes_many_at_once) {
  constexpr int kThreads = 4;
  constexpr int kEach = 25;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) {
        const auto made = create({"x", "reader", "", {}, {}, std::nullopt});
        ASSERT_TRUE(made.ok());
        if (i % 2 == 0) ASSERT_TRUE(revoke(made->grant.id).ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto before = all();
  EXPECT_EQ(before.size(), kThreads * kEach);
  open_again();
  EXPECT_EQ(all(), before);
}

// Goal: the file of places is read as it was written, and refused when it is none, or when any bit of it is another.
TEST(Places, are_read_back) {
  const KnownPlaces places{"202122232425262728292a2b2c2d2e2f", 812, {0, 17, 640}};
  const std::string text = places_text(places, "grants");
  EXPECT_EQ(
      text,
      R"({"stele_grants":1,"log":"202122232425262728292a2b2c2d2e2f","size":812,"changes":[0,17,640],"check":"610f7ae9127df5b5"})"
      "\n");
  const auto read = parse_places(text, "grants");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->changes, places.changes);
  EXPECT_FALSE(parse_places(text, "configuration").ok());
  for (std::size_t bit = 0; bit < (text.size() - 1) * 8; ++bit) {
    std::string other = text;
    other[bit / 8] = static_cast<char>(other[bit / 8] ^ 1 << bit % 8);
    EXPECT_FALSE(parse_places(other, "grants").ok()) << other;
  }
  const auto checked = [](const std::string& before) {
    return before + "],\"check\":\"" + hex_encode(as_byte_span(crypto::sha256(as_byte_span(before))).first(8)) + "\"}";
  };
  EXPECT_TRUE(parse_places(checked(R"({"stele_grants":1,"log":"x","size":9,"changes":[1,2)"), "grants").ok());
  for (const char* wrong :
       {R"({"stele_grants":2,"log":"x","size":1,"changes":[)", R"({"stele_grants":1,"log":"x","size":1,"changes":[1)",
        R"({"stele_grants":1,"log":"x","size":9,"changes":[2,1)", R"({"stele_grants":1,"log":"x","size":9,"changes":["1")",
        R"({"stele_grants":1,"log":"x","size":9,"others":[)"})
    EXPECT_FALSE(parse_places(checked(wrong), "grants").ok()) << wrong;
  for (const char* wrong : {"", "{}", "[]", R"({"stele_grants":1,"log":"x","size":1,"changes":[]})"})
    EXPECT_FALSE(parse_places(wrong, "grants").ok()) << wrong;
}

// Goal: a file that names other entries is passed over, and the log read; what cannot stand beside each other is done one after
// the other or refused.
TEST_F(GrantBookTest, reads_the_log_where_the_file_is_wrong) {
  const auto made = create({"x", "reader", "", {}, {}, std::nullopt});
  ASSERT_TRUE(made.ok());
  write_others(5);
  ASSERT_TRUE(revoke(made->grant.id).ok());
  book_->close();
  const auto before = all();
  auto text = io::read_file(io::posix(), log_.path("grants.json"), 1U << 20);
  ASSERT_TRUE(text.ok());
  KnownPlaces places = *parse_places(*text, "grants");
  places.changes = {0, 3};
  book_.reset();
  ASSERT_TRUE(io::write_file(io::posix(), log_.path("grants.json"), places_text(places, "grants"), 0600).ok());
  log_.open();
  open();
  EXPECT_EQ(all(), before);
}

TEST_F(GrantBookTest, makes_a_user_once) {
  for (int round = 0; round < 20; ++round) {
    const std::string user = "u" + std::to_string(round);
    std::promise<bool> first;
    std::promise<bool> second;
    for (std::promise<bool>* one : {&first, &second})
      book_->create_user(user, {user, "reader", "", {}, {}, std::nullopt}, kAda,
                         [one](const Result<access::Grant>& grant) { one->set_value(grant.ok()); });
    const bool one = first.get_future().get();
    const bool other = second.get_future().get();
    EXPECT_NE(one, other);
  }
}

}  // namespace
}  // namespace stele::audit
