#include "records/window.h"

namespace stele::records {
namespace {

constexpr std::string_view kMark = "\xef\xbb\xbf";

constexpr std::string_view kBlank = " \t\r\n";

}  // namespace

bool Window::cut(std::size_t to, Record& out) const {
  out.length = to - begin_ + skipped_;
  out.begin = offset_ + begin_;
  if (out.length > max_) {
    out.bytes = held_.substr(begin_, max_);
    return true;
  }
  std::string_view bytes = text(begin_, to);
  if (bytes.ends_with('\r')) bytes.remove_suffix(1);
  if (bytes.find_first_not_of(kBlank) == std::string_view::npos) return false;
  out.bytes = bytes;
  out.length = bytes.size();
  return true;
}

std::size_t Window::compact(std::size_t at) {
  held_.erase(0, begin_);
  offset_ += begin_;
  at -= begin_;
  begin_ = 0;
  // One byte more than a record may have stays, so that it shows that it is too long.
  if (at <= max_ + 1) return at;
  skipped_ += at - (max_ + 1);
  held_.erase(max_ + 1, at - (max_ + 1));
  return max_ + 1;
}

std::size_t Window::mark(bool ended) const {
  if (offset_ != 0) return 0;
  if (held_.starts_with(kMark)) return kMark.size();
  return ended || !kMark.starts_with(held_) ? 0 : std::string::npos;
}

}  // namespace stele::records
