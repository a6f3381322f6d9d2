#include "support/sim_fs.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

namespace stele::testing {
namespace {

constexpr std::uint64_t kFileSizeMax = 1U << 30;
constexpr std::size_t kTraceMax = 256;
constexpr std::uint64_t kUnlimited = ~std::uint64_t{0};

constexpr std::array<std::string_view, kOpCount> kOpNames = {"create", "write",    "truncate", "sync", "rename",
                                                             "remove", "make_dir", "sync_dir", "read"};

Error io_error(std::string_view what, std::string_view path, std::string_view why) {
  return {Code::kIo, std::string(what) + " " + std::string(path) + ": " + std::string(why)};
}

Error not_found(std::string_view path) { return {Code::kNotFound, std::string(path) + ": no such file or directory"}; }

std::uint64_t size_below(const SimNode& node) {
  std::uint64_t total = node.content.size();
  for (const auto& [name, child] : node.entries) total += size_below(*child);
  return total;
}

// Whether `dir` is `node` or below it.
bool holds(const SimNode& node, const SimNode& dir) {
  if (&node == &dir) return true;
  return std::any_of(node.entries.begin(), node.entries.end(), [&](const auto& entry) { return holds(*entry.second, dir); });
}

}  // namespace

std::string_view op_name(Op op) { return kOpNames[static_cast<std::size_t>(op)]; }

class SimFileSystem::Handle final : public io::File {
 public:
  Handle(SimFileSystem& fs, NodePtr node, std::string path, bool writable)
      : fs_(fs), node_(std::move(node)), path_(std::move(path)), writable_(writable), generation_(fs.generation_) {}

  [[nodiscard]] Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) const override {
    const std::scoped_lock guard(fs_.mutex_);
    STELE_TRY(check_alive());
    return fs_.read(*this, offset, out);
  }
  [[nodiscard]] Status write_at(std::uint64_t offset, std::span<const ByteSpan> parts) override {
    const std::scoped_lock guard(fs_.mutex_);
    STELE_TRY(check_usable());
    return fs_.write(*this, offset, parts);
  }
  [[nodiscard]] Status sync() override {
    const std::scoped_lock guard(fs_.mutex_);
    STELE_TRY(check_usable());
    return fs_.sync(*this);
  }
  [[nodiscard]] Result<std::uint64_t> size() const override {
    const std::scoped_lock guard(fs_.mutex_);
    STELE_TRY(check_alive());
    return node_->content.size();
  }
  [[nodiscard]] Status truncate(std::uint64_t size) override {
    const std::scoped_lock guard(fs_.mutex_);
    STELE_TRY(check_usable());
    return fs_.truncate(*this, size);
  }
  void forget_cached() const override {
    const std::scoped_lock guard(fs_.mutex_);
    if (!check_alive().ok()) return;
    node_->content.drop_clean();
    for (MediaFault& fault : node_->faults) fault.hidden = false;
  }

  Error fail(std::string_view what, std::string_view why) {
    failed_ = true;
    return io_error(what, path_, why);
  }
  [[nodiscard]] SimNode& node() const { return *node_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] bool writable() const { return writable_; }

 private:
  [[nodiscard]] Status check_alive() const {
    STELE_TRY(fs_.check_up());
    if (generation_ != fs_.generation_) return io_error("cannot use", path_, "opened before a crash");
    return {};
  }
  [[nodiscard]] Status check_usable() const {
    STELE_TRY(check_alive());
    if (failed_) return io_error("cannot use", path_, "failed to write or sync earlier");
    return {};
  }

  SimFileSystem& fs_;
  const NodePtr node_;
  const std::string path_;
  const bool writable_;
  const std::uint64_t generation_;
  bool failed_ = false;
};

class SimFileSystem::HeldLock final : public io::Lock {
 public:
  HeldLock(SimFileSystem& fs, NodePtr node, std::uint64_t id) : fs_(fs), node_(std::move(node)), id_(id) {}
  ~HeldLock() override {
    const std::scoped_lock guard(fs_.mutex_);
    if (node_->lock_holder == id_) node_->lock_holder = 0;
  }
  HeldLock(const HeldLock&) = delete;
  HeldLock& operator=(const HeldLock&) = delete;

 private:
  SimFileSystem& fs_;
  const NodePtr node_;
  const std::uint64_t id_;
};

// Bookkeeping of operations and faults. --------------------------------------------------------------------------

SimFileSystem::Verdict SimFileSystem::admit(Op op, std::string_view path, std::uint64_t offset, std::uint64_t length) {
  const auto kind = static_cast<std::size_t>(op);
  ++counts_[kind];
  const bool failing = std::erase(fail_at_[kind], counts_[kind]) > 0;
  if (op == Op::kRead) return failing ? Verdict::kFail : Verdict::kProceed;
  ++operations_;
  if (trace_.size() < kTraceMax) trace_.emplace_back();
  Record& record = trace_[traced_++ % kTraceMax];
  record.number = operations_;
  record.op = op_name(op);
  record.path.assign(path);
  record.offset = offset;
  record.length = length;
  record.outcome.clear();
  if (operations_ == crash_at_) return Verdict::kCrash;
  if (failing) record.outcome = "failed on demand";
  return failing ? Verdict::kFail : Verdict::kProceed;
}

void SimFileSystem::note(std::string_view outcome) {
  if (traced_ == 0) return;
  std::string& text = trace_[(traced_ - 1) % kTraceMax].outcome;
  if (!text.empty()) text += "; ";
  text += outcome;
}

Status SimFileSystem::check_up() const {
  if (down_) return Error{Code::kIo, "the simulated machine is down until reboot()"};
  return {};
}

Error SimFileSystem::die(bool applied) {
  note(applied ? "done, then" : "not done, then");
  apply_crash(crash_kind_);
  down_ = true;
  return check_up().error();
}

void SimFileSystem::apply_crash(CrashKind kind) {
  ++generation_;
  crash_at_ = 0;
  for (auto& rules : fail_at_) rules.clear();
  const std::uint64_t salt = prng_.next();
  if (kind == CrashKind::kPower) {
    const auto [kept, pending] = names_.power_cut(salt, options_.reorder_names);
    note("power cut, " + std::to_string(kept) + " of " + std::to_string(pending) + " pending names kept");
  } else {
    note("process killed");
  }
  crash_node(names_.root(), kind, salt);
}

void SimFileSystem::crash_node(SimNode& node, CrashKind kind, std::uint64_t salt) {
  node.lock_holder = 0;
  if (kind == CrashKind::kPower) {
    for (MediaFault& fault : node.faults) fault.hidden = false;
    if (node.content.uncertain()) {
      const auto [kept, dropped] = node.content.power_cut(mix64(salt, node.id), options_.stale_garbage ? &graveyard_ : nullptr);
      note("file " + std::to_string(node.id) + " keeps " + std::to_string(kept) + " of " + std::to_string(kept + dropped) +
           " pending sectors, size " + std::to_string(node.content.size()));
    }
  }
  for (const auto& [name, child] : node.entries) crash_node(*child, kind, salt);
}

void SimFileSystem::crash(CrashKind kind) {
  const std::scoped_lock guard(mutex_);
  if (!down_) apply_crash(kind);
  down_ = false;
}

void SimFileSystem::fail_after(std::uint64_t n, CrashKind kind) {
  const std::scoped_lock guard(mutex_);
  crash_at_ = n == 0 ? 0 : operations_ + n;
  crash_kind_ = kind;
}

bool SimFileSystem::crashed() const {
  const std::scoped_lock guard(mutex_);
  return down_;
}

void SimFileSystem::reboot() {
  const std::scoped_lock guard(mutex_);
  down_ = false;
}

void SimFileSystem::fail(Op op, std::uint64_t k) {
  const std::scoped_lock guard(mutex_);
  const auto kind = static_cast<std::size_t>(op);
  fail_at_[kind].push_back(counts_[kind] + k);
}

void SimFileSystem::set_capacity(std::optional<std::uint64_t> bytes) {
  const std::scoped_lock guard(mutex_);
  capacity_ = bytes;
}

std::uint64_t SimFileSystem::used() const {
  const std::scoped_lock guard(mutex_);
  return size_below(names_.root());
}

std::uint64_t SimFileSystem::free_space() const {
  if (!capacity_) return kUnlimited;
  const std::uint64_t taken = size_below(names_.root());
  return *capacity_ > taken ? *capacity_ - taken : 0;
}

void SimFileSystem::break_reads(const std::string& path, std::uint64_t offset, std::uint64_t length, Damage when) {
  damage(path, {offset, length, std::byte{0}, when == Damage::kHiddenByCache});
}

void SimFileSystem::flip_bit(const std::string& path, std::uint64_t offset, unsigned bit, Damage when) {
  damage(path, {offset, 1, std::byte{1} << (bit % 8), when == Damage::kHiddenByCache});
}

void SimFileSystem::damage(const std::string& path, const MediaFault& fault) {
  const std::scoped_lock guard(mutex_);
  const auto place = names_.locate(path);
  const bool exists = place.ok() && place->node != nullptr;
  assert(exists && "damage is for a file that exists");
  if (exists) place->node->faults.push_back(fault);
}

std::uint64_t SimFileSystem::operations() const {
  const std::scoped_lock guard(mutex_);
  return operations_;
}

std::uint64_t SimFileSystem::syncs() const { return count(Op::kSync) + count(Op::kSyncDir); }

std::uint64_t SimFileSystem::count(Op op) const {
  const std::scoped_lock guard(mutex_);
  return counts_[static_cast<std::size_t>(op)];
}

std::string SimFileSystem::describe(std::size_t n) const {
  const std::scoped_lock guard(mutex_);
  std::string out = "seed " + std::to_string(options_.seed) + ", " + std::to_string(operations_) + " operations, " +
                    std::to_string(generation_) + " crashes\n";
  const std::uint64_t shown = std::min<std::uint64_t>({n, traced_, kTraceMax});
  for (std::uint64_t i = traced_ - shown; i < traced_; ++i) {
    const Record& r = trace_[i % kTraceMax];
    out += "#" + std::to_string(r.number) + " " + std::string(r.op) + " " + r.path;
    if (r.offset != 0 || r.length != 0) out += " at " + std::to_string(r.offset) + " length " + std::to_string(r.length);
    out += r.outcome.empty() ? "\n" : ": " + r.outcome + "\n";
  }
  return out;
}

// Names. ---------------------------------------------------------------------------------------------------------

template <typename Change>
Status SimFileSystem::change_names(Op op, const std::string& path, Change change) {
  const Verdict verdict = admit(op, path);
  if (verdict == Verdict::kFail) return io_error("cannot " + std::string(op_name(op)), path, "input/output error");
  const bool apply = verdict == Verdict::kProceed || prng_.chance(1, 2);
  if (apply) change();
  if (verdict == Verdict::kCrash) return die(apply);
  return {};
}

Result<NodePtr> SimFileSystem::open_or_create(const std::string& path) {
  STELE_TRY(check_up());
  STELE_ASSIGN(Place place, names_.locate(path));
  if (place.node == nullptr) STELE_TRY(change_names(Op::kCreate, path, [&] { place.node = names_.create(place, false); }));
  if (place.node->directory) return io_error("cannot open", path, "is a directory");
  return place.node;
}

Result<std::unique_ptr<io::File>> SimFileSystem::open_write(const std::string& path, unsigned /*mode*/) {
  const std::scoped_lock guard(mutex_);
  STELE_ASSIGN(NodePtr node, open_or_create(path));
  return std::unique_ptr<io::File>(std::make_unique<Handle>(*this, std::move(node), path, true));
}

Result<std::unique_ptr<io::File>> SimFileSystem::open_read(const std::string& path) {
  const std::scoped_lock guard(mutex_);
  STELE_TRY(check_up());
  STELE_ASSIGN(Place place, names_.locate(path));
  if (place.node == nullptr) return not_found(path);
  if (place.node->directory) return io_error("cannot open", path, "is a directory");
  return std::unique_ptr<io::File>(std::make_unique<Handle>(*this, std::move(place.node), path, false));
}

Result<std::unique_ptr<io::Lock>> SimFileSystem::lock(const std::string& path) {
  const std::scoped_lock guard(mutex_);
  STELE_ASSIGN(NodePtr node, open_or_create(path));
  if (node->lock_holder != 0) return Error{Code::kBusy, path + " is locked by another process"};
  node->lock_holder = ++locks_;
  return std::unique_ptr<io::Lock>(std::make_unique<HeldLock>(*this, std::move(node), locks_));
}

Status SimFileSystem::rename(const std::string& from, const std::string& to) {
  const std::scoped_lock guard(mutex_);
  STELE_TRY(check_up());
  STELE_ASSIGN(const Place source, names_.locate(from));
  STELE_ASSIGN(const Place target, names_.locate(to));
  if (source.node == nullptr) return not_found(from);
  if (source.node == target.node) return {};
  if (source.dir == nullptr || target.dir == nullptr) return io_error("cannot rename", from, "the root stays");
  if (holds(*source.node, *target.dir)) return io_error("cannot rename", from, "into itself");
  if (target.node != nullptr && (target.node->directory != source.node->directory || !target.node->entries.empty())) {
    return io_error("cannot rename to", to, "a directory is in the way");
  }
  return change_names(Op::kRename, from + " to " + to, [&] {
    names_.rename(source, target);
    bury(target.node);
  });
}

Status SimFileSystem::remove(const std::string& path) {
  const std::scoped_lock guard(mutex_);
  STELE_TRY(check_up());
  STELE_ASSIGN(const Place place, names_.locate(path));
  if (place.node == nullptr) return not_found(path);
  if (place.node->directory) return io_error("cannot remove", path, "is a directory");
  return change_names(Op::kRemove, path, [&] {
    names_.remove(place);
    bury(place.node);
  });
}

void SimFileSystem::bury(const NodePtr& node) {
  if (!options_.stale_garbage || node == nullptr || node->content.size() == 0) return;
  const ByteSpan bytes = node->content.bytes();
  graveyard_.assign(bytes.begin(), bytes.end());
}

bool SimFileSystem::exists(const std::string& path) {
  const std::scoped_lock guard(mutex_);
  if (down_) return false;
  const auto place = names_.locate(path);
  return place.ok() && place->node != nullptr;
}

Result<std::vector<std::string>> SimFileSystem::list(const std::string& dir) {
  const std::scoped_lock guard(mutex_);
  STELE_TRY(check_up());
  STELE_ASSIGN(const Place place, names_.locate(dir));
  if (place.node == nullptr) return not_found(dir);
  if (!place.node->directory) return io_error("cannot list", dir, "not a directory");
  std::vector<std::string> names;
  for (const auto& [name, child] : place.node->entries) names.push_back(name);
  return names;
}

Status SimFileSystem::make_dirs(const std::string& dir) {
  const std::string parent = io::parent_of(dir);
  if (exists(dir)) return sync_dir(parent);
  if (parent != dir) STELE_TRY(make_dirs(parent));
  STELE_TRY(make_dir(dir));
  return sync_dir(parent);
}

Status SimFileSystem::make_dir(const std::string& dir) {
  const std::scoped_lock guard(mutex_);
  STELE_TRY(check_up());
  STELE_ASSIGN(const Place place, names_.locate(dir));
  if (place.node != nullptr) return {};
  return change_names(Op::kMakeDir, dir, [&] { names_.create(place, true); });
}

Status SimFileSystem::sync_dir(const std::string& dir) {
  const std::scoped_lock guard(mutex_);
  STELE_TRY(check_up());
  STELE_ASSIGN(const Place place, names_.locate(dir));
  if (place.node == nullptr) return not_found(dir);
  if (!place.node->directory) return io_error("cannot sync", dir, "not a directory");
  return change_names(Op::kSyncDir, dir, [&] { names_.sync(place.node); });
}

// Files. ---------------------------------------------------------------------------------------------------------

Result<std::size_t> SimFileSystem::read(const Handle& handle, std::uint64_t offset, std::span<std::byte> out) {
  const SimNode& node = handle.node();
  if (admit(Op::kRead, handle.path()) == Verdict::kFail) return io_error("cannot read", handle.path(), "input/output error");
  const ByteSpan bytes = node.content.bytes();
  if (offset >= bytes.size() || out.empty()) return std::size_t{0};
  const std::uint64_t n = std::min<std::uint64_t>(out.size(), bytes.size() - offset);
  std::memcpy(out.data(), bytes.data() + offset, n);
  for (const MediaFault& fault : node.faults) {
    if (fault.hidden || fault.offset >= offset + n || fault.offset + fault.length <= offset) continue;
    if (fault.mask == std::byte{0}) return io_error("cannot read", handle.path(), "input/output error");
    out[fault.offset - offset] ^= fault.mask;
  }
  return std::size_t{n};
}

Status SimFileSystem::write(Handle& handle, std::uint64_t offset, std::span<const ByteSpan> parts) {
  if (!handle.writable()) return handle.fail("cannot write", "opened for reading");
  SimNode& node = handle.node();
  std::uint64_t length = 0;
  for (const ByteSpan part : parts) length += part.size();
  if (offset > kFileSizeMax || length > kFileSizeMax - offset) return handle.fail("cannot write", "file too large");

  const Verdict verdict = admit(Op::kWrite, handle.path(), offset, length);
  std::uint64_t limit = length;
  if (verdict == Verdict::kFail) limit = prng_.below(length + 1);
  if (verdict == Verdict::kCrash) {  // a kernel stops at a page or a sector of the file, or after the last byte
    const std::uint64_t stop = offset / kSectorSize * kSectorSize + prng_.below(length / kSectorSize + 3) * kSectorSize;
    limit = stop <= offset ? 0 : std::min(length, stop - offset);
  }
  const std::uint64_t growth = offset + length > node.content.size() ? offset + length - node.content.size() : 0;
  const std::uint64_t space = growth == 0 ? kUnlimited : free_space();
  if (growth > space) {
    const std::uint64_t end = node.content.size() + space;
    limit = std::min(limit, end > offset ? end - offset : 0);
  }
  node.content.write(offset, parts, limit);
  if (!node.faults.empty()) {
    std::erase_if(node.faults, [&](const MediaFault& fault) {
      return fault.offset >= offset && fault.offset + fault.length <= offset + limit;
    });
  }
  if (limit < length) note(std::to_string(limit) + " bytes written");
  if (verdict == Verdict::kCrash) return die(limit == length);
  if (verdict == Verdict::kFail || growth > space) return handle.fail("cannot write", "no space left on device");
  return {};
}

Status SimFileSystem::truncate(Handle& handle, std::uint64_t size) {
  if (!handle.writable()) return handle.fail("cannot truncate", "opened for reading");
  if (size > kFileSizeMax) return handle.fail("cannot truncate", "file too large");
  SimContent& content = handle.node().content;
  const Verdict verdict = admit(Op::kTruncate, handle.path(), size);
  if (verdict == Verdict::kFail) return handle.fail("cannot truncate", "input/output error");
  if (size > content.size() && size - content.size() > free_space()) {
    if (verdict == Verdict::kCrash) return die(false);
    return handle.fail("cannot truncate", "no space left on device");
  }
  const bool apply = verdict == Verdict::kProceed || prng_.chance(1, 2);
  if (apply) content.truncate(size);
  if (verdict == Verdict::kCrash) return die(apply);
  return {};
}

Status SimFileSystem::sync(Handle& handle) {
  SimContent& content = handle.node().content;
  const Verdict verdict = admit(Op::kSync, handle.path());
  if (verdict == Verdict::kFail) {
    content.sync_failed(prng_.next());
    return handle.fail("cannot sync", "input/output error");
  }
  const bool apply = verdict == Verdict::kProceed || prng_.chance(1, 2);
  if (apply) content.sync();
  if (verdict == Verdict::kCrash) return die(apply);
  return {};
}

}  // namespace stele::testing
