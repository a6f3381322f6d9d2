// Names that a file has, and that it gets when it is rotated (logrotate.conf(5)).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/file_identity.h"

namespace stele::agent {

// "app.log.gz": bytes of another kind, made of a file that was there before.
bool is_compressed_name(std::string_view name);
// Whether `name` is one that `base` gets by rotation: "app.log.1", "app.log-20261123", "app.log.old"; not a compressed one.
bool is_rotated_name(std::string_view name, std::string_view base);

std::string directory_of(const std::string& path);
std::string_view base_of(std::string_view path);
// What the pattern of glob(7) matches now, sorted, without compressed ones; a path without wildcards is itself, there or not.
std::vector<std::string> expand_pattern(const std::string& pattern);
bool matches_pattern(const std::string& pattern, const std::string& path);

struct Sibling {
  std::string path;
  FileIdentity file;
  std::int64_t modified = 0;  // nanoseconds since 1970
  std::uint64_t size = 0;
};
// By the time of the last write; of two in the same tick the one with the longer or higher number is older: x.10, x.2, x.1.
bool was_rotated_before(const Sibling& a, const Sibling& b);
// The regular files that `path` was rotated to, the oldest first; names that change while they are listed are listed again.
std::vector<Sibling> rotated_siblings(const std::string& path);
// The path in the directory of `path` under which that file stands now; empty when it has none there.
std::string find_by_identity(const std::string& path, const FileIdentity& file);

}  // namespace stele::agent
