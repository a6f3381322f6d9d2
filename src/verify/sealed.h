// The sealed part of a log: every segment read whole, beside a server that seals and merges meanwhile.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "io/file.h"
#include "log/segment.h"
#include "verify/entry_run.h"

namespace stele::verify {

// A log's directory and the id that everything in it carries.
struct LogPlace {
  io::FileSystem& fs;  // decrypts what is encrypted
  std::string dir;
  const keyring::Keyring* ring = nullptr;  // of a log that is encrypted: for its frames
  log::LogId id{};

  [[nodiscard]] std::string path(std::string_view part) const { return dir + "/" + std::string(part); }
};

// Entries [first, end) and the segment file that holds them; without one they are in no segment.
struct SealedPiece {
  std::uint64_t first = 0;
  std::uint64_t end = 0;
  std::optional<log::SegmentName> file;
};

// What `segments/` holds, in order, from entry 0 on. `spare` are files whose entries a larger one holds too.
struct SealedList {
  std::vector<SealedPiece> pieces;
  std::vector<std::string> spare;

  [[nodiscard]] std::uint64_t end() const { return pieces.empty() ? 0 : pieces.back().end; }
};

// Empty when the directory is absent. A listing made while a merge puts one file in the place of others may show
// neither; with patience it is then made again.
enum class Patience : std::uint8_t { kNone, kSome };
Result<SealedList> list_sealed(const LogPlace& place, Patience patience = Patience::kNone);

// "segments/<name>"; "segments" for a piece without a file.
std::string piece_path(const LogPlace& place, const SealedPiece& piece);

// Reads the pieces of `list` from entry `from` on, on all processors, and hands their runs to `take` in order. A run
// that has fewer bundles than its piece lacks them from its end; its findings say why.
void read_sealed(const LogPlace& place, const SealedList& list, std::uint64_t from, const Wanted& wanted,
                 const std::function<void(const SealedPiece&, EntryRun)>& take);

// Entries [first, end) of the sealed part in bundle encoding.
Result<std::string> sealed_entries(const LogPlace& place, std::uint64_t first, std::uint64_t end);

}  // namespace stele::verify
