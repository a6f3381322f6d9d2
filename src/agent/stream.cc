#include "agent/stream.h"

#include "base/json_text.h"
#include "base/readable_text.h"

namespace stele::agent {

std::pair<std::string, std::string> text_attribute(std::string name, std::string_view value) {
  constexpr std::size_t kValueBytesMax = 4'096;
  std::string json = "\"";
  append_readable(json, value, kValueBytesMax);
  return {std::move(name), json + "\""};
}

std::pair<std::string, std::string> number_attribute(std::string name, std::uint64_t value) {
  return {std::move(name), std::to_string(value)};
}

void Batch::begin(const Sequence& sequence, std::uint64_t first_seq, std::uint64_t bytes_max) {
  sequence_ = &sequence;
  first_seq_ = first_seq;
  bytes_max_ = bytes_max;
  count_ = 0;
  lines_.clear();
  positions_.clear();
}

void Batch::add(const CapturedRecord& record) {
  append_record_line(lines_, record, *sequence_, first_seq_ + count_);
  ++count_;
}

}  // namespace stele::agent
