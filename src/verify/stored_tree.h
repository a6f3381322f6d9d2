// The stored hashes of level 1 and up, both copies, held against what the entries give (docs/formats/tree.md).
#pragma once

#include <optional>
#include <span>
#include <string>

#include "verify/report.h"
#include "verify/sealed.h"

namespace stele::verify {

// True for the names that the tree's files have.
bool is_tree_file(const std::string& name);

class StoredTree {
 public:
  StoredTree(const LogPlace& place, Report& report) : place_(place), report_(report) {}

  // The root of a bundle as the files keep it: what the rest of the log is judged by when its entries cannot be read.
  std::optional<Hash> kept_root(std::uint64_t bundle);

  // What the files must hold.
  struct Expected {
    std::vector<Hash> roots;       // of the bundles, from the entries; those that are not sealed yet too
    std::uint64_t sealed = 0;      // entries that were in segments
    std::uint64_t last_first = 0;  // where the last segment starts: its hashes may be on their way
    std::uint64_t signed_end = 0;  // up to here the entries lead to a signed root
  };
  void check(const Expected& expected);

 private:
  std::string read_level(unsigned level, bool copy);
  std::vector<Hash> check_level(unsigned level, std::vector<Hash> expected, std::uint64_t count, std::uint64_t late_from,
                                std::uint64_t signed_count);
  void check_file(unsigned level, bool copy, std::string_view content, std::span<const Hash> expected, std::uint64_t count,
                  std::uint64_t late_from);
  void check_end(unsigned level, bool copy, std::string_view content, std::uint64_t count, std::uint64_t late_from);
  void report_both(unsigned level, std::uint64_t hash, bool entries_signed);

  const LogPlace& place_;
  Report& report_;
  std::optional<std::string> first_level_[2];
};

}  // namespace stele::verify
