// Which file it is that was read so far, whatever its name is now.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "records/cutter.h"

namespace stele::agent {

struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  auto operator<=>(const FileIdentity&) const = default;
};
FileIdentity identity_of(const struct stat& st);
std::int64_t modified_of(const struct stat& st);  // nanoseconds since 1970

// How far a file was read. A name leads to another file after a rotation, and an inode is used again after a removal: a file is
// the same when device, inode and its first bytes are.
struct FilePosition {
  // Of the file's first bytes, as many as were there when it was found, or were read, at most:
  static constexpr std::uint64_t kHeadBytesMax = 1'024;

  FileIdentity file;
  std::string path;           // where it stood when it was found
  records::Position at;       // where its next record begins
  std::uint64_t head = 0;     // bytes that the digest is of
  std::uint64_t digest = 0;   // of them: the first 8 bytes of SHA-256
  std::int64_t modified = 0;  // when it was last seen to be written, nanoseconds since 1970
  std::uint64_t size = 0;     // that it had then
  // What has the name after it is written then or later, nanoseconds since 1970: it, or one that was rotated before, was when it
  // had the name. Once it is rotated it may be written later than those.
  std::int64_t named = 0;
  bool rotated = false;  // no more is expected of it
};

// The key of a position in the spool, which begins with "file:", and its value, a JSON object.
std::string position_key(const FileIdentity& file);
std::string position_text(const FilePosition& position);
// Nothing when it is not what position_text writes.
std::optional<FilePosition> parse_position(std::string_view text);

std::uint64_t digest_of(std::string_view head);

}  // namespace stele::agent
