#include "collect/journal_export.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"

namespace stele::collect {

void JournalExportReader::push(std::string bytes) {
  input_ = std::move(bytes);
  at_ = 0;
}

Result<std::optional<JournalExportEntry>> JournalExportReader::next() {
  while (!failure_ && at_ < input_.size()) {
    switch (state_) {
      case State::kLine:
        if (auto entry = read_line()) return entry;
        break;
      case State::kLength: read_length(); break;
      case State::kData: read_data(); break;
      case State::kDataEnd: read_data_end(); break;
    }
  }
  if (failure_) return *failure_;
  return std::optional<JournalExportEntry>();
}

// Adds to the entry what it may hold, and counts the rest.
void JournalExportReader::keep(std::string_view bytes) {
  std::string& kept = current_.entry.bytes();
  current_.length += bytes.size();
  kept += bytes.substr(0, limits_.entry_bytes_max - kept.size());
  if (kept.size() < current_.length) current_.fault = "oversized";
}

void JournalExportReader::begin_line() {
  state_ = State::kLine;
  line_at_ = current_.entry.bytes().size();
  line_bytes_ = 0;
  name_.clear();
  has_equals_ = false;
}

// The value goes to the end of what is kept.
void JournalExportReader::add_field(std::size_t value_at) {
  JournalEntry& entry = current_.entry;
  if (current_.fault == "oversized" || !is_journal_field_name(name_)) return;
  if (entry.size() == limits_.fields_max)
    current_.fault = "too_many_fields";
  else
    entry.mark(line_at_, name_.size(), value_at, entry.bytes().size() - value_at);
}

// Reads to the end of the line, or of the input. An empty line ends an entry; several are as one.
std::optional<JournalExportEntry> JournalExportReader::read_line() {
  constexpr std::size_t kNameKept = 65;
  const std::size_t end = input_.find('\n', at_);
  const std::string_view part = std::string_view(input_).substr(at_, end == std::string::npos ? end : end - at_);
  if (!has_equals_) {
    const auto equals = part.find('=');
    has_equals_ = equals != std::string_view::npos;
    name_ += part.substr(0, std::min(equals, kNameKept - name_.size()));
  }
  keep(part);
  line_bytes_ += part.size();
  at_ += part.size();
  if (end == std::string::npos) return std::nullopt;
  ++at_;
  if (line_bytes_ == 0) {
    auto entry = std::exchange(current_, {});
    begin_line();
    return entry.length > 0 ? std::make_optional(std::move(entry)) : std::nullopt;
  }
  if (has_equals_) {
    add_field(line_at_ + name_.size() + 1);
    keep("\n");
    begin_line();
  } else if (is_journal_field_name(name_)) {
    keep("\n");
    length_.clear();
    state_ = State::kLength;
  } else {
    fail("a line of the journal export has no \"=\" and is no field's name");
  }
  return std::nullopt;
}

void JournalExportReader::read_length() {
  const std::size_t take = std::min(sizeof left_ - length_.size(), input_.size() - at_);
  length_.append(input_, at_, take);
  at_ += take;
  if (length_.size() < sizeof left_) return;
  keep(length_);
  left_ = load_le<std::uint64_t>(length_.data());
  value_at_ = current_.entry.bytes().size();
  state_ = left_ == 0 ? State::kDataEnd : State::kData;
  if (left_ > limits_.field_bytes_max) fail("a field of the journal export claims to be longer than the journal takes");
}

void JournalExportReader::read_data() {
  const std::size_t take = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input_.size() - at_));
  keep(std::string_view(input_).substr(at_, take));
  at_ += take;
  left_ -= take;
  if (left_ == 0) state_ = State::kDataEnd;
}

void JournalExportReader::read_data_end() {
  if (input_[at_++] != '\n') return fail("a field of the journal export goes on behind its length");
  add_field(value_at_);
  keep("\n");
  begin_line();
}

void JournalExportReader::fail(std::string message) { failure_ = invalid(std::move(message)); }

}  // namespace stele::collect
