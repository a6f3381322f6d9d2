#include <algorithm>
#include <deque>
#include <list>

#include "records/audit_line.h"
#include "records/line_splitter.h"

namespace stele::records {
namespace {

constexpr std::int64_t kPatienceNanos = 2'000'000'000;
constexpr std::int64_t kPatienceMillis = 2'000;

// To go on where the first open event begins would cut those anew that were complete in between. A position says how many:
// they come in the same order again, since what ends an event depends on what follows its lines alone.
class AuditCutter final : public RecordCutter {
 public:
  AuditCutter(Position from, CutLimits limits)
      : limits_(limits), lines_(from.offset, limits.record_bytes_max), to_drop_(from.state), end_(from.offset) {}

  void feed(std::string_view bytes, std::int64_t now, std::vector<Record>& out) override {
    lines_.feed(bytes, [&](Record&& line) { take(std::move(line), now, out); });
    close_if([&](const Event& event) { return now - event.touched > kPatienceNanos; }, out);
  }

  void end(std::vector<Record>& out) override {
    lines_.end([&](Record&& line) { take(std::move(line), 0, out); });
    close_if([](const Event&) { return true; }, out);
  }

 private:
  struct Event {
    std::string node;
    std::string stamp;
    std::int64_t millis = 0;
    std::int64_t touched = 0;     // when its last line came
    std::uint64_t last_line = 0;  // where that begins
    Record record;
  };
  using Events = std::list<Event>;  // in the order of their first lines

  void take(Record&& line, std::int64_t now, std::vector<Record>& out) {
    const auto read = line.length == line.bytes.size() ? read_audit_line(line.bytes) : std::nullopt;
    end_ = line.begin;
    const auto is_over = [&](const Event& event) {
      const bool older = read && event.node == read->node && read->millis - event.millis > kPatienceMillis;
      return older || line.begin - event.last_line > limits_.reach_bytes;
    };
    close_if(is_over, out);
    const std::uint64_t line_end = line.after.offset;
    if (!read) {
      const std::uint64_t begin = line.begin;
      end_ = line_end;
      return emit(std::move(line), begin, out);
    }
    add(std::move(line), *read, now, line_end, out);
  }

  void add(Record&& line, const AuditLine& read, std::int64_t now, std::uint64_t line_end, std::vector<Record>& out) {
    // Most often it is the last one.
    const auto found = std::find_if(open_.rbegin(), open_.rend(),
                                    [&](const Event& one) { return one.stamp == read.stamp && one.node == read.node; });
    auto event = found == open_.rend() ? open_.end() : std::prev(found.base());
    const bool ends = read.type == "EOE";
    const bool last = ends || read.type == "PROCTITLE" || stands_alone(read.type);
    if (event != open_.end() && !ends) {
      event->touched = now;
      event->last_line = line.begin;
      append(event->record, line);
    } else if (!ends) {
      if (open_.size() == limits_.open_max) close(std::min_element(open_.begin(), open_.end(), &touched_before), out);
      open_.push_back({std::string(read.node), std::string(read.stamp), read.millis, now, line.begin, std::move(line)});
      event = std::prev(open_.end());
    }
    end_ = line_end;
    if (event == open_.end()) return;  // the end of an event that is complete
    if (last) close(event, out);
  }

  void append(Record& event, const Record& line) const {
    event.length += 1 + line.length;
    if (event.bytes.size() < limits_.record_bytes_max) event.bytes += "\n" + line.bytes;
    if (event.bytes.size() > limits_.record_bytes_max) event.bytes.resize(limits_.record_bytes_max);
  }

  static bool touched_before(const Event& a, const Event& b) { return a.last_line < b.last_line; }

  // Those that end together go in the order of their last lines: where some are cut anew without their first lines, that is
  // still the same.
  template <typename F>
  void close_if(F&& ends, std::vector<Record>& out) {
    std::vector<Events::iterator> over;
    for (auto event = open_.begin(); event != open_.end(); ++event) {
      if (ends(*event)) over.push_back(event);
    }
    std::sort(over.begin(), over.end(), [](Events::iterator a, Events::iterator b) { return touched_before(*a, *b); });
    for (const Events::iterator event : over) close(event, out);
  }

  void close(Events::iterator event, std::vector<Record>& out) {
    const std::uint64_t last_line = event->last_line;
    Record record = std::move(event->record);
    open_.erase(event);
    emit(std::move(record), last_line, out);
  }

  void emit(Record&& record, std::uint64_t last_line, std::vector<Record>& out) {
    const std::uint64_t on = open_.empty() ? end_ : open_.front().record.begin;
    emitted_.push_back(last_line);
    std::erase_if(emitted_, [&](std::uint64_t one) { return one < on; });
    record.after = {on, emitted_.size()};
    if (to_drop_ > 0) {
      --to_drop_;
      return;
    }
    out.push_back(std::move(record));
  }

  CutLimits limits_;
  LineSplitter lines_;
  Events open_;
  std::deque<std::uint64_t> emitted_;  // last lines of those that would be cut anew
  std::uint64_t to_drop_;              // that were emitted before this cutter was made
  std::uint64_t end_;                  // of the lines that are taken; where the line begins that is being taken
};

}  // namespace

std::unique_ptr<RecordCutter> make_audit_cutter(Position from, CutLimits limits) {
  return std::make_unique<AuditCutter>(from, limits);
}

}  // namespace stele::records
