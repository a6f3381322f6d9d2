// Proof files of any bytes: what is read prints as the very same text, apart from extra data, which is passed over.
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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto file = sm::parse_proof_file(text);
  if (!file) return 0;
  const std::string printed = file->text();
  const bool has_extra = text.find("\nextra ") == text.find('\n');
  require(has_extra ? printed.size() < text.size() && text.ends_with(file->checkpoint) : printed == text);
  const auto again = sm::parse_proof_file(printed);
  require(again.ok() && again->index == file->index && again->proof == file->proof && again->checkpoint == file->checkpoint);
  // Verifying a hostile proof ends soon and says no.
  const stele::Hash leaf{};
  for (const std::uint64_t tree : {file->index, file->index + 1, file->proof.size() + file->index + 1, sm::kSizeMax}) {
    (void)sm::verify_inclusion(file->index, leaf, tree, file->proof, leaf).ok();
    (void)sm::verify_consistency(file->index, leaf, tree, leaf, file->proof).ok();
  }
  return 0;
}
