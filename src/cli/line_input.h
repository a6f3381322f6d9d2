// Lines of a file or a pipe, gathered into batches for the log.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace stele::cli {

// An event of a batch: where it stands in the batch's text, and its line in the input, from 1.
struct BatchLine {
  std::size_t at = 0;
  std::uint64_t number = 0;
};

// A line that is too long to be read at all.
struct LongLine {
  std::uint64_t number = 0;
  std::uint64_t bytes = 0;
};

struct LineBatch {
  std::string text;  // NDJSON: one event a line, without white space around it; blank lines left out
  std::vector<BatchLine> lines;
  std::vector<LongLine> too_long;
  std::uint64_t end_offset = 0;  // bytes of the input up to the end of its last line
  std::uint64_t end_line = 0;    // lines of the input up to there
  bool end_of_input = false;     // nothing follows

  // Lines [from, from + count) of the text.
  [[nodiscard]] std::string_view part(std::size_t from, std::size_t count) const;
};

struct BatchLimits {
  std::size_t lines_max = 1'000;
  std::size_t bytes_max = 4U << 20;       // a single longer line makes a batch of its own
  std::size_t line_bytes_max = 8U << 20;  // no event may be that long
};

class LineInput {
 public:
  // Reads what is there into the buffer: how many bytes, 0 at the end, nothing when none came for a while.
  using Read = std::function<Result<std::optional<std::size_t>>(std::span<char>)>;

  // `read` goes on at `offset`, after `line` lines.
  LineInput(Read read, BatchLimits limits, std::uint64_t offset = 0, std::uint64_t line = 0);

  // The next lines: as many as the limits allow, or those that came before the input paused. May be empty but for its
  // end: then nothing came, or only blank lines. After an end of input it is not called again.
  Result<LineBatch> next();

 private:
  bool take_lines(LineBatch& batch);
  bool take_line(LineBatch& batch, std::string_view line, std::size_t bytes);
  void drop_long_line();
  Result<std::optional<std::size_t>> fill();

  Read read_;
  BatchLimits limits_;
  std::string buffer_;        // read, not yet taken
  std::size_t taken_ = 0;     // of it
  std::size_t searched_ = 0;  // of it, without an end of line from taken_ on
  std::uint64_t offset_;
  std::uint64_t line_;
  std::uint64_t skipped_ = 0;  // bytes of a line that is too long
  bool end_ = false;
};

// Reads a file descriptor: a pause is 200 ms without data, or a signal.
LineInput::Read read_descriptor(int fd);

}  // namespace stele::cli
