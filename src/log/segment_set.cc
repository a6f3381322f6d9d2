#include "log/segment_set.h"

#include <algorithm>

namespace stele::log {
namespace {

Error not_there(std::uint64_t index) { return {Code::kNotFound, "entry " + std::to_string(index) + " is in no segment"}; }

}  // namespace

Result<std::unique_ptr<SegmentSet>> SegmentSet::open(io::FileSystem& fs, std::string dir, const LogId& log_id) {
  std::unique_ptr<SegmentSet> set(new SegmentSet(fs, std::move(dir), log_id));
  STELE_ASSIGN(const auto names, fs.list(set->dir_));
  std::vector<SegmentName> found;
  for (const std::string& name : names) {
    if (const auto segment = parse_segment_name(name)) {
      found.push_back(*segment);
    } else if (name.ends_with(".new")) {
      set->leftovers_.push_back(name);
    }
  }
  std::sort(found.begin(), found.end(), [](const SegmentName& a, const SegmentName& b) {
    return a.first_index != b.first_index ? a.first_index < b.first_index : a.count > b.count;
  });
  std::uint64_t end = 0;
  for (const SegmentName& segment : found) {
    if (segment.first_index + segment.count <= end) {
      set->leftovers_.push_back(segment_name(segment.first_index, segment.count));
      continue;
    }
    if (segment.first_index != end) {
      return corrupt(set->dir_ + ": the segment of entry " + std::to_string(end) + " is missing; the next is " +
                     segment_name(segment.first_index, segment.count));
    }
    set->segments_.emplace(segment.first_index, segment);
    end = segment.first_index + segment.count;
  }
  return set;
}

Status SegmentSet::remove_leftovers() {
  // A crash may have come between a renaming and its sync.
  STELE_TRY(fs_.sync_dir(dir_));
  if (leftovers_.empty()) return {};
  for (const std::string& name : leftovers_) STELE_TRY(fs_.remove(dir_ + "/" + name));
  leftovers_.clear();
  return fs_.sync_dir(dir_);
}

std::uint64_t SegmentSet::end_index() const {
  const std::lock_guard lock(mutex_);
  if (segments_.empty()) return 0;
  const SegmentName& last = segments_.rbegin()->second;
  return last.first_index + last.count;
}

std::vector<SegmentName> SegmentSet::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<SegmentName> out;
  for (const auto& [first, segment] : segments_) out.push_back(segment);
  return out;
}

SegmentName SegmentSet::at(std::uint64_t first_index) const {
  const std::lock_guard lock(mutex_);
  return segments_.at(first_index);
}

std::string SegmentSet::path(const SegmentName& segment) const {
  return dir_ + "/" + segment_name(segment.first_index, segment.count);
}

Status SegmentSet::add(std::uint64_t first_index, std::uint32_t count, std::string_view file) {
  const SegmentName added{first_index, count};
  STELE_TRY(io::write_file(fs_, path(added), file, 0600));
  std::vector<SegmentName> covered;
  {
    const std::lock_guard lock(mutex_);
    auto it = segments_.lower_bound(first_index);
    while (it != segments_.end() && it->first < first_index + count) {
      covered.push_back(it->second);
      it = segments_.erase(it);
    }
    segments_.emplace(first_index, added);
    open_.remove_if([&](const auto& reader) {
      return reader->info().first_index >= first_index && reader->info().first_index < first_index + count;
    });
  }
  for (const SegmentName& segment : covered) STELE_TRY(fs_.remove(path(segment)));
  return {};
}

Result<std::shared_ptr<const SegmentReader>> SegmentSet::find(std::uint64_t index) const {
  // A merge may replace a segment between the look at the list and the opening of the file: then look again.
  constexpr int kTries = 3;
  for (int tries = 1;; ++tries) {
    SegmentName wanted{};
    {
      const std::lock_guard lock(mutex_);
      for (auto it = open_.begin(); it != open_.end(); ++it) {
        if (index < (*it)->info().first_index || index >= (*it)->info().end_index()) continue;
        open_.splice(open_.begin(), open_, it);
        return open_.front();
      }
      const auto it = segments_.upper_bound(index);
      if (it == segments_.begin()) return not_there(index);
      wanted = std::prev(it)->second;
    }
    if (index >= wanted.first_index + wanted.count) return not_there(index);
    auto opened = SegmentReader::open(fs_, path(wanted), log_id_);
    if (!opened && opened.error().code == Code::kNotFound && tries < kTries) continue;
    if (!opened && opened.error().code == Code::kCorrupt)
      return corrupt(path(wanted) + ": " + opened.error().message + "; run `stele verify` and restore the file from a copy");
    if (!opened) return opened.error().in(path(wanted));
    std::shared_ptr<const SegmentReader> reader = std::move(*opened);
    if (reader->info().first_index != wanted.first_index || reader->info().count != wanted.count) {
      return corrupt(path(wanted) + " holds other entries than its name says");
    }
    const std::lock_guard lock(mutex_);
    open_.push_front(reader);
    if (open_.size() > kOpenMax) open_.pop_back();
    return reader;
  }
}

}  // namespace stele::log
