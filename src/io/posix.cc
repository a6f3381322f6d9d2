// The operating system's files. Every syscall that makes something durable is in this file.
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <new>

#include "io/file.h"
#include "io/file_error.h"

namespace stele::io {
namespace {

constexpr std::size_t kPartsMax = 1024;  // IOV_MAX on Linux

class PosixFile final : public File {
 public:
  PosixFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  ~PosixFile() override { ::close(fd_); }
  PosixFile(const PosixFile&) = delete;
  PosixFile& operator=(const PosixFile&) = delete;

  [[nodiscard]] Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) const override {
    std::size_t done = 0;
    while (done < out.size()) {
      const ssize_t n = ::pread(fd_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return file_error("cannot read", path_, errno);
      if (n == 0) break;
      done += static_cast<std::size_t>(n);
    }
    return done;
  }

  [[nodiscard]] Status write_at(std::uint64_t offset, std::span<const ByteSpan> parts) override {
    if (failed_) return poisoned();
    if (blocks_ != nullptr) return write_blocks(offset, parts);
    iovec vec[kPartsMax];
    while (!parts.empty()) {
      const std::size_t count = std::min(parts.size(), kPartsMax);
      for (std::size_t i = 0; i < count; ++i) {
        vec[i] = {const_cast<std::byte*>(parts[i].data()), parts[i].size()};  // NOLINT(cppcoreguidelines-pro-type-const-cast)
      }
      STELE_TRY(write_vector(offset, vec, count));
      for (std::size_t i = 0; i < count; ++i) offset += parts[i].size();
      parts = parts.subspan(count);
    }
    return {};
  }

  [[nodiscard]] Status sync() override {
    if (failed_) return poisoned();
    if (::fdatasync(fd_) != 0) return fail("cannot sync", errno);
    return {};
  }

  [[nodiscard]] Result<std::uint64_t> size() const override {
    struct stat st {};
    if (::fstat(fd_, &st) != 0) return file_error("cannot stat", path_, errno);
    return static_cast<std::uint64_t>(st.st_size);
  }

  [[nodiscard]] Status truncate(std::uint64_t size) override {
    if (failed_) return poisoned();
    if (::ftruncate(fd_, static_cast<off_t>(size)) != 0) return fail("cannot truncate", errno);
    return {};
  }

  void write_in_blocks() override {
    if (!set_direct(true)) return;
    constexpr std::align_val_t kAlignment{kBlockBytes};
    blocks_.reset(static_cast<std::byte*>(::operator new(kGatherBytes, kAlignment)));
  }

  void forget_cached() const override { (void)::posix_fadvise(fd_, 0, 0, POSIX_FADV_DONTNEED); }

 private:
  static constexpr std::size_t kGatherBytes = 1U << 20;
  struct AlignedDelete {
    void operator()(std::byte* bytes) const { ::operator delete(bytes, std::align_val_t{kBlockBytes}); }
  };

  [[nodiscard]] bool set_direct(bool on) const {
    const int flags = ::fcntl(fd_, F_GETFL);
    return flags >= 0 && ::fcntl(fd_, F_SETFL, on ? flags | O_DIRECT : flags & ~O_DIRECT) == 0;
  }

  // Direct writes take aligned memory only: the parts are gathered in some.
  Status write_blocks(std::uint64_t offset, std::span<const ByteSpan> parts) {
    std::size_t held = 0;
    for (ByteSpan part : parts) {
      while (!part.empty()) {
        const std::size_t take = std::min(part.size(), kGatherBytes - held);
        std::copy_n(part.begin(), take, blocks_.get() + held);
        part = part.subspan(take);
        held += take;
        if (held < kGatherBytes) continue;
        STELE_TRY(write_gathered(offset, held));
        offset += held;
        held = 0;
      }
    }
    return held == 0 ? Status() : write_gathered(offset, held);
  }

  Status write_gathered(std::uint64_t offset, std::size_t bytes) {
    for (std::size_t done = 0; done < bytes;) {
      const ssize_t n = ::pwrite(fd_, blocks_.get() + done, bytes - done, static_cast<off_t>(offset + done));
      if (n < 0 && errno == EINTR) continue;
      // A file system that has no direct writes may say so only now; the page cache takes any.
      if (n < 0 && errno == EINVAL && !buffered_ && set_direct(false)) {
        buffered_ = true;
        continue;
      }
      if (n < 0) return fail("cannot write", errno);
      done += static_cast<std::size_t>(n);
    }
    return {};
  }

  Status write_vector(std::uint64_t offset, iovec* vec, std::size_t count) {
    while (count > 0) {
      const ssize_t n = ::pwritev(fd_, vec, static_cast<int>(count), static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return fail("cannot write", errno);
      offset += static_cast<std::uint64_t>(n);
      auto left = static_cast<std::size_t>(n);
      while (count > 0 && left >= vec->iov_len) {
        left -= vec->iov_len;
        ++vec;
        --count;
      }
      if (count > 0) {
        vec->iov_base = static_cast<char*>(vec->iov_base) + left;
        vec->iov_len -= left;
      }
    }
    return {};
  }
  Error fail(std::string_view what, int number) {
    failed_ = true;
    return file_error(what, path_, number);
  }
  [[nodiscard]] Error poisoned() const {
    return {Code::kIo, path_ + " failed to write or sync earlier; what it holds is uncertain and it is not written again"};
  }

  int fd_;
  std::string path_;
  std::atomic<bool> failed_ = false;
  std::unique_ptr<std::byte, AlignedDelete> blocks_;  // where direct writes are gathered; null for a file without
  bool buffered_ = false;                             // direct writes turned out not to work
};

class PosixLock final : public Lock {
 public:
  explicit PosixLock(int fd) : fd_(fd) {}
  ~PosixLock() override { ::close(fd_); }
  PosixLock(const PosixLock&) = delete;
  PosixLock& operator=(const PosixLock&) = delete;

 private:
  int fd_;
};

class PosixFileSystem final : public FileSystem {
 public:
  [[nodiscard]] Result<std::unique_ptr<File>> open_read(const std::string& path) override { return open(path, O_RDONLY, 0); }
  [[nodiscard]] Result<std::unique_ptr<File>> open_write(const std::string& path, unsigned mode) override {
    return open(path, O_RDWR | O_CREAT, mode);
  }

  [[nodiscard]] Status rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return file_error("cannot rename to " + to, from, errno);
    return {};
  }

  [[nodiscard]] Status remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return file_error("cannot remove", path, errno);
    return {};
  }

  [[nodiscard]] bool exists(const std::string& path) override { return ::access(path.c_str(), F_OK) == 0; }

  [[nodiscard]] Result<std::vector<std::string>> list(const std::string& dir) override {
    DIR* handle = ::opendir(dir.c_str());
    if (handle == nullptr) return file_error("cannot list", dir, errno);
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(handle)) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    ::closedir(handle);
    std::sort(names.begin(), names.end());
    return names;
  }

  [[nodiscard]] Status make_dirs(const std::string& dir) override {
    const std::string parent = parent_of(dir);
    // It may be there since a run that was killed before it synced.
    if (exists(dir)) return sync_dir(parent);
    if (parent != dir) STELE_TRY(make_dirs(parent));
    if (::mkdir(dir.c_str(), 0700) != 0 && errno != EEXIST) return file_error("cannot create directory", dir, errno);
    return sync_dir(parent);
  }

  [[nodiscard]] Status sync_dir(const std::string& dir) override {
    const int fd = ::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return file_error("cannot open directory", dir, errno);
    const int rc = ::fsync(fd);
    const int number = errno;
    ::close(fd);
    if (rc != 0) return file_error("cannot sync directory", dir, number);
    return {};
  }

  [[nodiscard]] Result<std::unique_ptr<Lock>> lock(const std::string& path) override {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return file_error("cannot open lock", path, errno);
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
      const int number = errno;
      ::close(fd);
      if (number == EWOULDBLOCK) return Error{Code::kBusy, path + " is locked by another process"};
      return file_error("cannot lock", path, number);
    }
    return std::unique_ptr<Lock>(std::make_unique<PosixLock>(fd));
  }

 private:
  static Result<std::unique_ptr<File>> open(const std::string& path, int flags, unsigned mode) {
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
    if (fd < 0) return file_error("cannot open", path, errno);
    return std::unique_ptr<File>(std::make_unique<PosixFile>(fd, path));
  }
};

}  // namespace

Result<Space> space_at(const std::string& path) {
  struct statvfs there {};
  if (::statvfs(path.c_str(), &there) != 0) return file_error("cannot look at the space of", path, errno);
  // What is reserved for root counts for nobody.
  const std::uint64_t reserved = there.f_bfree - std::min(there.f_bavail, there.f_bfree);
  return Space{(there.f_blocks - reserved) * there.f_frsize, there.f_bavail * there.f_frsize};
}

FileSystem& posix() {
  static PosixFileSystem fs;
  return fs;
}

}  // namespace stele::io
