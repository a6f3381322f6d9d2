// A certificate that a server makes for itself: believed by whoever has it, for its names alone.
#include "crypto/certificate.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <memory>

namespace stele::crypto {
namespace {

constexpr UnixNanos kNow = 1'795'000'000'000'000'000;

struct Read {
  explicit Read(const SelfSigned& made) {
    BIO* memory = BIO_new_mem_buf(made.certificate.data(), static_cast<int>(made.certificate.size()));
    certificate = PEM_read_bio_X509(memory, nullptr, nullptr, nullptr);
    BIO_free(memory);
    memory = BIO_new_mem_buf(made.key.data(), static_cast<int>(made.key.size()));
    key = PEM_read_bio_PrivateKey(memory, nullptr, nullptr, nullptr);
    BIO_free(memory);
  }
  ~Read() {
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  Read(const Read&) = delete;
  Read& operator=(const Read&) = delete;

  // The error of a client that trusts `anchor` alone, as a TLS client asks; X509_V_OK: none.
  [[nodiscard]] int error_of_client(X509* anchor, std::int64_t seconds) const {
    X509_STORE* store = X509_STORE_new();
    X509_STORE_add_cert(store, anchor);
    X509_STORE_CTX* context = X509_STORE_CTX_new();
    X509_STORE_CTX_init(context, store, certificate, nullptr);
    X509_STORE_CTX_set_default(context, "ssl_server");
    X509_STORE_CTX_set_time(context, 0, seconds);
    X509_verify_cert(context);
    const int error = X509_STORE_CTX_get_error(context);
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    return error;
  }

  X509* certificate = nullptr;
  EVP_PKEY* key = nullptr;
};

TEST(SelfSigned, IsBelievedByWhoeverHasIt) {
  const auto made = make_self_signed({"audit.example.org", "localhost", "127.0.0.1", "::1"}, kNow);
  ASSERT_TRUE(made) << made.error().message;
  const auto other = make_self_signed({"audit.example.org"}, kNow);
  ASSERT_TRUE(other);
  const Read read(*made);
  const Read foreign(*other);
  ASSERT_NE(read.certificate, nullptr);
  EXPECT_EQ(X509_check_private_key(read.certificate, read.key), 1);
  constexpr std::int64_t kSeconds = kNow / 1'000'000'000;
  constexpr std::int64_t kYear = 365 * 86'400;
  EXPECT_EQ(read.error_of_client(read.certificate, kSeconds), X509_V_OK);
  EXPECT_EQ(read.error_of_client(read.certificate, kSeconds - 3'600), X509_V_OK) << "a client whose clock is behind";
  EXPECT_EQ(read.error_of_client(read.certificate, kSeconds + 9 * kYear), X509_V_OK);
  EXPECT_EQ(read.error_of_client(read.certificate, kSeconds + 11 * kYear), X509_V_ERR_CERT_HAS_EXPIRED);
  EXPECT_NE(read.error_of_client(foreign.certificate, kSeconds), X509_V_OK) << "another of the same name";
  for (const char* name : {"audit.example.org", "localhost"})
    EXPECT_EQ(X509_check_host(read.certificate, name, 0, 0, nullptr), 1) << name;
  for (const char* address : {"127.0.0.1", "::1"}) EXPECT_EQ(X509_check_ip_asc(read.certificate, address, 0), 1) << address;
  EXPECT_EQ(X509_check_host(read.certificate, "other.example.org", 0, 0, nullptr), 0);
  EXPECT_EQ(X509_check_ip_asc(read.certificate, "127.0.0.2", 0), 0);
}

TEST(SelfSigned, IsForNamesAndAddresses) {
  for (const char* wrong : {"", "two words", "a\nb", "naïve.example"}) {
    const auto made = make_self_signed({"good", wrong}, kNow);
    ASSERT_FALSE(made) << wrong;
    EXPECT_EQ(made.error().code, Code::kInvalid);
  }
  EXPECT_FALSE(make_self_signed({}, kNow));
  EXPECT_TRUE(make_self_signed({std::string(200, 'n')}, kNow)) << "longer than a subject may be";
}

}  // namespace
}  // namespace stele::crypto
