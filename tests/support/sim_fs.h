// A file system in memory that forgets, tears and reorders what was not synced, fails on demand, and does it all again
// from the same seed. It stands in for io::posix() in every test of what must survive.
//
// Two states are kept apart: what reads see, and what the disk surely holds.
//   - A write, a truncation and the size become durable with File::sync() of that file.
//   - A creation, a rename and a removal become durable with sync_dir() of their directory. A file's data and its name
//     are independent: synced data under a name that was not synced may be gone after a power cut.
//   - A power cut (CrashKind::kPower) leaves of each file's pending writes any mixture, sector by sector, with a size
//     independent of it; of each directory's pending changes a prefix in order (SimOptions::reorder_names: any subset).
//   - A killed process (CrashKind::kKill) loses nothing that was written, and leaves it as unsynced as it was.
//   - A failed sync marks the pending pages clean: reads see them, later syncs succeed, and the disk never gets them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/file.h"
#include "support/prng.h"
#include "support/sim_names.h"

namespace stele::testing {

enum class CrashKind { kPower, kKill };

// What can be counted and made to fail. All but kRead change something or make it durable: the mutating operations.
enum class Op { kCreate, kWrite, kTruncate, kSync, kRename, kRemove, kMakeDir, kSyncDir, kRead };
inline constexpr std::size_t kOpCount = 9;
std::string_view op_name(Op op);

struct SimOptions {
  std::uint64_t seed = 1;
  bool reorder_names = false;  // unsynced directory changes survive as any subset that can stand alone
  bool stale_garbage = false;  // new space whose data was not written reads as former content of removed files, or noise
};

// Thread-safe; a replay is exact when the operations come in the same order. Its files and locks must not outlive it.
// Relative and absolute paths start at the same root; there are no links, and no ".." in a path.
class SimFileSystem final : public io::FileSystem {
 public:
  explicit SimFileSystem(const SimOptions& options) : options_(options), prng_(options.seed) {}
  explicit SimFileSystem(std::uint64_t seed) : SimFileSystem(SimOptions{.seed = seed}) {}

  [[nodiscard]] Result<std::unique_ptr<io::File>> open_read(const std::string& path) override;
  [[nodiscard]] Result<std::unique_ptr<io::File>> open_write(const std::string& path, unsigned mode) override;
  [[nodiscard]] Status rename(const std::string& from, const std::string& to) override;
  [[nodiscard]] Status remove(const std::string& path) override;
  [[nodiscard]] bool exists(const std::string& path) override;
  [[nodiscard]] Result<std::vector<std::string>> list(const std::string& dir) override;
  [[nodiscard]] Status make_dirs(const std::string& dir) override;
  [[nodiscard]] Status sync_dir(const std::string& dir) override;
  [[nodiscard]] Result<std::unique_ptr<io::Lock>> lock(const std::string& path) override;

  // Crashes here and now. Every open file is dead (all its calls fail with kIo), every lock is released, the faults
  // set by fail() and fail_after() are forgotten; the next operation finds what survived. No reboot() is needed.
  void crash(CrashKind kind);

  // Crashes in the n-th mutating operation from now (1: the next; 0: never), which may take effect wholly, in part or
  // not at all. It and every later operation fail with kIo until reboot().
  void fail_after(std::uint64_t n, CrashKind kind = CrashKind::kPower);
  [[nodiscard]] bool crashed() const;  // waiting for reboot()
  void reboot();

  // The k-th operation of this kind from now (1: the next) fails with kIo, without a crash. A write fails for want of
  // space and may leave a first part of itself; a sync loses pending data as told above; the others do nothing.
  void fail(Op op, std::uint64_t k);

  // All file sizes together stay within `bytes`; a write that would pass it is cut short and fails. Nothing: no limit.
  // An overwrite needs no space, an extension by truncate() does.
  void set_capacity(std::optional<std::uint64_t> bytes);
  [[nodiscard]] std::uint64_t used() const;

  // Whether damage is seen at once, or only once the page cache no longer hides it: after File::forget_cached or a
  // power cut.
  enum class Damage { kVisible, kHiddenByCache };
  // Reads that touch [offset, offset + length) of the file fail with kIo, until one write covers all of the range.
  void break_reads(const std::string& path, std::uint64_t offset, std::uint64_t length, Damage when = Damage::kVisible);
  // Bit 0 to 7 of the byte at `offset` reads inverted, until the byte is written again.
  void flip_bit(const std::string& path, std::uint64_t offset, unsigned bit, Damage when = Damage::kVisible);

  [[nodiscard]] std::uint64_t operations() const;  // mutating ones that were tried, over all crashes
  [[nodiscard]] std::uint64_t syncs() const;       // of files and directories
  [[nodiscard]] std::uint64_t count(Op op) const;

  // The seed, the counters and the last `n` operations (at most 256), one a line: what to print when a seed fails.
  [[nodiscard]] std::string describe(std::size_t n = 40) const;

 private:
  class Handle;
  class HeldLock;
  enum class Verdict { kProceed, kFail, kCrash };
  struct Record {  // one line of describe()
    std::uint64_t number;
    std::string_view op;
    std::string path;
    std::uint64_t offset;
    std::uint64_t length;
    std::string outcome;
  };

  void damage(const std::string& path, const MediaFault& fault);
  Status make_dir(const std::string& dir);

  // The rest is called with the mutex held.
  Verdict admit(Op op, std::string_view path, std::uint64_t offset = 0, std::uint64_t length = 0);
  void note(std::string_view outcome);
  [[nodiscard]] Status check_up() const;
  Error die(bool applied);
  void apply_crash(CrashKind kind);
  void crash_node(SimNode& node, CrashKind kind, std::uint64_t salt);
  void bury(const NodePtr& node);
  [[nodiscard]] std::uint64_t free_space() const;
  // Runs a change of names that may be made to fail or to crash.
  template <typename Change>
  Status change_names(Op op, const std::string& path, Change change);
  Result<NodePtr> open_or_create(const std::string& path);
  Result<std::size_t> read(const Handle& handle, std::uint64_t offset, std::span<std::byte> out);
  Status write(Handle& handle, std::uint64_t offset, std::span<const ByteSpan> parts);
  Status truncate(Handle& handle, std::uint64_t size);
  Status sync(Handle& handle);

  mutable std::mutex mutex_;
  const SimOptions options_;
  Prng prng_;
  SimNames names_;
  std::vector<std::byte> graveyard_;  // what the file removed last held, with stale_garbage

  bool down_ = false;
  std::uint64_t generation_ = 0;  // crashes so far; files and locks of an earlier generation are dead
  std::uint64_t locks_ = 0;       // given out so far
  std::uint64_t operations_ = 0;
  std::uint64_t crash_at_ = 0;  // the value of operations_; 0: never
  CrashKind crash_kind_ = CrashKind::kPower;
  std::array<std::uint64_t, kOpCount> counts_{};
  std::array<std::vector<std::uint64_t>, kOpCount> fail_at_;  // values of counts_
  std::optional<std::uint64_t> capacity_;
  std::vector<Record> trace_;  // a ring
  std::uint64_t traced_ = 0;
};

}  // namespace stele::testing
