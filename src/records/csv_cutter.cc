#include "records/cutter.h"
#include "records/window.h"

namespace stele::records {
namespace {

class CsvCutter final : public RecordCutter {
 public:
  CsvCutter(Position from, CutLimits limits)
      : window_(from.offset, limits.record_bytes_max), lines_until_(from.state), state_(first_state(from.offset)) {}

  void feed(std::string_view bytes, std::int64_t, std::vector<Record>& out) override {
    window_.append(bytes);
    if (!begin(false)) return;
    while (at_ < window_.size()) look(out);
    const std::size_t begin = window_.begin();
    at_ = window_.compact(at_);
    if (first_line_end_ != std::string::npos) first_line_end_ -= begin;
  }

  void end(std::vector<Record>& out) override {
    (void)begin(true);
    while (at_ < window_.size()) look(out);
    take(window_.size(), window_.size(), out);
  }

 private:
  enum class State : std::uint8_t {
    kFieldStart,
    kPlain,   // in a field without quotes
    kQuoted,  // in one with them
    kQuote,   // after a quote in it, which ends it or is the first half of a quote of its text
    kBroken,  // what this is ends with the line
  };

  // Of a record that begins at that offset of the stream.
  [[nodiscard]] State first_state(std::uint64_t offset) const {
    return offset < lines_until_ ? State::kBroken : State::kFieldStart;
  }

  bool begin(bool ended) {
    if (begun_) return true;
    const std::size_t mark = window_.mark(ended);
    if (mark == std::string::npos) return false;
    begun_ = true;
    at_ = mark;
    window_.begin_at(mark);
    return true;
  }

  // Takes the byte at at_.
  void look(std::vector<Record>& out) {
    const char c = window_[at_];
    switch (state_) {
      case State::kFieldStart:
      case State::kPlain:
      case State::kBroken:
        if (c == '\n') return take(at_, at_ + 1, out);
        if (state_ == State::kBroken) break;
        if (c == ',')
          state_ = State::kFieldStart;
        else
          state_ = c == '"' && state_ == State::kFieldStart ? State::kQuoted : State::kPlain;
        break;
      case State::kQuoted:
        if (c == '"') state_ = State::kQuote;
        if (c == '\n' && first_line_end_ == std::string::npos) first_line_end_ = at_;
        break;
      case State::kQuote:
        if (c == '\n') return take(at_, at_ + 1, out);
        if (c == '"')
          state_ = State::kQuoted;
        else if (c == ',')
          state_ = State::kFieldStart;
        else if (c == '\r')
          state_ = State::kPlain;
        else
          return give_up(out);
        break;
    }
    ++at_;
  }

  // Behind a field stands what no field begins with: the quote that opened it was another's end. What was looked at is cut as
  // lines, up to the one that showed it, so that no byte is looked at again and again.
  void give_up(std::vector<Record>& out) {
    if (first_line_end_ == std::string::npos || window_.too_long(at_)) {
      state_ = State::kBroken;
      return;
    }
    const std::size_t line = first_line_end_ + window_.text(first_line_end_, at_).rfind('\n') + 1;
    lines_until_ = window_.offset_of(line);
    take(first_line_end_, first_line_end_ + 1, out);
  }

  void take(std::size_t end, std::size_t next, std::vector<Record>& out) {
    Record record;
    const bool there = window_.cut(end, record);
    record.after.offset = window_.offset_of(next);
    if (record.after.offset < lines_until_) record.after.state = lines_until_;
    window_.begin_at(next);
    at_ = next;
    state_ = first_state(record.after.offset);
    first_line_end_ = std::string::npos;
    if (there) out.push_back(std::move(record));
  }

  Window window_;
  std::size_t at_ = 0;
  std::size_t first_line_end_ = std::string::npos;  // within a field in quotes
  std::uint64_t lines_until_;                       // where in the stream; it is a record's state as long as it lies behind it
  State state_;
  bool begun_ = false;
};

}  // namespace

std::unique_ptr<RecordCutter> make_csv_cutter(Position from, CutLimits limits) {
  return std::make_unique<CsvCutter>(from, limits);
}

}  // namespace stele::records
