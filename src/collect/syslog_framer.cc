#include "collect/syslog_framer.h"

#include <algorithm>
#include <cassert>

#include "base/ascii.h"

namespace stele::collect {
namespace {

constexpr std::size_t kCountDigitsMax = 9;

bool is_trailer(char c) { return c == '\r' || c == '\0'; }

}  // namespace

SyslogFramer::SyslogFramer(std::size_t message_max, std::size_t head_max)
    : message_max_(message_max), head_max_(std::min(head_max, message_max)) {
  assert(message_max > 0);
}

void SyslogFramer::push(std::string_view bytes) {
  if (state_ == State::kBetween) {
    buffer_.erase(0, scan_);
    begin_ = scan_ = 0;
  } else {
    drop_scanned();
  }
  buffer_.append(bytes);
}

// Makes room before a push: what lies before the current message, and, if that one is over the bound, what lies behind
// its head.
void SyslogFramer::drop_scanned() {
  buffer_.erase(0, begin_);
  scan_ -= begin_;
  begin_ = 0;
  if (state_ == State::kCount || !is_over() || scan_ <= head_max_) return;
  dropped_ += scan_ - head_max_;
  buffer_.erase(head_max_, scan_ - head_max_);
  scan_ = head_max_;
}

std::optional<SyslogFrame> SyslogFramer::next() {
  if (state_ == State::kBetween && !skip_between()) return std::nullopt;
  if (state_ == State::kCount && !read_count()) return std::nullopt;
  if (!find_end()) return std::nullopt;
  const SyslogFrame out = frame(true);
  state_ = State::kBetween;
  begin_ = scan_;
  dropped_ = 0;
  return out;
}

// Finds the first byte of the next message and with it the framing.
bool SyslogFramer::skip_between() {
  constexpr std::string_view kSkipped("\n\r\0", 3);
  scan_ = std::min(buffer_.find_first_not_of(kSkipped, scan_), buffer_.size());
  begin_ = scan_;
  if (scan_ == buffer_.size()) return false;
  state_ = is_digit(buffer_[scan_]) ? State::kCount : State::kLine;
  return true;
}

// Reads "MSG-LEN SP". True when it is decided what the message is, be it that it is a bad one.
bool SyslogFramer::read_count() {
  for (; scan_ < buffer_.size(); ++scan_) {
    const char c = buffer_[scan_];
    const std::size_t digit_count = scan_ - begin_;
    if (is_digit(c) && digit_count < kCountDigitsMax && buffer_[begin_] != '0') continue;
    if (c != ' ' || buffer_[begin_] == '0') {
      state_ = State::kBadLine;
      return true;
    }
    declared_ = 0;
    for (; begin_ < scan_; ++begin_) declared_ = declared_ * 10 + static_cast<std::uint64_t>(buffer_[begin_] - '0');
    begin_ = ++scan_;
    state_ = State::kCounted;
    return true;
  }
  return false;
}

// Moves scan_ behind the text of the message, in a line behind its newline; false when that has not come yet.
bool SyslogFramer::find_end() {
  if (state_ == State::kCounted) {
    const std::uint64_t missing = declared_ - length_so_far();
    const std::size_t here = buffer_.size() - scan_;
    scan_ += static_cast<std::size_t>(std::min<std::uint64_t>(missing, here));
    return missing <= here;
  }
  const std::size_t newline = buffer_.find('\n', scan_);
  scan_ = newline == std::string::npos ? buffer_.size() : newline + 1;
  return newline != std::string::npos;
}

std::uint64_t SyslogFramer::length_so_far() const { return dropped_ + (scan_ - begin_); }

bool SyslogFramer::is_over() const { return (state_ == State::kCounted ? declared_ : length_so_far()) > message_max_; }

SyslogFrame SyslogFramer::frame(bool complete) const {
  const bool counted = state_ == State::kCounted;
  const std::size_t newline = complete && !counted ? 1 : 0;
  const std::uint64_t length = length_so_far() - newline;
  const bool over = (counted ? declared_ : length) > message_max_;

  SyslogFrame out;
  out.length = counted ? declared_ : length;
  out.text = std::string_view(buffer_).substr(begin_, over ? std::min<std::uint64_t>(length, head_max_) : length);
  if (!counted && !over) {
    while (!out.text.empty() && is_trailer(out.text.back())) out.text.remove_suffix(1);
  }
  if (state_ == State::kBadLine) {
    out.kind = SyslogFrame::Kind::kBadFrame;
  } else if (over) {
    out.kind = SyslogFrame::Kind::kOversized;
  } else if (!complete) {
    out.kind = SyslogFrame::Kind::kUnterminated;
  }
  return out;
}

std::optional<SyslogFrame> SyslogFramer::flush() {
  std::optional<SyslogFrame> out;
  if (state_ != State::kBetween) out = frame(false);
  state_ = State::kBetween;
  begin_ = scan_ = buffer_.size();
  dropped_ = 0;
  return out;
}

}  // namespace stele::collect
