#include "io/mapping.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace stele::io {
namespace {

Error failure(const std::string& what, const std::string& path) {
  const int reason = errno;
  return {reason == ENOENT ? Code::kNotFound : Code::kIo, what + " " + path + ": " + std::strerror(reason)};
}

}  // namespace

Result<std::unique_ptr<Mapping>> Mapping::open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return failure("cannot open", path);
  struct stat status {};
  if (::fstat(fd, &status) != 0) {
    const Error error = failure("cannot look at", path);
    ::close(fd);
    return error;
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) {
    ::close(fd);
    return std::unique_ptr<Mapping>(new Mapping({}));
  }
  void* memory = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
  const Error error = failure("cannot map", path);
  ::close(fd);
  if (memory == MAP_FAILED) return error;
  return std::unique_ptr<Mapping>(new Mapping({static_cast<const char*>(memory), size}));
}

Mapping::~Mapping() {
  if (!bytes_.empty()) ::munmap(const_cast<char*>(bytes_.data()), bytes_.size());  // NOLINT: munmap takes no const
}

}  // namespace stele::io
