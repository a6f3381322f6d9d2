// What a provider may answer: its metadata, its keys, the end of a code. No crash, and what is taken goes to https alone.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "oidc/keys.h"
#include "oidc/provider.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stele::oidc;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto read = parse_metadata(text, "https://id.example")) {
    for (const std::string& url : {read->authorization_endpoint, read->token_endpoint, read->jwks_uri}) {
      if (!url.starts_with("https://")) std::abort();
    }
  }
  if (const auto keys = Keys::parse(text); keys && (keys->size() > 64 || keys->verify("e30.e30."))) std::abort();
  if (const auto tokens = parse_token_answer(200, text); tokens && tokens->id_token.empty()) std::abort();
  (void)parse_token_answer(400, text);
  return 0;
}
