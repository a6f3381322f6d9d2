// What the tests of the simulated file system share.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "support/sim_fs.h"

namespace stele::testing {

inline constexpr std::uint64_t kSeeds = 400;  // enough for every outcome that one of these tests waits for
inline constexpr std::size_t kSector = kSectorSize;

inline std::unique_ptr<io::File> open(SimFileSystem& fs, const std::string& path) {
  auto file = fs.open_write(path, 0600);
  EXPECT_TRUE(file.ok()) << path;
  return file.ok() ? std::move(file).value() : nullptr;
}

inline Status put(io::File& file, std::uint64_t offset, std::string_view text) {
  const std::array<ByteSpan, 1> parts{as_byte_span(text)};
  return file.write_at(offset, parts);
}

// A file with synced content under a synced name.
inline std::unique_ptr<io::File> durable(SimFileSystem& fs, const std::string& path, std::string_view text) {
  auto file = open(fs, path);
  EXPECT_TRUE(put(*file, 0, text).ok() && file->sync().ok() && fs.sync_dir(io::parent_of(path)).ok());
  return file;
}

// The content, or "-" when the file is absent.
inline std::string slurp(SimFileSystem& fs, const std::string& path) {
  const auto text = io::read_file(fs, path, 1U << 20);
  if (text.ok()) return *text;
  return text.error().code == Code::kNotFound ? "-" : "error: " + text.error().message;
}

// One sector of each letter.
inline std::string sectors(std::string_view of) {
  std::string out;
  for (const char c : of) out.append(kSector, c);
  return out;
}

// One letter a sector, '?' for a sector that is not all one byte, '0' for zeros.
inline std::string letters(std::string_view content) {
  std::string out;
  for (std::size_t at = 0; at < content.size(); at += kSector) {
    const std::string_view sector = content.substr(at, kSector);
    const bool even = sector.find_first_not_of(sector[0]) == std::string_view::npos;
    out.push_back(!even ? '?' : sector[0] == '\0' ? '0' : sector[0]);
  }
  return out;
}

using Set = std::set<std::string>;
using Outcomes = std::map<std::string, std::uint64_t>;

// What `run` gives over many seeds, and how often.
inline Outcomes over_seeds(const std::function<std::string(SimFileSystem&)>& run, SimOptions options = {}) {
  Outcomes outcomes;
  for (options.seed = 1; options.seed <= kSeeds; ++options.seed) {
    SimFileSystem fs(options);
    ++outcomes[run(fs)];
  }
  return outcomes;
}

inline Set keys(const Outcomes& outcomes) {
  Set out;
  for (const auto& [outcome, times] : outcomes) out.insert(outcome);
  return out;
}

}  // namespace stele::testing
