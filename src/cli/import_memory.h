// FILE.stele-import: what was imported of FILE, so that a next run goes on there and does not send again what the log has,
// however long that is ago.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "records/cutter.h"

namespace stele::cli {

// A digest over records in their order: what names each of them, and shows that a file still begins as it did.
class RecordChain {
 public:
  explicit RecordChain(std::string_view format);
  void add(const records::Record& record);
  [[nodiscard]] const Hash& digest() const { return digest_; }
  // The id of the record that was added last: the same for the same record after the same ones, in any file, packed or not.
  [[nodiscard]] std::string id() const;

 private:
  Hash digest_{};
};

// How much of a file one log has, from one source. Counts are of all runs together.
struct Imported {
  std::string origin;
  std::string source;
  std::string format;
  std::uint64_t records = 0;
  std::string digest;  // of the chain after them, in hexadecimal digits
  // The same without those that the end of the file ended, and which therefore may become longer when it grows.
  std::uint64_t settled = 0;
  std::string settled_digest;
  std::uint64_t stored = 0;  // repeated ones included
  std::uint64_t repeated = 0;
  std::uint64_t quarantined = 0;

  [[nodiscard]] bool is_about(const Imported& other) const {
    return origin == other.origin && source == other.source && format == other.format;
  }
};

std::string imported_json(const Imported& imported);

class ImportMemory {
 public:
  // Lives in the file `path`; an empty one: nowhere. kInvalid when it is there and is none.
  static Result<ImportMemory> open(std::string path);

  // What is remembered about the log, source and format that `about` names; else nothing of it.
  [[nodiscard]] Imported find(const Imported& about) const;
  // Remembers it in place of what was there about the same, durably.
  Status keep(const Imported& imported);

 private:
  std::string path_;
  std::vector<Imported> all_;
};

}  // namespace stele::cli
