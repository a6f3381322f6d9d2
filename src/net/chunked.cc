#include "net/chunked.h"

#include <algorithm>

#include "base/bytes.h"

namespace stele::net {
namespace {

constexpr std::size_t kLineBytesMax = 4096;

bool is_line_byte(char c) { return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f); }

Error broken() { return invalid("the chunked body is damaged"); }

}  // namespace

Result<std::size_t> ChunkDecoder::read(std::string_view input, std::string& body) {
  std::size_t at = 0;
  while (at < input.size() && state_ != State::kDone) {
    if (state_ == State::kData) {
      const std::size_t take = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size() - at));
      body.append(input, at, take);
      at += take;
      left_ -= take;
      if (left_ == 0) state_ = State::kDataCr;
      continue;
    }
    STELE_TRY(step(input[at++]));
  }
  return at;
}

Status ChunkDecoder::step(char c) {
  const auto expect = [&](char wanted, State next) -> Status {
    if (c != wanted) return broken();
    state_ = next;
    return {};
  };
  if (++line_bytes_ > kLineBytesMax) return invalid("a line of the chunked body is longer than 4096 bytes");
  switch (state_) {
    case State::kSize: return size_digit(c);
    case State::kExtension:
      if (c == '\r')
        state_ = State::kSizeEnd;
      else if (!is_line_byte(c))
        return broken();
      return {};
    case State::kSizeEnd:
      if (c != '\n') return broken();
      state_ = left_ == 0 ? State::kTrailer : State::kData;
      total_ += left_;
      line_bytes_ = 0;
      any_digit_ = false;
      return {};
    case State::kDataCr: return expect('\r', State::kDataLf);
    case State::kDataLf: line_bytes_ = 0; return expect('\n', State::kSize);
    case State::kTrailer:
      if (c == '\r') return expect('\r', State::kLastLf);
      state_ = State::kTrailerLine;
      [[fallthrough]];
    case State::kTrailerLine:
      if (c == '\r')
        state_ = State::kTrailerLf;
      else if (!is_line_byte(c))
        return broken();
      return {};
    case State::kTrailerLf: return expect('\n', State::kTrailer);
    case State::kLastLf: return expect('\n', State::kDone);
    case State::kData:
    case State::kDone: break;  // never here
  }
  return broken();
}

Status ChunkDecoder::size_digit(char c) {
  if (const int digit = hex_digit(c); digit >= 0) {
    any_digit_ = true;
    left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
    if (left_ > body_bytes_max_ - total_) return Error{Code::kTooLarge, "the body is larger than the server takes"};
    return {};
  }
  if (!any_digit_) return broken();
  if (c == '\r') {
    state_ = State::kSizeEnd;
    return {};
  }
  if (c != ';') return broken();
  state_ = State::kExtension;
  return {};
}

}  // namespace stele::net
