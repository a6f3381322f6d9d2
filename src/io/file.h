// Files as the log needs them, behind an interface so that tests can forget, tear and reorder what was not synced.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "io/mapping.h"

namespace stele::io {

// What every device and file system in use takes as one block of a direct write.
inline constexpr std::size_t kBlockBytes = 4096;

// An open file. Reading is thread-safe; writing, syncing and truncating belong to one thread at a time.
class File {
 public:
  virtual ~File() = default;

  // Reads up to out.size() bytes at `offset`; fewer only at the end of the file. Returns how many.
  [[nodiscard]] virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) const = 0;

  // Writes all parts one after another from `offset` on. Not durable before sync().
  [[nodiscard]] virtual Status write_at(std::uint64_t offset, std::span<const ByteSpan> parts) = 0;

  // On success every earlier write (and the size) of this file is durable. After one failure of write_at or sync
  // the state on disk is unknown: this object refuses every later write and sync, for ever.
  [[nodiscard]] virtual Status sync() = 0;

  [[nodiscard]] virtual Result<std::uint64_t> size() const = 0;
  [[nodiscard]] virtual Status truncate(std::uint64_t size) = 0;

  // From here on every write is of whole blocks of kBlockBytes at multiples of it, and nothing is read through this object:
  // writes then go past the page cache where the file system has a way. What sync() promises stays the same.
  virtual void write_in_blocks() {}

  // Drops what the page cache holds of this file, so that later reads come from the device. Best effort.
  virtual void forget_cached() const {}
};

// Held while it lives; the operating system releases it when the process dies.
class Lock {
 public:
  virtual ~Lock() = default;
};

// Directory operations become durable with sync_dir of the directory that changed. Paths are absolute or relative
// to the working directory. Thread-safe.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // kNotFound when it is absent.
  [[nodiscard]] virtual Result<std::unique_ptr<File>> open_read(const std::string& path) = 0;
  // The file through memory; kNotFound when it is absent.
  [[nodiscard]] virtual Result<std::unique_ptr<Mapping>> map(const std::string& path) { return map_file(path); }
  // Opens for reading and writing; creates an empty file with `mode` when absent.
  [[nodiscard]] virtual Result<std::unique_ptr<File>> open_write(const std::string& path, unsigned mode) = 0;

  // Replaces `to` in one step.
  [[nodiscard]] virtual Status rename(const std::string& from, const std::string& to) = 0;
  [[nodiscard]] virtual Status remove(const std::string& path) = 0;
  [[nodiscard]] virtual bool exists(const std::string& path) = 0;
  // Names (not paths) in `dir`, sorted, without "." and "..".
  [[nodiscard]] virtual Result<std::vector<std::string>> list(const std::string& dir) = 0;
  // Creates `dir` and its parents with mode 0700 and syncs each parent, that of one which is there too.
  [[nodiscard]] virtual Status make_dirs(const std::string& dir) = 0;
  [[nodiscard]] virtual Status sync_dir(const std::string& dir) = 0;
  // Takes the exclusive lock at `path` (created 0600); kBusy when another process holds it.
  [[nodiscard]] virtual Result<std::unique_ptr<Lock>> lock(const std::string& path) = 0;
};

// The operating system's files.
FileSystem& posix();

// Of the file system that holds `path` (statvfs): all bytes that this user may have, and those that are left.
struct Space {
  std::uint64_t bytes = 0;
  std::uint64_t free = 0;
};
Result<Space> space_at(const std::string& path);

// The whole file; kTooLarge when it is longer than `limit` bytes.
Result<std::string> read_file(FileSystem& fs, const std::string& path, std::uint64_t limit);

// The one way by which a small file is replaced: written beside `path`, synced, renamed over it, directory synced.
// On success the new content is durable; on failure either the old or the new content is there, whole.
Status write_file(FileSystem& fs, const std::string& path, std::string_view content, unsigned mode);

// Reads exactly out.size() bytes; kCorrupt, naming `what`, when the file is shorter.
Status read_exactly(const File& file, std::uint64_t offset, std::span<std::byte> out, std::string_view what);

// "dir" of "dir/name"; "." when there is no slash.
std::string parent_of(const std::string& path);

}  // namespace stele::io
