// The chunked coding taken off any bytes, held against a second decoder that looks at the whole text at once: the same
// verdict, the same body, the same end, however the bytes are cut up.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/chunked.h"

namespace {

using stele::Code;
using stele::net::ChunkDecoder;

constexpr std::size_t kInputBytesMax = 4000;  // no line gets to its limit of 4096 bytes, which the second decoder lacks
constexpr std::uint64_t kBodyBytesMax = 300;

void require(bool holds) {
  if (!holds) std::abort();
}

enum class Verdict { kMore, kDone, kInvalid, kTooLarge };

struct Decoded {
  Verdict verdict = Verdict::kMore;
  std::string body;
  std::size_t used = 0;
};

bool is_text(std::string_view line) {
  return std::all_of(line.begin(), line.end(), [](char c) { return c == '\t' || (c >= 0x20 && c != 0x7f) || c < 0; });
}

// RFC 9112, section 7.1, over text that may not be all there.
class Reference {
 public:
  explicit Reference(std::string_view input) : input_(input) {}

  Decoded decode() {
    for (std::uint64_t size = 1; size > 0 && line();) {
      const auto digits = std::min(line_.find_first_not_of("0123456789abcdefABCDEF"), line_.size());
      size = 0;
      for (const char digit : line_.substr(0, digits)) {
        size = size * 16 + std::stoul(std::string(1, digit), nullptr, 16);
        if (size > kBodyBytesMax - out_.body.size()) return end(Verdict::kTooLarge);
      }
      if (digits == 0 && (complete_ || !line_.empty() || return_)) return end(Verdict::kInvalid);
      if (digits < line_.size() && (line_[digits] != ';' || !is_text(line_.substr(digits)))) return end(Verdict::kInvalid);
      if (!complete_) return end(Verdict::kMore);
      if (size == 0) break;
      out_.body += input_.substr(at_, size);
      if (input_.size() - at_ < size) return end(Verdict::kMore);
      at_ += size;
      const auto after = input_.substr(at_, 2);
      if (after != std::string_view("\r\n").substr(0, after.size())) return end(Verdict::kInvalid);
      if (after.size() < 2) return end(Verdict::kMore);
      at_ += 2;
    }
    while (line()) {
      if (!is_text(line_)) return end(Verdict::kInvalid);
      if (!complete_) return end(Verdict::kMore);
      if (line_.empty()) return end(Verdict::kDone);
    }
    return end(Verdict::kMore);
  }

 private:
  // The next line, or what is there of it; a carriage return that ends what is there may be the start of its end.
  bool line() {
    const auto end = input_.find("\r\n", at_);
    complete_ = end != std::string_view::npos;
    line_ = input_.substr(at_, complete_ ? end - at_ : std::string_view::npos);
    return_ = !complete_ && line_.ends_with('\r');
    if (return_) line_.remove_suffix(1);
    at_ = complete_ ? end + 2 : input_.size();
    return true;
  }
  Decoded end(Verdict verdict) {
    out_.verdict = verdict;
    out_.used = verdict == Verdict::kMore ? input_.size() : at_;
    return std::move(out_);
  }

  std::string_view input_;
  std::size_t at_ = 0;
  std::string_view line_;
  bool complete_ = false;
  bool return_ = false;
  Decoded out_;
};

Decoded decode(std::string_view input, std::size_t piece) {
  ChunkDecoder decoder(kBodyBytesMax);
  Decoded out;
  while (out.used < input.size() && !decoder.done()) {
    const auto used = decoder.read(input.substr(out.used, piece), out.body);
    if (!used) {
      out.verdict = used.error().code == Code::kTooLarge ? Verdict::kTooLarge : Verdict::kInvalid;
      return out;
    }
    require(decoder.done() || *used == std::min(piece, input.size() - out.used));
    out.used += *used;
  }
  require(out.body.size() <= kBodyBytesMax);
  if (decoder.done()) out.verdict = Verdict::kDone;
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), std::min(size, kInputBytesMax));
  const Decoded expected = Reference(input).decode();
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, kInputBytesMax}) {
    const Decoded got = decode(input, piece);
    require(got.verdict == expected.verdict);
    if (got.verdict == Verdict::kDone || got.verdict == Verdict::kMore)
      require(got.body == expected.body && got.used == expected.used);
  }
  return 0;
}
