#include "io/mapping.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/clock.h"
#include "io/file_error.h"

namespace stele::io {
namespace {

std::int64_t written_at(const struct stat& status) {
  return static_cast<std::int64_t>(status.st_mtim.tv_sec) * kSecond + status.st_mtim.tv_nsec;
}

class FileMapping final : public Mapping {
 public:
  FileMapping(std::string_view bytes, int descriptor, std::int64_t written)
      : bytes_(bytes), descriptor_(descriptor), written_(written) {}
  ~FileMapping() override {
    if (!bytes_.empty()) ::munmap(const_cast<char*>(bytes_.data()), bytes_.size());  // NOLINT: munmap takes no const
    ::close(descriptor_);
  }
  FileMapping(const FileMapping&) = delete;
  FileMapping& operator=(const FileMapping&) = delete;

  [[nodiscard]] std::string_view bytes() const override { return bytes_; }
  [[nodiscard]] bool load(std::uint64_t /*offset*/, std::uint64_t /*size*/) const override { return true; }
  [[nodiscard]] bool is_untouched() const override {
    struct stat status {};
    return ::fstat(descriptor_, &status) == 0 && status.st_nlink > 0 && written_at(status) == written_ &&
           static_cast<std::size_t>(status.st_size) == bytes_.size();
  }

 private:
  std::string_view bytes_;
  int descriptor_;
  std::int64_t written_;  // when, nanoseconds since 1970
};

}  // namespace

Result<std::unique_ptr<Mapping>> map_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return file_error("cannot open", path, errno);
  struct stat status {};
  if (::fstat(fd, &status) != 0) {
    const Error error = file_error("cannot look at", path, errno);
    ::close(fd);
    return error;
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  std::string_view bytes;
  if (size > 0) {
    void* memory = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) {
      const Error error = file_error("cannot map", path, errno);
      ::close(fd);
      return error;
    }
    bytes = {static_cast<const char*>(memory), size};
  }
  return std::unique_ptr<Mapping>(std::make_unique<FileMapping>(bytes, fd, written_at(status)));
}

}  // namespace stele::io
