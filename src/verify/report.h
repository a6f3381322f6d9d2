// What a verification found, covered, and leaned on.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "merkle/checkpoint.h"
#include "merkle/note.h"

namespace stele::verify {

// Damage: what it is, and which kind it looks like.
struct Finding {
  // "changed" (bytes differ and their checksum shows it: a disk's fault or a careless hand), "rewritten" (checksums were
  // made to fit, hashes were not), "missing", "rolled_back", "forged" (a signature or key that is not the log's),
  // "disorder" (times of receipt go back), "unreadable".
  std::string kind;
  std::string where;    // the file, tile or checkpoint
  std::string message;  // which entries, and what does not agree
};

struct Report {
  std::vector<Finding> findings;
  std::vector<std::string> uncovered;  // bytes that this verification says nothing about
  std::vector<std::string> anchors;    // what it rests on that the log's keeper does not control
  std::uint64_t entries = 0;
  std::uint64_t entry_bytes = 0;
  std::uint64_t checkpoints = 0;
  std::uint64_t files = 0;
  std::uint64_t file_bytes = 0;
  std::uint64_t tiles = 0;
  std::string origin;
  Hash root{};

  [[nodiscard]] bool intact() const { return findings.empty(); }
  void add(std::string kind, std::string where, std::string message) {
    findings.push_back({std::move(kind), std::move(where), std::move(message)});
  }
};

// A signed state from outside that the log must contain.
struct Anchor {
  std::string name;  // for people: the file it came from
  std::string note;  // the signed checkpoint
  // Leaves that the state must hold, by index: a receipt's.
  std::vector<std::pair<std::uint64_t, Hash>> leaves;
};

struct Options {
  std::optional<merkle::VerifierKey> key;  // known from outside; else the one that the log names itself
  std::vector<Anchor> anchors;
  // Called now and then with entries done and known so far.
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;
};

}  // namespace stele::verify
