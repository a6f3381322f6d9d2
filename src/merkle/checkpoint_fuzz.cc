// Checkpoints of any bytes: what is read prints as the start of the very same text.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "merkle/checkpoint.h"

namespace {

namespace sm = stele::merkle;

void require(bool holds) {
  if (!holds) std::abort();
}

const sm::NoteSigner& signer() {
  static const sm::NoteSigner kSigner("log.example/fuzz",
                                      stele::crypto::SigningKey::from_seed(std::array<std::uint8_t, 32>{42}).value());
  return kSigner;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto checkpoint = sm::parse_checkpoint(text);
  if (checkpoint) {
    require(text.starts_with(checkpoint->text()) && checkpoint->size <= sm::kSizeMax);
    require(sm::parse_checkpoint(checkpoint->text()).value() == *checkpoint);
    // Signed by the log that it names it opens as itself; by another, not at all.
    const auto opened = sm::open_checkpoint(signer().sign(text), signer().verifier());
    require(!opened || (*opened == *checkpoint && checkpoint->origin == "log.example/fuzz"));
  }
  const auto opened = sm::open_checkpoint(text, signer().verifier());
  require(!opened || opened->origin == "log.example/fuzz");
  return 0;
}
