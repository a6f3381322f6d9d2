// Checkpoints (C2SP tlog-checkpoint) and proof files (C2SP tlog-proof), as text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "merkle/note.h"
#include "merkle/tree.h"

namespace stele::merkle {

// What a log says of itself: it has this many leaves under this root.
struct Checkpoint {
  std::string origin;
  std::uint64_t size = 0;
  Hash root{};

  // The text that is signed: three lines.
  [[nodiscard]] std::string text() const;
  bool operator==(const Checkpoint&) const = default;
};

// Extension lines after the third are accepted and passed over.
Result<Checkpoint> parse_checkpoint(std::string_view text);

// Reads a signed checkpoint and checks that `key` signed it and that its origin is the key's name.
Result<Checkpoint> open_checkpoint(std::string_view note, const VerifierKey& key);

// One leaf's inclusion proof with the checkpoint that it leads to.
struct ProofFile {
  std::uint64_t index = 0;
  Proof proof;
  std::string checkpoint;  // the signed note

  [[nodiscard]] std::string text() const;
};

Result<ProofFile> parse_proof_file(std::string_view text);

}  // namespace stele::merkle
