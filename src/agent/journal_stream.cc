#include "agent/journal_stream.h"

#include <cstdlib>
#include <system_error>

#include "base/bytes.h"
#include "base/clock.h"
#include "records/cutter.h"

namespace stele::agent {
namespace {

constexpr std::int64_t kReopenNanos = kSecond;
constexpr int kLocalOnly = 1;  // SD_JOURNAL_LOCAL_ONLY

std::string words_of(int rc) { return std::generic_category().message(-rc); }

}  // namespace

JournalStream::JournalStream(const JournalLibrary& library, std::string directory, const Positions& positions)
    : library_(library), directory_(std::move(directory)), key_(directory_.empty() ? "journal" : "journal:" + directory_) {
  const auto at = positions.find(key_);
  if (at != positions.end()) cursor_ = at->second;
}

JournalStream::~JournalStream() { close(); }

void JournalStream::close() {
  if (journal_ != nullptr) library_.close(journal_);
  journal_ = nullptr;
  fd_ = -1;
  on_entry_ = false;
}

void JournalStream::watch(std::vector<pollfd>& out) const {
  if (fd_ >= 0) out.push_back({fd_, POLLIN, 0});
}

void JournalStream::open(Batch& batch, std::int64_t now) {
  if (now < next_try_) return;
  next_try_ = now + kReopenNanos;
  const int rc =
      directory_.empty() ? library_.open(&journal_, kLocalOnly) : library_.open_directory(&journal_, directory_.c_str(), 0);
  if (rc < 0) {
    journal_ = nullptr;
    if (problem_ == words_of(rc)) return;
    problem_ = words_of(rc);
    Notice notice{"journal_unreadable", "warning", "failure", "the journal cannot be read: " + problem_, {}};
    notice.attributes = {text_attribute("directory", directory_), text_attribute("reason", problem_)};
    return batch.tell(std::move(notice));
  }
  problem_.clear();
  (void)library_.set_data_threshold(journal_, 0);  // whole fields
  fd_ = library_.get_fd(journal_);                 // from here on it notices what is added
  take_up(batch);
}

// Stands behind the last entry that was taken, or on the first of those that are left.
void JournalStream::take_up(Batch& batch) {
  if (cursor_.empty()) {
    (void)library_.seek_head(journal_);
    return;
  }
  if (library_.seek_cursor(journal_, cursor_.c_str()) < 0) return;
  if (library_.next(journal_) <= 0) return;
  if (library_.test_cursor(journal_, cursor_.c_str()) > 0) return;
  on_entry_ = true;
  JournalEntry entry;
  if (!read_entry(entry)) return;
  const auto lost = entries_between(cursor_, entry.cursor);
  if (lost == 0) return;
  Notice notice{"journal_gap", "warning", "failure", "the journal was rotated away unread", {}};
  notice.attributes = {text_attribute("after", cursor_), text_attribute("goes_on_at", entry.cursor)};
  if (lost) notice.attributes.push_back(number_attribute("entries", *lost));
  batch.tell(std::move(notice));
}

bool JournalStream::read_entry(JournalEntry& out) const {
  char* cursor = nullptr;
  if (library_.get_cursor(journal_, &cursor) < 0) return false;
  out.cursor = cursor;
  ::free(cursor);
  BootId boot;
  (void)library_.get_realtime_usec(journal_, &out.realtime_usec);
  (void)library_.get_monotonic_usec(journal_, &out.monotonic_usec, &boot);
  out.boot_id = hex_encode(std::as_bytes(std::span(boot.bytes)));
  out.fields.clear();
  const void* data = nullptr;
  std::size_t size = 0;
  library_.restart_data(journal_);
  while (library_.enumerate_data(journal_, &data, &size) > 0) {
    const std::string_view field(static_cast<const char*>(data), size);
    const auto equals = field.find('=');
    if (equals != std::string_view::npos) out.fields.emplace_back(field.substr(0, equals), field.substr(equals + 1));
  }
  return true;
}

bool JournalStream::collect(Batch& batch, std::int64_t now) {
  if (journal_ == nullptr) open(batch, now);
  if (journal_ == nullptr) return false;
  if (const int rc = library_.process(journal_); rc < 0) {  // files went away in a way that it does not get over
    close();
    return false;
  }
  JournalEntry entry;
  bool more = true;
  std::string last;
  while (batch.has_room()) {
    more = on_entry_ || library_.next(journal_) > 0;
    if (!more) break;
    on_entry_ = false;
    if (!read_entry(entry)) continue;  // an entry that was being written when its machine ended
    const std::string json = journal_json(entry);
    const std::string_view bytes = std::string_view(json).substr(0, records::kRecordBytesMax);
    batch.add({"journal", "journal", bytes, json.size(), ""});
    last = entry.cursor;
  }
  if (last.empty()) return more && batch.has_room();
  cursor_ = last;
  batch.set_position(key_, cursor_);
  return more;
}

void JournalStream::describe(std::vector<StreamState>& out) const {
  const std::string name = directory_.empty() ? "journal" : "journal " + directory_;
  out.push_back({name, journal_ != nullptr ? "following" : problem_.empty() ? "not open yet" : problem_, 0});
}

}  // namespace stele::agent
