#include "crypto/certificate.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <array>
#include <ctime>
#include <memory>

namespace stele::crypto {
namespace {

template <auto kFree>
struct Free {
  template <typename T>
  void operator()(T* p) const {
    kFree(p);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Free<&EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<&X509_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Free<&GENERAL_NAMES_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Free<&X509_EXTENSION_free>>;
using Memory = std::unique_ptr<BIO, Free<&BIO_free_all>>;

constexpr std::size_t kNameBytesMax = 253;    // RFC 1035, section 2.3.4
constexpr std::size_t kSubjectBytesMax = 64;  // RFC 5280, appendix A: ub-common-name

bool is_dns_name(const std::string& name) {
  return !name.empty() && name.size() <= kNameBytesMax &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._*") == std::string::npos;
}

// The bytes of an address; empty when it is none.
std::string address_bytes(const std::string& text) {
  std::array<char, sizeof(in6_addr)> bytes{};
  if (::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) return {bytes.data(), sizeof(in_addr)};
  if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return {bytes.data(), sizeof(in6_addr)};
  return {};
}

bool add_name(GENERAL_NAMES* names, const std::string& name) {
  const std::string address = address_bytes(name);
  const std::string& bytes = address.empty() ? name : address;
  ASN1_STRING* const value = address.empty() ? ASN1_IA5STRING_new() : ASN1_OCTET_STRING_new();
  GENERAL_NAME* const one = GENERAL_NAME_new();
  if (value == nullptr || one == nullptr || ASN1_STRING_set(value, bytes.data(), static_cast<int>(bytes.size())) != 1)
    return false;
  GENERAL_NAME_set0_value(one, address.empty() ? GEN_DNS : GEN_IPADD, value);
  return sk_GENERAL_NAME_push(names, one) > 0;
}

bool add_extension(X509* certificate, int nid, const char* value) {
  const Extension extension(X509V3_EXT_conf_nid(nullptr, nullptr, nid, value));
  return extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool set_times(X509* certificate, UnixNanos now) {
  constexpr std::time_t kDay = 86'400;
  constexpr std::time_t kYears = 3'650 * kDay;
  const auto seconds = static_cast<std::time_t>(now / kSecond);
  return ASN1_TIME_set(X509_getm_notBefore(certificate), seconds - kDay) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), seconds + kYears) != nullptr;
}

bool set_serial(X509* certificate) {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), bytes.size()) != 1) return false;
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x7fU) | 0x40U);  // positive, and as long as it is
  const std::unique_ptr<BIGNUM, Free<&BN_free>> number(BN_bin2bn(bytes.data(), bytes.size(), nullptr));
  return number != nullptr && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_subject(X509* certificate, const std::string& name) {
  const std::string text = name.substr(0, kSubjectBytesMax);
  X509_NAME* const subject = X509_get_subject_name(certificate);
  return X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(text.c_str()), -1, -1,
                                    0) == 1 &&
         X509_set_issuer_name(certificate, subject) == 1;
}

std::string text_of(BIO* memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace

Result<SelfSigned> make_self_signed(const std::vector<std::string>& names, UnixNanos now) {
  const Names alternatives(sk_GENERAL_NAME_new_null());
  for (const std::string& name : names) {
    if (address_bytes(name).empty() && !is_dns_name(name))
      return invalid("a certificate is for names and addresses, not \"" + name + "\"");
    if (!add_name(alternatives.get(), name)) return Error{Code::kInternal, "OpenSSL makes no name for a certificate"};
  }
  if (names.empty()) return invalid("a certificate is for one name at least");
  const Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  const Certificate certificate(X509_new());
  const Memory certificate_pem(BIO_new(BIO_s_mem()));
  const Memory key_pem(BIO_new(BIO_s_secmem()));
  X509* const x = certificate.get();
  constexpr int kVersion3 = 2;
  if (key == nullptr || x == nullptr || X509_set_version(x, kVersion3) != 1 || !set_serial(x) || !set_times(x, now) ||
      !set_subject(x, names.front()) || X509_set_pubkey(x, key.get()) != 1 ||
      !add_extension(x, NID_basic_constraints, "critical,CA:FALSE") ||
      !add_extension(x, NID_key_usage, "critical,digitalSignature") || !add_extension(x, NID_ext_key_usage, "serverAuth") ||
      X509_add1_ext_i2d(x, NID_subject_alt_name, alternatives.get(), 0, X509V3_ADD_DEFAULT) != 1 ||
      X509_sign(x, key.get(), EVP_sha256()) == 0 || PEM_write_bio_X509(certificate_pem.get(), x) != 1 ||
      PEM_write_bio_PKCS8PrivateKey(key_pem.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    ERR_clear_error();
    return Error{Code::kInternal, "OpenSSL makes no certificate"};
  }
  return SelfSigned{text_of(certificate_pem.get()), text_of(key_pem.get())};
}

}  // namespace stele::crypto
