// What proves that a user is he: kept on disk, told once, good once.
#include "login/credentials.h"

#include <argon2.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "crypto/random.h"
#include "login/password.h"
#include "login/totp.h"
#include "support/fixed.h"
#include "support/temp_folder.h"

namespace stele::login {
namespace {

using testing::HandClock;

constexpr std::int64_t kDay = 86'400 * kSecond;
const std::string kPassword = "correct horse battery";

class CredentialBookTest : public ::testing::Test {
 protected:
  std::unique_ptr<CredentialBook> open() {
    auto book = CredentialBook::open(io::posix(), path, clock, crypto::system_random());
    EXPECT_TRUE(book) << book.error().message;
    return std::move(*book);
  }
  [[nodiscard]] std::string code(const std::string& secret) const { return totp_code(secret, totp_step(clock.now())); }

  testing::TempFolder temporary;
  const std::string path = temporary.path("credentials.json");
  HandClock clock;
};

TEST_F(CredentialBookTest, LetsInWhoHasPasswordAndCode) {
  auto book = open();
  const std::string invitation = *book->invite("ada");
  EXPECT_EQ(book->invited(invitation), "ada");
  EXPECT_EQ(book->invited("another"), std::nullopt);
  const std::string secret = *book->join("ada", invitation, kPassword, "n");
  book = open();  // after a restart
  EXPECT_EQ(book->invited(invitation), std::nullopt);
  struct stat st {};
  ASSERT_EQ(::stat(path.c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777U, 0600U);

  std::set<std::string> told;
  const auto refused = [&](const std::string& user, const std::string& password, const std::string& shown) {
    const Status status = book->check(user, password, shown, "n", "d");
    if (!status) told.insert(status.error().message);
    return !status.ok() && status.error().code == Code::kUnauthenticated;
  };
  EXPECT_TRUE(refused("ada", "correct horse batterz", code(secret)));
  EXPECT_TRUE(refused("ada", kPassword, "000000"));
  EXPECT_TRUE(refused("ada", kPassword, ""));
  EXPECT_TRUE(refused("ada", "", code(secret)));
  EXPECT_TRUE(refused("bob", kPassword, code(secret)));
  EXPECT_FALSE(book->is_known("ada", "198.51.100.0/24"));
  EXPECT_TRUE(book->check("ada", kPassword, code(secret), "198.51.100.0/24", "d"));
  EXPECT_TRUE(refused("ada", kPassword, code(secret))) << "a code that was used";
  EXPECT_EQ(told.size(), 1U) << "what is told says what was wrong";
  book = open();
  EXPECT_TRUE(refused("ada", kPassword, code(secret))) << "and it stays so over a restart";
  EXPECT_TRUE(book->is_known("ada", "198.51.100.0/24"));
  EXPECT_FALSE(book->is_known("bob", "198.51.100.0/24"));
  clock.advance(30 * kSecond);
  EXPECT_TRUE(book->check("ada", kPassword, code(secret), "198.51.100.0/24", "d"));
}

TEST_F(CredentialBookTest, AnInvitationIsGoodOnceAndForADay) {
  auto book = open();
  const std::string first = *book->invite("ada");
  const std::string second = *book->invite("ada");
  EXPECT_EQ(book->invited(first), std::nullopt) << "another took its place";
  EXPECT_EQ(book->join("ada", first, kPassword, "n").error().code, Code::kUnauthenticated);
  EXPECT_EQ(book->join("ada", second, "too short", "n").error().code, Code::kInvalid);
  ASSERT_TRUE(book->join("ada", second, kPassword, "n"));
  EXPECT_EQ(book->join("ada", second, kPassword, "n").error().code, Code::kUnauthenticated);
  const std::string third = *book->invite("bob");
  clock.advance(kDay);
  EXPECT_EQ(book->invited(third), std::nullopt);
}

// Goal: of several that have the same invitation at the same moment, one is let in.
TEST_F(CredentialBookTest, OfManyAtOnceOneJoins) {
  const auto book = open();
  const std::string invitation = *book->invite("ada");
  std::atomic<int> joined{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { joined += book->join("ada", invitation, kPassword, "n") ? 1 : 0; });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(joined, 1);
}

// Goal: who has joined is known where he joined, so that strangers cannot keep him from ever coming back.
TEST_F(CredentialBookTest, KnowsFromWhereHeJoined) {
  auto book = open();
  ASSERT_TRUE(book->join("ada", *book->invite("ada"), kPassword, "home"));
  EXPECT_TRUE(book->is_known("ada", "home"));
  ASSERT_TRUE(book->invite("ada"));
  EXPECT_TRUE(book->is_known("ada", "home")) << "also while he is invited anew";
  const std::uint64_t generation = book->generation("ada");
  ASSERT_TRUE(book->forget("ada"));
  EXPECT_FALSE(book->is_known("ada", "home"));
  EXPECT_GT(book->generation("ada"), generation);
  ASSERT_TRUE(book->forget("ada")) << "nothing to forget";
}

TEST_F(CredentialBookTest, ANewInvitationTakesTheOldPasswordAway) {
  auto book = open();
  const std::string secret = *book->join("ada", *book->invite("ada"), kPassword, "home");
  ASSERT_TRUE(book->invite("ada"));
  EXPECT_FALSE(book->check("ada", kPassword, code(secret), "n", "d"));
}

TEST_F(CredentialBookTest, SetsUpOnceAndInMemoryAlone) {
  auto book = open();
  EXPECT_FALSE(book->is_setup(""));
  const std::string first = book->offer_setup();
  const std::string second = book->offer_setup();
  EXPECT_FALSE(book->is_setup(first));
  EXPECT_TRUE(book->is_setup(second));
  EXPECT_FALSE(book->take_setup(first));
  EXPECT_TRUE(book->take_setup(second));
  EXPECT_FALSE(book->take_setup(second)) << "one has it";
  EXPECT_FALSE(book->is_setup(second));
  book->restore_setup(second);
  EXPECT_TRUE(book->take_setup(second)) << "where nothing came of it";
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(CredentialBookTest, SaysWhichFileCannotBeRead) {
  std::ofstream(path) << "{\"stele_credentials\":2,\"users\":{}}";
  const auto book = CredentialBook::open(io::posix(), path, clock, crypto::system_random());
  ASSERT_FALSE(book);
  EXPECT_NE(book.error().message.find(path), std::string::npos);
}

TEST(Credentials, ComeBackAsTheyWere) {
  Credentials all;
  all["ada"] = {"$argon2id$x", "ABC", 59'833'333, std::nullopt, 0, {"203.0.113.0/24", "2001:db8::/64"}};
  all["b\"ob"] = {"", "", 0, Hash{1, 2, 3}, 1'795'000'000'000'000'000, {}};
  const auto read = parse_credentials(credentials_text(all));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, all);
  for (const char* wrong : {"", "{}", "[]", R"({"stele_credentials":1})", R"({"stele_credentials":1,"users":[]})",
                            R"({"stele_credentials":1,"users":{"a":{"totp_last":"x"}}})",
                            R"({"stele_credentials":1,"users":{"a":{"invitation":"00"}}})"})
    EXPECT_FALSE(parse_credentials(wrong)) << wrong;
}

TEST(Passwords, AreLongAndNothingElse) {
  for (const char* good : {"twelve chars", "correct horse battery staple", "ääääääääääää"})
    EXPECT_TRUE(check_password(good)) << good;
  for (const std::string& bad : {std::string("elevenchars"), std::string(), std::string("äääääääääää"), std::string(1'025, 'x'),
                                 std::string("twelve chars\xff")})
    EXPECT_EQ(check_password(bad).error().code, Code::kInvalid);
  const std::string hash = *hash_password(kPassword, crypto::system_random());
  EXPECT_TRUE(hash.starts_with("$argon2id$v=19$m=65536,t=3,p=1$"));
  EXPECT_NE(hash, *hash_password(kPassword, crypto::system_random()));
  EXPECT_TRUE(is_password(kPassword, hash));
  EXPECT_FALSE(is_password(kPassword + " ", hash));
  EXPECT_FALSE(is_password(kPassword, ""));
  // Whoever is not known is computed to the end too: the hash that stands for him is one.
  EXPECT_EQ(argon2id_verify(nobodys_hash(), kPassword.data(), kPassword.size()), ARGON2_VERIFY_MISMATCH);
  EXPECT_FALSE(is_password(kPassword, "$argon2id$"));
}

// RFC 6238, appendix B, cut to six digits: the secret is "12345678901234567890".
TEST(Totp, HasTheCodesOfTheStandard) {
  const std::string secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
  for (const auto& [seconds, code] : {std::pair<std::int64_t, const char*>{59, "287082"},
                                      {1'111'111'109, "081804"},
                                      {1'111'111'111, "050471"},
                                      {1'234'567'890, "005924"},
                                      {2'000'000'000, "279037"}})
    EXPECT_EQ(totp_code(secret, totp_step(seconds * kSecond)), code) << seconds;
  const UnixNanos now = 1'111'111'109 * kSecond;
  const std::uint64_t step = totp_step(now);
  EXPECT_EQ(find_totp_step(secret, "081804", now, 0), step);
  EXPECT_EQ(find_totp_step(secret, "081804", now + 30 * kSecond, 0), step);
  EXPECT_EQ(find_totp_step(secret, "081804", now - 30 * kSecond, 0), step);
  EXPECT_EQ(find_totp_step(secret, "081804", now + 60 * kSecond, 0), std::nullopt);
  EXPECT_EQ(find_totp_step(secret, "081804", now, step), std::nullopt) << "used";
  EXPECT_EQ(find_totp_step(secret, "81804", now, 0), std::nullopt);
  EXPECT_EQ(find_totp_step("not base 32!", "081804", now, 0), std::nullopt);
  EXPECT_EQ(find_totp_step("", "", now, 0), std::nullopt);
  const std::string made = make_totp_secret(crypto::system_random());
  EXPECT_EQ(made.size(), 32U);
  EXPECT_EQ(totp_code(made, 1).size(), 6U);
}

}  // namespace
}  // namespace stele::login
