// Any bytes as a keyring, or as master keys: refused, or read back from what is written of it.
#include <cstdlib>
#include <string_view>

#include "crypto/random.h"
#include "support/test_ring.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace sk = stele::keyring;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto masters = sk::parse_master_keys(text);
  if (masters && sk::parse_master_keys(sk::master_key_text(masters->front()))->front().key != masters->front().key) std::abort();
  const auto ring = sk::parse_keyring(text, {stele::testing::test_master()});
  if (!ring) return 0;
  const auto again = sk::parse_keyring(sk::keyring_text(*ring, stele::testing::test_master(), stele::crypto::system_random()),
                                       {stele::testing::test_master()});
  if (!again || again->current() != ring->current() || again->keys().size() != ring->keys().size()) std::abort();
  return 0;
}
