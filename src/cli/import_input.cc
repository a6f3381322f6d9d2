#include "cli/import_input.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/os_error.h"

namespace stele::cli {
namespace {

constexpr std::size_t kReadBytes = 256U << 10;
constexpr std::size_t kMagicBytes = 4;
constexpr std::size_t kPackedPiece = 4U << 10;  // 128 MiB at the very most once unpacked

}  // namespace

Result<ImportInput> ImportInput::open(const std::string& path) {
  ImportInput input;
  const bool piped = path == "-";
  input.name_ = piped ? "stdin" : path;
  input.fd_ = piped ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (input.fd_ < 0) return os_error("cannot open " + input.name_);
  struct stat st {};
  if (::fstat(input.fd_, &st) != 0) return os_error("cannot stat " + input.name_);
  if (S_ISDIR(st.st_mode)) return invalid(path + " is a directory; name the files in it");
  if (!piped && S_ISREG(st.st_mode)) input.size_ = static_cast<std::uint64_t>(st.st_size);
  return input;
}

ImportInput::ImportInput(ImportInput&& other) noexcept
    : name_(std::move(other.name_)),
      fd_(std::exchange(other.fd_, -1)),
      size_(other.size_),
      read_(other.read_),
      begun_(other.begun_),
      ended_(other.ended_),
      decompressor_(std::move(other.decompressor_)),
      packed_(std::move(other.packed_)),
      failure_(std::move(other.failure_)) {}

ImportInput::~ImportInput() {
  if (fd_ >= 0) ::close(fd_);
}

Status ImportInput::rewind() {
  if (::lseek(fd_, 0, SEEK_SET) < 0) return os_error("cannot seek in " + name_);
  read_ = 0;
  begun_ = ended_ = false;
  decompressor_.reset();
  packed_.clear();
  failure_.reset();
  return {};
}

Result<std::string> ImportInput::read_some() {
  constexpr int kPauseMillis = 200;
  pollfd ready{fd_, POLLIN, 0};
  if (const int events = ::poll(&ready, 1, kPauseMillis); events == 0 || (events < 0 && errno == EINTR))
    return Error{Code::kBusy, "nothing came"};
  std::string bytes(kReadBytes, '\0');
  const ssize_t n = ::read(fd_, bytes.data(), bytes.size());
  if (n < 0 && (errno == EINTR || errno == EAGAIN)) return Error{Code::kBusy, "nothing came"};
  if (n < 0) return os_error("cannot read " + name_);
  bytes.resize(static_cast<std::size_t>(n));
  read_ += bytes.size();
  return bytes;
}

// Of what was read. A few bytes can become very many: they are fed a few at a time.
std::string ImportInput::unpack() {
  std::string out;
  Status status;
  while (status.ok() && !packed_.empty() && out.size() < kReadBytes) {
    const std::size_t size = std::min(packed_.size(), kPackedPiece);
    status = decompressor_->feed(std::string_view(packed_).substr(0, size), out);
    packed_.erase(0, size);
  }
  if (status.ok() && ended_ && packed_.empty()) status = decompressor_->end();
  if (!status) failure_ = status.error().in(name_);
  return out;
}

Result<std::string> ImportInput::next() {
  if (decompressor_ && !packed_.empty() && !failure_) {
    std::string out = unpack();
    if (!out.empty()) return out;
  }
  while (!ended_ && !failure_) {
    STELE_ASSIGN(std::string bytes, read_some());
    ended_ = bytes.empty();
    if (!begun_ && !ended_) {
      while (bytes.size() < kMagicBytes) {  // a pipe may give them one by one
        auto more = read_some();
        if (!more && more.error().code == Code::kBusy) continue;
        if (!more) return more.error();
        if (more->empty()) break;
        bytes += *more;
      }
      begun_ = true;
      decompressor_ = net::make_decompressor(bytes);
    }
    if (!decompressor_) return bytes;
    packed_ += bytes;
    std::string out = unpack();
    if (!out.empty()) return out;
  }
  if (failure_) return *failure_;
  return std::string();
}

}  // namespace stele::cli
