#include "cli/line_input.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "base/os_error.h"

namespace stele::cli {
namespace {

constexpr std::size_t kReadBytes = 256U << 10;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// What the server trims too: the two must count the same lines as events.
std::string_view trim(std::string_view line) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = line.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(kSpace) - first + 1);
}

}  // namespace

std::string_view LineBatch::part(std::size_t from, std::size_t count) const {
  const std::size_t begin = from < lines.size() ? lines[from].at : text.size();
  const std::size_t end = from + count < lines.size() ? lines[from + count].at : text.size();
  return std::string_view(text).substr(begin, end - begin);
}

LineInput::LineInput(Read read, BatchLimits limits, std::uint64_t offset, std::uint64_t line)
    : read_(std::move(read)), limits_(limits), offset_(offset), line_(line) {}

Result<LineBatch> LineInput::next() {
  LineBatch batch;
  bool full = take_lines(batch);
  while (!full && !end_) {
    STELE_ASSIGN(const auto got, fill());
    if (!got) break;
    end_ = *got == 0;
    full = take_lines(batch);
  }
  batch.end_offset = offset_;
  batch.end_line = line_;
  batch.end_of_input = end_ && taken_ == buffer_.size() && skipped_ == 0;
  return batch;
}

// True when the batch takes no more.
bool LineInput::take_lines(LineBatch& batch) {
  for (;;) {
    const auto newline = buffer_.find('\n', searched_);
    const bool last = newline == std::string::npos;
    const std::size_t end = last ? buffer_.size() : newline;
    searched_ = end;
    if (end - taken_ + skipped_ > limits_.line_bytes_max) drop_long_line();
    if (last && (!end_ || (taken_ == end && skipped_ == 0))) return batch.lines.size() >= limits_.lines_max;
    if (!take_line(batch, std::string_view(buffer_).substr(taken_, end - taken_), end - taken_ + (last ? 0 : 1))) return true;
  }
}

// False when the line belongs to the next batch. `bytes` counts its end too.
bool LineInput::take_line(LineBatch& batch, std::string_view line, std::size_t bytes) {
  if (line_ == 0 && skipped_ == 0 && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  const std::string_view event = trim(line);
  const bool counts = skipped_ > 0 || !event.empty();
  const bool no_room = batch.lines.size() + batch.too_long.size() >= limits_.lines_max ||
                       (!batch.lines.empty() && batch.text.size() + event.size() + 1 > limits_.bytes_max);
  if (counts && no_room) return false;
  ++line_;
  if (skipped_ > 0) {
    batch.too_long.push_back({line_, skipped_ + line.size()});
  } else if (!event.empty()) {
    batch.lines.push_back({batch.text.size(), line_});
    batch.text += event;
    batch.text += '\n';
  }
  offset_ += skipped_ + bytes;
  skipped_ = 0;
  taken_ += bytes;
  searched_ = taken_;
  return true;
}

// Forgets what was read of the line at taken_, up to where its end was searched.
void LineInput::drop_long_line() {
  skipped_ += searched_ - taken_;
  taken_ = searched_;
}

Result<std::optional<std::size_t>> LineInput::fill() {
  buffer_.erase(0, taken_);
  searched_ -= taken_;
  taken_ = 0;
  const std::size_t before = buffer_.size();
  buffer_.resize(before + kReadBytes);
  auto got = read_(std::span(buffer_).subspan(before));
  buffer_.resize(before + (got && *got ? **got : 0));
  return got;
}

LineInput::Read read_descriptor(int fd) {
  return [fd](std::span<char> out) -> Result<std::optional<std::size_t>> {
    constexpr int kPauseMillis = 200;
    pollfd ready{fd, POLLIN, 0};
    const int events = ::poll(&ready, 1, kPauseMillis);
    if (events == 0 || (events < 0 && errno == EINTR)) return std::optional<std::size_t>();
    const ssize_t n = ::read(fd, out.data(), out.size());
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return std::optional<std::size_t>();
    if (n < 0) return os_error("cannot read");
    return std::optional(static_cast<std::size_t>(n));
  };
}

}  // namespace stele::cli
