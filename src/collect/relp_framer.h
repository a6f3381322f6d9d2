// Cuts a byte stream into RELP frames (librelp's doc/relp.md, "RELP FRAME"), and words the answers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace stele::collect {

inline constexpr std::size_t kRelpHeadBytes = 8'192;  // kept of data over the bound, or as many as that

// One command. The views are valid until the next call.
struct RelpFrame {
  std::uint32_t number = 0;  // of the transaction; 0 for a hint
  std::string_view command;
  std::string_view data;     // all of it, or its head when it is over the bound
  std::uint64_t length = 0;  // of the data on the wire
};

// Frames depend on the bytes alone, not on how they came. Holds at most the bound and one push. For one thread at a time.
class RelpFramer {
 public:
  explicit RelpFramer(std::size_t data_max) : data_max_(data_max) {}

  void push(std::string_view bytes);
  // The next whole frame; nothing until more is pushed; kInvalid when the bytes are no RELP: the stream is then of no use.
  [[nodiscard]] Result<std::optional<RelpFrame>> next();

 private:
  Status read_header();

  std::size_t data_max_;
  std::string buffer_;     // of the frame that is being read, then what has not been looked at
  std::size_t begin_ = 0;  // where that frame's data starts, or its header while that is not whole
  bool in_data_ = false;
  std::uint32_t number_ = 0;
  std::string command_;
  std::uint64_t length_ = 0;
  std::uint64_t skipped_ = 0;  // of the data, behind its head, that are no longer in the buffer
};

// The answer to a command; `data` starts with "200 OK" or "500 …", or is empty.
std::string relp_response(std::uint32_t number, std::string_view data);
// What is answered to the offers of an "open": the version that the client speaks, and that messages are taken.
std::string relp_offers(std::string_view offers);

}  // namespace stele::collect
