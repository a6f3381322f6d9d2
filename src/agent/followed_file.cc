#include "agent/followed_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/readable_text.h"

namespace stele::agent {
namespace {

constexpr std::size_t kReadBytes = 256U << 10;

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

std::string read_at(int fd, std::uint64_t offset, std::size_t bytes) {
  std::string out(bytes, '\0');
  std::size_t done = 0;
  while (done < bytes) {
    const ssize_t n = ::pread(fd, &out[done], bytes - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    done += static_cast<std::size_t>(n);
  }
  out.resize(done);
  return out;
}

bool begins_as(int fd, const FilePosition& position) {
  const std::string head = read_at(fd, 0, position.head);
  return head.size() == position.head && digest_of(head) == position.digest;
}

FollowedFile::FollowedFile(Descriptor fd, FilePosition position, std::string name, std::string format)
    : fd_(std::move(fd)), position_(std::move(position)), name_(std::move(name)), format_(std::move(format)) {
  cutter_ = records::make_cutter(format_, position_.at);
  read_ = position_.at.offset;
  (void)look();
}

bool FollowedFile::look() {
  if (position_.head > 0) return false;
  struct stat st {};
  if (::fstat(fd_.get(), &st) != 0) return false;
  take_head(static_cast<std::uint64_t>(st.st_size));
  // Of one that stays empty it is the first time that counts: what was copied since is looked for.
  if (position_.head == 0 && position_.modified != 0) return false;
  position_.modified = modified_of(st);
  position_.size = static_cast<std::uint64_t>(st.st_size);
  return position_.head > 0;
}

void FollowedFile::set_named(std::int64_t modified) { position_.named = std::max(position_.named, modified); }

bool FollowedFile::was_truncated() const {
  struct stat st {};
  if (::fstat(fd_.get(), &st) != 0) return false;
  return static_cast<std::uint64_t>(st.st_size) < read_ || !begins_as(fd_.get(), position_);
}

void FollowedFile::restart() {
  position_.at = {};
  position_.head = 0;
  position_.digest = digest_of("");
  position_.size = 0;
  position_.modified = 0;
  read_ = 0;
  cutter_ = records::make_cutter(format_);
  (void)look();
}

void FollowedFile::set_rotated(std::int64_t now) {
  if (rotated_at_ == 0) rotated_at_ = now;
  position_.rotated = true;
}

std::uint64_t FollowedFile::unread() const {
  struct stat st {};
  if (::fstat(fd_.get(), &st) != 0 || static_cast<std::uint64_t>(st.st_size) < position_.at.offset) return 0;
  return static_cast<std::uint64_t>(st.st_size) - position_.at.offset;
}

bool FollowedFile::was_removed() const {
  struct stat st {};
  return ::fstat(fd_.get(), &st) != 0 || st.st_nlink == 0;
}

bool FollowedFile::collect(Batch& batch, std::int64_t now) {
  if (!hand_on(batch)) return true;
  bool more = false;
  while (batch.has_room()) {
    const std::string bytes = read_at(fd_.get(), read_, kReadBytes);
    more = bytes.size() == kReadBytes;
    read_ += bytes.size();
    if (!bytes.empty()) last_read_ = now;
    cutter_->feed(bytes, now, cut_.more());
    if (!emit(batch)) return true;
    if (!more) return false;
  }
  return more;
}

bool FollowedFile::finish(Batch& batch) {
  if (!std::exchange(ending_, true)) cutter_->end(cut_.more());
  if (!emit(batch)) return false;
  ending_ = false;
  position_.at = {read_, 0};
  batch.set_position(position_key(position_.file), position_text(position_));
  cutter_ = records::make_cutter(format_, position_.at);
  return true;
}

bool FollowedFile::emit(Batch& batch) {
  bool added = false;
  const bool all = cut_.hand_on(batch, [&](const records::Record& record) {
    batch.add({format_, name_, record.bytes, record.length, ""});
    position_.at = record.after;
    added = true;
  });
  if (!added) return all;
  take_head(position_.at.offset);
  struct stat st {};
  // One that was cut off since the read is what it was: its copy is looked for by that.
  if (::fstat(fd_.get(), &st) == 0 && static_cast<std::uint64_t>(st.st_size) >= read_) {
    position_.modified = modified_of(st);
    position_.size = static_cast<std::uint64_t>(st.st_size);
  }
  batch.set_position(position_key(position_.file), position_text(position_));
  return all;
}

void FollowedFile::take_head(std::uint64_t size) {
  const std::uint64_t wanted = std::min(size, FilePosition::kHeadBytesMax);
  if (position_.head >= wanted) return;
  const std::string head = read_at(fd_.get(), 0, wanted);
  // Not of bytes that came in the place of those that were read.
  if (head.size() != wanted || digest_of(std::string_view(head).substr(0, position_.head)) != position_.digest) return;
  position_.head = wanted;
  position_.digest = digest_of(head);
}

}  // namespace stele::agent
