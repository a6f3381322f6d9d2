#include "cli/append_input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/json_text.h"
#include "base/os_error.h"
#include "io/file.h"

namespace stele::cli {

Result<AppendInput> AppendInput::open(const std::string& path, const std::string& source) {
  AppendInput input;
  const bool piped = path == "-";
  input.name_ = piped ? "stdin" : path;
  input.fd_ = piped ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (input.fd_ < 0) return os_error("cannot open " + input.name_);
  struct stat st {};
  if (::fstat(input.fd_, &st) != 0) return os_error("cannot stat " + input.name_);
  if (S_ISDIR(st.st_mode)) return invalid(path + " is a directory; name the files in it");
  if (!piped && S_ISREG(st.st_mode)) {
    const auto modified =
        static_cast<std::uint64_t>(st.st_mtim.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(st.st_mtim.tv_nsec);
    input.identity_ = FileIdentity{static_cast<std::uint64_t>(st.st_size), modified, st.st_ino};
    input.progress.file = *input.identity_;
  }
  input.progress.source = !source.empty() ? source : input.name_.substr(input.name_.rfind('/') + 1);
  constexpr std::size_t kSourceBytesMax = 128;  // the server's limit
  if (input.progress.source.size() > kSourceBytesMax || !is_utf8(input.progress.source)) {
    return invalid("the source \"" + input.progress.source + "\" is no name of 1 to 128 bytes of UTF-8: give one with --source");
  }
  return input;
}

AppendInput::AppendInput(AppendInput&& other) noexcept
    : progress(std::move(other.progress)),
      name_(std::move(other.name_)),
      fd_(std::exchange(other.fd_, -1)),
      identity_(other.identity_),
      stored_earlier_(other.stored_earlier_) {}

AppendInput::~AppendInput() {
  if (fd_ >= 0) ::close(fd_);
}

Status AppendInput::begin(const std::string& origin, bool restart) {
  progress.origin = origin;
  if (!identity_ || restart) return {};
  const auto text = io::read_file(io::posix(), progress_path(), 65'536);
  if (!text) return text.error().code == Code::kNotFound ? Status() : Status(text.error());
  const auto explain = [&](const Error& error) {
    return Error{Code::kConflict,
                 progress_path() + " does not fit " + name_ + ": " + error.message + "; --restart appends the whole file anew"};
  };
  auto kept = parse_progress(*text);
  if (!kept) return explain(kept.error());
  if (const Status same = check_progress(*kept, *identity_, origin, progress.source); !same) return explain(same.error());
  kept->file = *identity_;
  progress = std::move(*kept);
  if (const Status ended = check_line_end(); !ended) return explain(ended.error());
  if (::lseek(fd_, static_cast<off_t>(progress.offset), SEEK_SET) < 0) {
    return os_error("cannot seek in " + name_);
  }
  stored_earlier_ = progress.stored;
  return {};
}

// A file may have grown only by whole lines.
Status AppendInput::check_line_end() const {
  if (progress.offset == 0 || progress.offset == identity_->size) return {};
  char before = '\n';
  const ssize_t n = ::pread(fd_, &before, 1, static_cast<off_t>(progress.offset - 1));
  if (n == 1 && before == '\n') return {};
  return Error{Code::kConflict, "its last line was continued since"};
}

Status AppendInput::keep_progress() const {
  if (!identity_) return {};
  return io::write_file(io::posix(), progress_path(), progress_json(progress), 0600);
}

void AppendInput::forget_progress() const {
  if (identity_ && io::posix().exists(progress_path())) (void)io::posix().remove(progress_path());
}

}  // namespace stele::cli
