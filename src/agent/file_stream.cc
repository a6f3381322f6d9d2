#include "agent/file_stream.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "base/clock.h"
#include "base/readable_text.h"

namespace stele::agent {
namespace {

constexpr std::int64_t kScanNanos = kSecond;  // where inotify says nothing: network file systems, a folder that is not there
constexpr std::int64_t kLingerNanos = 10 * kSecond;  // a writer may not know yet that his file was rotated
constexpr std::size_t kFilesMax = 16;                // open of a trail
constexpr std::uint32_t kEvents = IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB | IN_ONLYDIR;

// A name in UTF-8, for records.
std::string stream_name(const std::string& path) {
  std::string out;
  append_readable(out, path, 1'000);
  return out;
}

struct Opened {
  Descriptor fd;
  struct stat st {};
  int error = 0;
};

Opened open_file(const std::string& path) {
  Opened out;
  out.fd = Descriptor(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (out.fd.get() < 0 || ::fstat(out.fd.get(), &out.st) != 0)
    out.error = errno;
  else if (!S_ISREG(out.st.st_mode))
    out.error = EINVAL;
  return out;
}

// A file that a name was rotated to, open.
struct Generation {
  Sibling sibling;
  Opened opened;
};

// Those that were written since then and can be read, the oldest first: each is the one that had its name when all were listed.
std::vector<Generation> open_rotated(const std::string& path, std::int64_t since) {
  constexpr int kTries = 20;
  std::vector<Generation> out;
  bool is_renamed = true;
  for (int i = 0; i < kTries && is_renamed; ++i) {
    out.clear();
    is_renamed = false;
    for (Sibling& sibling : rotated_siblings(path)) {
      if (sibling.modified < since) continue;
      Opened opened = open_file(sibling.path);
      const bool is_it = opened.error == 0 && identity_of(opened.st) == sibling.file;
      is_renamed = is_renamed || opened.error == ENOENT || (opened.error == 0 && !is_it);
      if (is_it) out.push_back({std::move(sibling), std::move(opened)});
    }
  }
  return out;
}

struct Placed {
  std::string path;
  Opened opened;  // ENOENT: it stands nowhere
};

// The file with this identity, under the name that it has beside `path`.
Placed open_by_identity(const std::string& path, const FileIdentity& file) {
  constexpr int kTries = 5;  // of one that is renamed just then
  Placed out;
  for (int i = 0; i < kTries; ++i) {
    out.path = find_by_identity(path, file);
    out.opened.error = ENOENT;
    if (out.path.empty()) continue;
    out.opened = open_file(out.path);
    if (out.opened.error == 0 && identity_of(out.opened.st) != file) out.opened.error = ENOENT;
    if (out.opened.error != ENOENT) break;
  }
  return out;
}

// Whether it has bytes, and `original` begins with them.
bool is_copy_of(int copy, std::uint64_t size, int original) {
  constexpr std::size_t kPiece = 64U << 10;
  struct stat st {};
  if (size == 0 || ::fstat(original, &st) != 0 || static_cast<std::uint64_t>(st.st_size) < size) return false;
  for (std::uint64_t at = 0; at < size; at += kPiece) {
    const std::size_t wanted = std::min<std::uint64_t>(kPiece, size - at);
    const std::string piece = read_at(copy, at, wanted);
    if (piece.size() != wanted || piece != read_at(original, at, wanted)) return false;
  }
  return true;
}

// When the last of those was written that `path` was rotated to.
std::int64_t newest_rotated(const std::string& path) {
  const auto siblings = rotated_siblings(path);
  return siblings.empty() ? 0 : siblings.back().modified;
}

bool has_name(const std::string& path, const FileIdentity& file) {
  struct stat st {};
  return ::stat(path.c_str(), &st) == 0 && identity_of(st) == file;
}

// Where its last whole line ends.
std::uint64_t end_of_lines(int fd, std::uint64_t size) {
  constexpr std::uint64_t kLookBack = 1U << 20;
  std::string tail(std::min(size, kLookBack), '\0');
  const ssize_t n = ::pread(fd, tail.data(), tail.size(), static_cast<off_t>(size - tail.size()));
  if (n < 0 || static_cast<std::size_t>(n) != tail.size()) return size;
  const auto last = tail.rfind('\n');
  return last == std::string::npos ? size : size - tail.size() + last + 1;
}

// Whether the file behind `fd`, which has the position's inode or another device, is the one that it is about.
bool is_same(int fd, const FilePosition& position) {
  struct stat st {};
  return ::fstat(fd, &st) == 0 && static_cast<std::uint64_t>(st.st_size) >= position.at.offset && begins_as(fd, position);
}

// Whether a file that is not found may stand in a file system that is not mounted yet.
bool may_come(const std::string& path, const FilePosition& position) {
  struct stat directory {};
  if (::stat(directory_of(path).c_str(), &directory) != 0) return true;
  struct stat st {};
  return directory.st_dev != position.file.device && ::stat(path.c_str(), &st) != 0;
}

FilePosition begun(const FileIdentity& file, const std::string& path) {
  FilePosition out;
  out.file = file;
  out.path = path;
  out.digest = digest_of("");
  return out;
}

}  // namespace

FileStream::FileStream(FileOptions options, const Positions& positions) : options_(std::move(options)) {
  inotify_ = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  for (const auto& [key, value] : positions) {
    if (!key.starts_with("file:")) continue;
    const auto position = parse_position(value);
    const auto is_other = [&](const std::string& pattern) { return matches_pattern(pattern, position->path); };
    if (!position || !matches_pattern(options_.pattern, position->path)) continue;
    if (std::any_of(options_.except.begin(), options_.except.end(), is_other)) continue;
    Trail& trail = trails_[position->path];
    trail.known.push_back(*position);
    trail.had_position = true;
  }
}

FileStream::~FileStream() {
  if (inotify_ >= 0) ::close(inotify_);
}

void FileStream::watch(std::vector<pollfd>& out) const {
  if (inotify_ >= 0) out.push_back({inotify_, POLLIN, 0});
}

bool FileStream::drain_events() {
  alignas(inotify_event) char buffer[16 << 10];
  bool names = false;
  ssize_t n = 0;
  while ((n = ::read(inotify_, buffer, sizeof buffer)) > 0) {
    for (const char* at = buffer; at < buffer + n;) {
      inotify_event event{};
      std::copy_n(at, sizeof event, reinterpret_cast<char*>(&event));
      names = names || (event.mask & ~static_cast<std::uint32_t>(IN_MODIFY)) != 0;
      at += sizeof event + event.len;
    }
  }
  return names;
}

void FileStream::watch_directories() {
  for (const std::string& directory : expand_pattern(directory_of(options_.pattern))) {
    if (watched_.contains(directory)) continue;
    if (::inotify_add_watch(inotify_, directory.c_str(), kEvents) >= 0) watched_.insert(directory);
  }
}

// An inode is used again once its file is gone; not while it is open here.
bool FileStream::is_known(const FileIdentity& file, int fd) const {
  if (const auto at = done_.find(file); at != done_.end() && is_same(fd, at->second)) return true;
  for (const auto& [path, trail] : trails_) {
    for (const auto& one : trail.files) {
      if (one->position().file == file) return true;
    }
    for (const FilePosition& one : trail.known) {
      if (one.file == file && is_same(fd, one)) return true;
    }
  }
  return false;
}

void FileStream::set_problem(const std::string& path, Trail& trail, int error, Batch& batch) {
  std::string problem;
  if (error == EACCES || error == EPERM)
    problem = "permission denied";
  else if (error == EINVAL)
    problem = "it is no regular file";
  else if (error != 0 && error != ENOENT)
    problem = std::generic_category().message(error);
  if (problem == trail.problem) return;
  trail.problem = problem;
  if (problem.empty()) return;
  Notice notice{"file_unreadable", "warning", "failure", stream_name(path) + " cannot be read: " + problem, {}};
  notice.attributes = {text_attribute("path", path), text_attribute("reason", problem)};
  batch.tell(std::move(notice));
}

void FileStream::scan(Batch& batch, std::int64_t now) {
  watch_directories();
  // First those that the spool knows: what a pattern matches besides may be a file that one of them had.
  std::vector<std::string> paths;
  for (const auto& [path, trail] : trails_) {
    if (!trail.known.empty()) paths.push_back(path);
  }
  const std::size_t known = paths.size();
  for (std::string& path : expand_pattern(options_.pattern)) {
    if (!std::binary_search(paths.begin(), paths.begin() + static_cast<std::ptrdiff_t>(known), path))
      paths.push_back(std::move(path));
  }
  for (const auto& [path, trail] : trails_) {
    if (std::find(paths.begin(), paths.end(), path) == paths.end()) paths.push_back(path);
  }
  for (const std::string& path : paths) {
    const auto is_other = [&](const std::string& pattern) { return matches_pattern(pattern, path); };
    if (std::none_of(options_.except.begin(), options_.except.end(), is_other)) scan_path(path, !scanned_, batch, now);
  }
  scanned_ = true;
  for (const auto& [path, trail] : trails_) {
    for (const auto& file : trail.files) {
      if (file->look()) batch.set_position(position_key(file->position().file), position_text(file->position()));
    }
  }
}

void FileStream::scan_path(const std::string& path, bool first, Batch& batch, std::int64_t now) {
  Opened opened = open_file(path);
  const FileIdentity file = identity_of(opened.st);
  const auto at = trails_.find(path);
  if (at == trails_.end()) {
    if (opened.error == ENOENT) return;
    // Of a pattern: a file that another name of it is being read under, or was.
    if (opened.error == 0 && is_known(file, opened.fd.get())) return;
  }
  Trail& trail = trails_[path];
  if (!trail.known.empty()) take_up(path, trail, batch, now);
  set_problem(path, trail, opened.error, batch);
  FollowedFile* current = trail.has_current ? trail.files.back().get() : nullptr;
  if (current != nullptr && opened.error == 0 && current->position().file == file) {
    // It was it, and had the name, when it was asked for its time: it is still.
    if (has_name(path, file) && !current->was_truncated()) current->set_named(modified_of(opened.st));
    return;
  }
  if (current != nullptr) {  // it was rotated, or removed
    current->set_rotated(now);
    batch.set_position(position_key(current->position().file), position_text(current->position()));
    trail.has_current = false;
  }
  if (opened.error != 0 || is_known(file, opened.fd.get())) return;
  struct stat last {};
  if (!trail.files.empty() && ::fstat(trail.files.back()->fd(), &last) == 0) {
    take_between(path, trail, {trail.files.back()->position().named, modified_of(last)}, batch, now);
    // It was rotated since it was opened, and is one of them: what has the name now is found at the next look.
    if (is_known(file, opened.fd.get())) return;
  }
  FilePosition position = begun(file, path);
  // Those that were rotated by now are older than it, when it has the name still.
  const std::int64_t before = newest_rotated(path) + 1;
  if (!has_name(path, file)) return;
  position.named = std::max(modified_of(opened.st), before);
  if (options_.from_end && first && trail.files.empty() && !trail.had_position)
    position.at.offset = end_of_lines(opened.fd.get(), static_cast<std::uint64_t>(opened.st.st_size));
  add(path, trail, std::move(opened.fd), std::move(position), batch);
  trail.has_current = true;
}

// Goes on with what the spool knows of this name: files that were rotated, the oldest first, then the one that has it.
void FileStream::take_up(const std::string& path, Trail& trail, Batch& batch, std::int64_t now) {
  struct Found {
    Sibling place;
    Opened opened;
    FilePosition position;
  };
  std::vector<Found> found;
  std::set<FileIdentity> taken;
  Since since;
  for (FilePosition& position : std::exchange(trail.known, {})) {
    auto [place, opened] = open_by_identity(path, position.file);
    // An inode that is used again. At the path itself, or where a file was replaced in place, it is noticed when it is read.
    if (opened.error == 0 && place != path && !begins_as(opened.fd.get(), position)) opened.error = ENOENT;
    if (opened.error == ENOENT) {
      place = find_moved(path, position, taken);
      if (!place.empty()) opened = open_file(place);
      if (opened.error == 0) {
        batch.set_position(position_key(position.file), "");
        position.file = identity_of(opened.st);
      }
    }
    if (opened.error == ENOENT && may_come(path, position)) {
      trail.known.push_back(position);
      continue;
    }
    since = {std::max(since.possible, position.named), std::max(since.certain, position.modified)};
    if (opened.error == 0) taken.insert(position.file);
    if (opened.error == ENOENT) {
      forget_lost(path, position, batch);
    } else if (opened.error != 0) {  // it may be readable later
      trail.known.push_back(position);
    } else {
      const std::int64_t modified = modified_of(opened.st);
      found.push_back({{place, position.file, modified, 0}, std::move(opened), std::move(position)});
    }
  }
  std::sort(found.begin(), found.end(), [&](const Found& a, const Found& b) {
    if ((a.place.path == path) != (b.place.path == path)) return b.place.path == path;
    return was_rotated_before(a.place, b.place);
  });
  for (Found& one : found) {
    const bool is_rotated = one.place.path != path;
    // It was empty when it was last seen: it may have been copied and cut off since.
    if (!is_rotated && one.position.head == 0) {
      take_between(path, trail, Since::at(one.position.modified), batch, now);
      if (is_known(one.position.file, one.opened.fd.get())) continue;  // it was rotated meanwhile, and is one of them
    }
    one.position.rotated = is_rotated;
    if (is_rotated) since.certain = std::max(since.certain, one.place.modified);
    add(path, trail, std::move(one.opened.fd), std::move(one.position), batch);
    if (is_rotated) trail.files.back()->set_rotated(now);
    trail.has_current = !is_rotated;
  }
  if (!trail.has_current && trail.known.empty()) take_between(path, trail, since, batch, now);
}

// Where a file stands whose device has another number now; empty when it is not there. `taken` are those of other positions.
std::string FileStream::find_moved(const std::string& path, const FilePosition& position, const std::set<FileIdentity>& taken) {
  if (position.head == 0) return "";
  std::vector<std::string> places{path};
  for (const Sibling& sibling : rotated_siblings(path)) places.push_back(sibling.path);
  std::string out;
  for (const std::string& place : places) {
    const Opened opened = open_file(place);
    const FileIdentity file = identity_of(opened.st);
    if (opened.error != 0 || file.device == position.file.device || taken.contains(file)) continue;
    if (!is_same(opened.fd.get(), position)) continue;
    if (file.inode == position.file.inode) return place;
    if (out.empty()) out = place;
  }
  return out;
}

void FileStream::forget_lost(const std::string& path, const FilePosition& position, Batch& batch) {
  batch.set_position(position_key(position.file), "");
  if (position.rotated && position.at.offset >= position.size) return;
  Notice notice{"file_lost", "warning", "failure", "", {}};
  notice.message = stream_name(path) + " was rotated away and is not to be found any more: it was read up to byte " +
                   std::to_string(position.at.offset) + " of " + std::to_string(position.size) +
                   " that it had when it was last seen";
  notice.attributes = {text_attribute("path", path), number_attribute("read_bytes", position.at.offset),
                       number_attribute("seen_bytes", position.size)};
  batch.tell(std::move(notice));
}

// Generations that came and went since the last look.
void FileStream::take_between(const std::string& path, Trail& trail, Since since, Batch& batch, std::int64_t now) {
  for (auto& [sibling, opened] : open_rotated(path, since.possible)) {
    if (is_known(sibling.file, opened.fd.get())) continue;
    const auto is_original = [&](const auto& one) { return is_copy_of(opened.fd.get(), sibling.size, one->fd()); };
    if (sibling.modified < since.certain && std::any_of(trail.files.begin(), trail.files.end(), is_original)) continue;
    FilePosition position = begun(sibling.file, path);
    position.named = since.possible;
    position.rotated = true;
    position.size = sibling.size;
    add(path, trail, std::move(opened.fd), std::move(position), batch);
    trail.files.back()->set_rotated(now);
  }
}

void FileStream::take_before_current(const std::string& path, Trail& trail, std::int64_t since, Batch& batch, std::int64_t now) {
  std::unique_ptr<FollowedFile> current = std::move(trail.files.back());
  trail.files.pop_back();
  const FilePosition held = current->position();
  trail.known.push_back(held);  // so that it is not taken for one of them
  take_between(path, trail, Since::at(since), batch, now);
  trail.known.pop_back();
  trail.files.push_back(std::move(current));
}

void FileStream::add(const std::string& path, Trail& trail, Descriptor fd, FilePosition position, Batch& batch) {
  done_.erase(position.file);  // another file had its inode
  trail.files.push_back(std::make_unique<FollowedFile>(std::move(fd), std::move(position), stream_name(path), options_.format));
  const FilePosition& begun = trail.files.back()->position();  // with its first bytes
  batch.set_position(position_key(begun.file), position_text(begun));
}

// Its bytes are others than those that were read: copied elsewhere and cut off, or written anew.
void FileStream::replaced(const std::string& path, Trail& trail, std::size_t at, Batch& batch, std::int64_t now) {
  FollowedFile& file = *trail.files[at];
  FilePosition old = file.position();
  file.restart();
  batch.set_position(position_key(old.file), position_text(file.position()));
  if (old.head == 0) return;
  std::int64_t copied = 0;
  for (auto& [sibling, opened] : open_rotated(path, old.modified)) {
    if (sibling.size < old.at.offset || !begins_as(opened.fd.get(), old) || is_known(sibling.file, opened.fd.get())) continue;
    done_.erase(sibling.file);
    copied = sibling.modified;
    old.file = sibling.file;
    old.rotated = true;
    old.size = sibling.size;
    batch.set_position(position_key(old.file), position_text(old));
    auto rest = std::make_unique<FollowedFile>(std::move(opened.fd), old, stream_name(path), options_.format);
    rest->set_rotated(now);
    trail.files.insert(trail.files.begin() + static_cast<std::ptrdiff_t>(at), std::move(rest));
    break;
  }
  if (copied != 0) {  // copies of later generations, made while nobody looked
    if (trail.has_current && at + 2 == trail.files.size()) take_before_current(path, trail, copied, batch, now);
    return;
  }
  // Or another file has its inode, after rotations that nobody saw: those in between may be there.
  if (trail.has_current && at + 1 == trail.files.size()) take_before_current(path, trail, old.modified, batch, now);
  Notice notice{"file_truncated", "notice", "unknown", "", {}};
  notice.message = stream_name(path) + " was cut off or written anew, and there is no copy: it had been read up to byte " +
                   std::to_string(old.at.offset) + " of " + std::to_string(old.size) + " that it had when it was last seen";
  notice.attributes = {text_attribute("path", path), number_attribute("read_bytes", old.at.offset),
                       number_attribute("seen_bytes", old.size)};
  batch.tell(std::move(notice));
}

bool FileStream::collect_trail(const std::string& path, Trail& trail, Batch& batch, std::int64_t now) {
  // It was empty when it was last seen: it may have been written, copied and cut off since, and has no first bytes to show it.
  if (trail.has_current && trail.files.back()->position().head == 0)
    take_before_current(path, trail, trail.files.back()->position().modified, batch, now);
  for (std::size_t i = 0; i < trail.files.size(); ++i) {
    if (!batch.has_room() || !trail.files[i]->hand_on(batch)) return true;
    if (trail.files[i]->was_truncated()) {
      replaced(path, trail, i, batch, now);
      if (!batch.has_room()) return true;
    }
    if (trail.files[i]->collect(batch, now)) return true;
  }
  return false;
}

void FileStream::drop_finished(Trail& trail, Batch& batch, std::int64_t now) {
  for (std::size_t i = 0; i < trail.files.size();) {
    FollowedFile& file = *trail.files[i];
    const FileIdentity id = file.position().file;
    const bool is_current = trail.has_current && i + 1 == trail.files.size();
    const bool is_quiet = file.rotated_at() != 0 && now - std::max(file.rotated_at(), file.last_read()) > kLingerNanos;
    if (is_current || !is_quiet || !batch.has_room()) {
      if (now - file.last_read() < kLingerNanos) finished_.erase(id);
      ++i;
      continue;
    }
    if (!finished_.contains(id) && !file.finish(batch)) return;
    finished_.insert(id);
    if (!file.was_removed() && trail.files.size() <= kFilesMax) {
      ++i;
      continue;
    }
    if (file.was_removed())
      batch.set_position(position_key(id), "");
    else
      done_.insert_or_assign(id, file.position());
    finished_.erase(id);
    trail.files.erase(trail.files.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

bool FileStream::collect(Batch& batch, std::int64_t now) {
  const bool names_changed = inotify_ >= 0 && drain_events();
  if (names_changed || now >= next_scan_) {
    scan(batch, now);
    std::erase_if(done_, [&](const auto& one) {
      if (!find_by_identity(one.second.path, one.first).empty()) return false;
      batch.set_position(position_key(one.first), "");
      return true;
    });
    next_scan_ = now + kScanNanos;
  }
  bool more = false;
  auto at = trails_.lower_bound(next_trail_);
  for (std::size_t i = 0; i < trails_.size(); ++i, ++at) {
    if (at == trails_.end()) at = trails_.begin();
    auto& [path, trail] = *at;
    if (!batch.has_room()) {
      next_trail_ = path;
      return true;
    }
    const bool unread = collect_trail(path, trail, batch, now);
    more = more || unread;
    if (!unread) drop_finished(trail, batch, now);
  }
  return more;
}

void FileStream::describe(std::vector<StreamState>& out) const {
  for (const auto& [path, trail] : trails_) {
    StreamState state{stream_name(path), "following", 0};
    for (const auto& file : trail.files) state.lag_bytes += file->unread();
    if (!trail.problem.empty())
      state.state = trail.problem;
    else if (!trail.has_current)
      state.state = "not there";
    out.push_back(std::move(state));
  }
  if (trails_.empty() && !options_.optional) out.push_back({options_.pattern, "not there", 0});
}

}  // namespace stele::agent
