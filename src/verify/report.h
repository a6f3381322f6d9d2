// What a verification found, covered, and leaned on.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "log/apart_file.h"
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
  // Entries [first, end) are concerned, or some among them; none when both are equal.
  std::uint64_t first = 0;
  std::uint64_t end = 0;
};

// What this verification says nothing about.
struct Uncovered {
  std::string where;  // the file, or what it is about
  std::string why;
  // Bytes [from, to) of the file; when both are equal it is not about a run of bytes.
  std::uint64_t from = 0;
  std::uint64_t to = 0;

  [[nodiscard]] std::string text() const;
};

struct Report {
  std::vector<Finding> findings;
  std::vector<Uncovered> uncovered;
  std::vector<std::string> anchors;    // what it rests on that the log's keeper does not control
  std::uint64_t anchored_entries = 0;  // how many of the first entries a checkpoint among them pins
  std::uint64_t entries = 0;
  std::uint64_t entry_bytes = 0;
  std::uint64_t checkpoints = 0;
  std::uint64_t files = 0;
  std::uint64_t file_bytes = 0;
  std::uint64_t tiles = 0;
  std::uint64_t apart_values = 0;  // kept apart, and as the entries commit to them
  std::uint64_t apart_bytes = 0;
  std::uint64_t apart_erased = 0;
  std::string origin;
  Hash root{};

  [[nodiscard]] bool intact() const { return findings.empty(); }
  void add(std::string kind, std::string where, std::string message, std::uint64_t first = 0, std::uint64_t end = 0) {
    findings.push_back({std::move(kind), std::move(where), std::move(message), first, end});
  }
  void leave(std::string where, std::string why, std::uint64_t from = 0, std::uint64_t to = 0) {
    uncovered.push_back({std::move(where), std::move(why), from, to});
  }
};

// "entry 7", "entries 7 to 9" for [first, end).
std::string entries_text(std::uint64_t first, std::uint64_t end);

// A signed state from outside that the log must contain.
struct Anchor {
  std::string name;  // for people: the file it came from
  std::string note;  // the signed checkpoint
  // Leaves that the state must hold, by index: a receipt's.
  std::vector<std::pair<std::uint64_t, Hash>> leaves;
};

struct Options {
  log::ApartKeys keys;                     // with them values are opened; else their checksums are all that is looked at
  std::optional<merkle::VerifierKey> key;  // known from outside; else the one that the log names itself
  std::vector<Anchor> anchors;
  // Called now and then with entries done and known so far.
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;
};

}  // namespace stele::verify
