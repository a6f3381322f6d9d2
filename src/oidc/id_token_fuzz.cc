// ID tokens and what they say, that anybody may have written: no crash, nothing is taken that is not signed, and what is read is
// within its limits.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/json_text.h"
#include "oidc/claims.h"
#include "oidc/keys.h"

namespace {

using namespace stele::oidc;

// Public keys alone (RFC 7517 appendix A.1): nobody here can sign.
constexpr std::string_view kKeys =
    R"({"keys":[{"kty":"EC","crv":"P-256","use":"sig","kid":"1","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",)"
    R"("y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"},{"kty":"RSA","e":"AQAB","alg":"RS256","kid":"2011-04-29",)"
    R"("n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCi)"
    R"(FV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0)"
    R"(zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFC)"
    R"(ur-kEgU8awapJzKnqDKgw"}]})";

void check(const Person& person) {
  if (person.subject.empty() || person.subject.size() > 256 || !stele::is_utf8(person.subject)) std::abort();
  for (const std::string* text : {&person.user, &person.name, &person.login, &person.email}) {
    if (text->size() > 256 || text->find('\n') != std::string::npos) std::abort();
  }
  if (person.groups && person.groups->size() > 5'000) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const auto keys = Keys::parse(kKeys);
  if (!keys || keys->size() != 2 || keys->verify(text)) std::abort();
  for (const ClaimNames& names : {ClaimNames{}, ClaimNames{"email", "email"}, ClaimNames{"preferred_username", "hd"}}) {
    if (const auto person = read_person(text, names)) check(*person);
  }
  (void)check_id_token(text, {"https://id.example", "stele", "n1", "access", "RS256", 1'795'000'000'000'000'000});
  return 0;
}
