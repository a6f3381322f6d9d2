// The chunked transfer coding of request bodies (RFC 9112, section 7.1), taken off strictly: lines end in CRLF, sizes are
// hexadecimal digits and nothing else. What is doubtful here is how requests get smuggled.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace stele::net {

class ChunkDecoder {
 public:
  explicit ChunkDecoder(std::uint64_t body_bytes_max) : body_bytes_max_(body_bytes_max) {}

  // Reads `input`, which follows what was read before, and appends the body bytes in it to `body`. Returns how many bytes
  // were read: all of them, unless the body ended before. kTooLarge past `body_bytes_max`, kInvalid when it is not the
  // coding, or when a line of it is longer than 4096 bytes. Chunk extensions and trailers are read and dropped.
  Result<std::size_t> read(std::string_view input, std::string& body);

  [[nodiscard]] bool done() const { return state_ == State::kDone; }

 private:
  enum class State { kSize, kExtension, kSizeEnd, kData, kDataCr, kDataLf, kTrailer, kTrailerLine, kTrailerLf, kLastLf, kDone };

  Status step(char c);
  Status size_digit(char c);

  std::uint64_t body_bytes_max_;
  std::uint64_t left_ = 0;  // of the chunk's size as read so far, then of its data
  std::uint64_t total_ = 0;
  std::size_t line_bytes_ = 0;  // of a size line with its extension, or of all trailers
  bool any_digit_ = false;
  State state_ = State::kSize;
};

}  // namespace stele::net
