#include <optional>

#include "records/cutter.h"
#include "records/window.h"

namespace stele::records {
namespace {

constexpr std::size_t kDepthMax = 128;  // deeper than any document that is understood
constexpr std::size_t kNone = std::string::npos;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// Looks at brackets, strings and their order, and leaves the rest of the grammar to who parses the document.
class DocumentCutter final : public RecordCutter {
 public:
  DocumentCutter(std::string_view list, Position from, CutLimits limits)
      : list_(list), window_(from.offset, limits.record_bytes_max) {
    if (from.state <= static_cast<std::uint64_t>(Place::kWrapperList)) place_ = static_cast<Place>(from.state);
  }

  void feed(std::string_view bytes, std::int64_t, std::vector<Record>& out) override {
    window_.append(bytes);
    if (!begin(false)) return;
    while (at_ < window_.size()) look(out);
    compact();
  }

  void end(std::vector<Record>& out) override {
    (void)begin(true);
    while (at_ < window_.size()) look(out);
    if (what_ != What::kGap) take(window_.size(), window_.size(), out);
  }

 private:
  // Around the documents. A position's state is one of the first three.
  enum class Place : std::uint8_t {
    kTop,
    kList,         // in an array
    kWrapperList,  // in the array that is a member of an object
    kWrapperTail,  // in that object, behind its array
  };
  // In which of these is at_.
  enum class What : std::uint8_t { kGap, kDocument, kText, kScalar, kLine };
  enum class Expect : std::uint8_t { kKey, kColon, kValue, kAfter };
  struct Level {
    bool object = false;
    Expect expect = Expect::kValue;
  };

  bool begin(bool ended) {
    if (begun_) return true;
    const std::size_t mark = window_.mark(ended);
    if (mark == kNone) return false;
    begun_ = true;
    at_ = mark;
    window_.begin_at(mark);
    return true;
  }

  void compact() {
    if (what_ == What::kGap) window_.begin_at(at_);
    const std::size_t begin = window_.begin();
    at_ = window_.compact(at_);
    for (std::size_t* place : {&first_line_end_, &key_}) {
      if (*place != kNone) *place -= begin;
    }
  }

  void look(std::vector<Record>& out) {
    switch (what_) {
      case What::kGap: return look_in_gap(out);
      case What::kDocument: return in_string_ ? look_in_string(out) : look_in_document(out);
      case What::kText: return look_in_text(out);
      case What::kScalar: return look_in_scalar(out);
      case What::kLine:
        if (window_[at_] == '\n') return take(at_, at_ + 1, out);
        ++at_;
        return;
    }
  }

  void start(What what) {
    window_.begin_at(at_);
    what_ = what;
    levels_.clear();
    in_string_ = escaped_ = false;
    first_line_end_ = key_ = kNone;
    is_list_ = false;
  }

  void look_in_gap(std::vector<Record>& out) {
    const char c = window_[at_];
    if (place_ == Place::kWrapperTail) return look_in_tail();
    if (is_space(c) || c == ',') {
      ++at_;
    } else if (c == ']' && place_ != Place::kTop) {
      place_ = place_ == Place::kList ? Place::kTop : Place::kWrapperTail;
      tail_depth_ = 1;
      in_string_ = escaped_ = false;
      ++at_;
    } else if (c == '[' && place_ == Place::kTop) {
      place_ = Place::kList;
      ++at_;
    } else if (c == '{' || c == '[') {
      start(What::kDocument);
      look_in_document(out);
    } else if (place_ == Place::kTop) {
      start(What::kLine);
    } else if (c == '"') {
      start(What::kText);
      ++at_;
    } else {
      start(What::kScalar);
      ++at_;
    }
  }

  // What else the object has that held the list.
  void look_in_tail() {
    const char c = window_[at_++];
    if (in_string_) {
      if (!escaped_ && c == '"') in_string_ = false;
      escaped_ = !escaped_ && c == '\\';
    } else if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      ++tail_depth_;
    } else if ((c == '}' || c == ']') && --tail_depth_ == 0) {
      place_ = Place::kTop;
    }
  }

  void look_in_document(std::vector<Record>& out) {
    const char c = window_[at_];
    switch (c) {
      case ' ':
      case '\t':
      case '\r': break;
      case '\n':
        if (first_line_end_ == kNone) first_line_end_ = at_;
        break;
      case '"':
        if (levels_.back().expect == Expect::kKey)
          key_ = at_ + 1;
        else if (levels_.back().expect != Expect::kValue)
          return give_up(out);
        in_string_ = true;
        break;
      case '{':
      case '[':
        if (is_list_ && c == '[' && levels_.size() == 1) return enter_list();
        if (levels_.size() == kDepthMax || (!levels_.empty() && levels_.back().expect != Expect::kValue)) return give_up(out);
        if (!levels_.empty()) levels_.back().expect = Expect::kAfter;
        levels_.push_back({c == '{', c == '{' ? Expect::kKey : Expect::kValue});
        break;
      case '}':
      case ']':
        if (levels_.back().object != (c == '}')) return give_up(out);
        levels_.pop_back();
        if (levels_.empty()) return take(at_ + 1, at_ + 1, out);
        break;
      case ':':
        if (levels_.back().expect == Expect::kColon) levels_.back().expect = Expect::kValue;
        break;
      case ',': levels_.back().expect = levels_.back().object ? Expect::kKey : Expect::kValue; break;
      default:
        if (levels_.back().expect == Expect::kValue) levels_.back().expect = Expect::kAfter;
        break;
    }
    ++at_;
  }

  void look_in_string(std::vector<Record>& out) {
    const char c = window_[at_];
    if (c == '\n') {  // no string has one: it was cut off here
      if (first_line_end_ == kNone) first_line_end_ = at_;
      return give_up(out);
    }
    if (!escaped_ && c == '"') {
      in_string_ = false;
      Level& level = levels_.back();
      if (level.expect == Expect::kKey) {
        is_list_ = place_ == Place::kTop && levels_.size() == 1 && !list_.empty() && !window_.too_long(at_) &&
                   window_.text(key_, at_) == list_;
        level.expect = Expect::kColon;
      } else {
        level.expect = Expect::kAfter;
      }
    }
    escaped_ = !escaped_ && c == '\\';
    ++at_;
  }

  // The object turned out to be what the documents are shipped in.
  void enter_list() {
    place_ = Place::kWrapperList;
    what_ = What::kGap;
    ++at_;
  }

  void look_in_text(std::vector<Record>& out) {
    const char c = window_[at_];
    if (c == '\n') return take(at_, at_ + 1, out);
    if (!escaped_ && c == '"') return take(at_ + 1, at_ + 1, out);
    escaped_ = !escaped_ && c == '\\';
    ++at_;
  }

  void look_in_scalar(std::vector<Record>& out) {
    const char c = window_[at_];
    if (c == ',' || c == ']' || c == '\n') return take(at_, at_, out);
    ++at_;
  }

  // This becomes no document: its first line is a record, and what follows is looked at anew.
  void give_up(std::vector<Record>& out) {
    in_string_ = false;
    if (first_line_end_ != kNone && !window_.too_long(at_)) return take(first_line_end_, first_line_end_ + 1, out);
    what_ = What::kLine;
  }

  void take(std::size_t end, std::size_t next, std::vector<Record>& out) {
    Record record;
    const bool there = window_.cut(end, record);
    record.after = {window_.offset_of(next), static_cast<std::uint64_t>(place_)};
    window_.begin_at(next);
    at_ = next;
    what_ = What::kGap;
    first_line_end_ = key_ = kNone;
    if (there) out.push_back(std::move(record));
  }

  std::string list_;
  Window window_;
  std::size_t at_ = 0;
  Place place_ = Place::kTop;
  What what_ = What::kGap;
  std::vector<Level> levels_;
  bool in_string_ = false;
  bool escaped_ = false;  // by a backslash before it
  bool is_list_ = false;  // the value that comes is the list
  bool begun_ = false;
  std::size_t tail_depth_ = 0;
  std::size_t first_line_end_ = kNone;
  std::size_t key_ = kNone;
};

}  // namespace

std::unique_ptr<RecordCutter> make_document_cutter(std::string_view list, Position from, CutLimits limits) {
  return std::make_unique<DocumentCutter>(list, from, limits);
}

}  // namespace stele::records
