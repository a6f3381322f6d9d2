#include "replay.h"

#include <cstdio>
#include <cstring>

#include "options.h"

namespace stele::bench {
namespace {

std::string read_all(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "re");
  if (file == nullptr) give_up_errno("cannot open " + path);
  std::string out;
  std::string buffer(std::size_t{1} << 20U, '\0');
  while (const std::size_t n = std::fread(buffer.data(), 1, buffer.size(), file)) out.append(buffer, 0, n);
  if (std::ferror(file) != 0) give_up_errno("cannot read " + path);
  (void)std::fclose(file);
  return out;
}

std::uint32_t number_at(const std::string& bytes, std::size_t at) {
  std::uint32_t out = 0;
  for (std::size_t i = 4; i-- > 0;) out = (out << 8U) | static_cast<unsigned char>(bytes[at + i]);
  return out;
}

}  // namespace

Replay::Replay(const std::string& path, std::uint64_t in_flight_max, std::uint64_t first_round)
    : bytes_(read_all(path)), round_(first_round) {
  constexpr std::size_t kHead = 8;
  for (std::size_t at = 0; at < bytes_.size();) {
    if (bytes_.size() - at < kHead) give_up(path + " ends within a request");
    Made made{at + kHead, number_at(bytes_, at), number_at(bytes_, at + 4), {}};
    if (made.length > bytes_.size() - made.offset) give_up(path + " ends within a request");
    const std::string_view text(bytes_.data() + made.offset, made.length);
    for (std::size_t mark = text.find(kRoundMark); mark != std::string_view::npos; mark = text.find(kRoundMark, mark + 1))
      made.marks.push_back(static_cast<std::uint32_t>(mark));
    at = made.offset + made.length;
    requests_.push_back(std::move(made));
  }
  if (requests_.size() < 4 * in_flight_max) give_up(path + " has too few requests for this many connections");
}

Slice Replay::next() {
  if (cursor_ == requests_.size()) {
    cursor_ = 0;
    ++round_;
  }
  const std::size_t number = cursor_++;
  const Made& made = requests_[number];
  char* text = bytes_.data() + made.offset;
  for (const std::uint32_t mark : made.marks) {
    for (std::size_t i = 0; i < kRoundMark.size(); ++i)
      text[mark + i] = "0123456789abcdef"[(round_ >> (4 * (kRoundMark.size() - 1 - i))) & 15U];
  }
  return {{text, made.length}, number, made.events};
}

}  // namespace stele::bench
