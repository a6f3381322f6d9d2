// Cuts a TCP or TLS byte stream into syslog messages (RFC 6587 section 3.4, RFC 5425 section 4.3).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stele::collect {

inline constexpr std::size_t kSyslogMessageMax = 65'536;    // default bound of one message
inline constexpr std::size_t kSyslogOversizedHead = 8'192;  // bytes kept of a message over the bound

// What the stream held next. `text` is valid until the next push.
struct SyslogFrame {
  enum class Kind : std::uint8_t {
    kMessage,       // a complete message
    kOversized,     // longer than the bound: `text` is its head, the rest was skipped
    kBadFrame,      // it began with a digit but not with a count: `text` is the line (its head, if over the bound)
    kUnterminated,  // the stream ended in it: `text` is what had come
  };
  Kind kind = Kind::kMessage;
  std::string_view text;
  // Bytes of the message on the wire, without count and newline: as declared where it was counted, as they came elsewhere.
  std::uint64_t length = 0;
};

// Each message may be framed its own way: a digit in front means octet counting ("MSG-LEN SP MSG", at most nine digits,
// no leading zero), anything else a line that ends in LF. Of a line CR and NUL are trimmed at the end; a counted message is
// handed on exactly as it came. Between messages LF, CR and NUL are skipped, so that blank lines yield nothing. After a bad
// count the stream is taken up again behind the next LF; such a line may well be a message (one without a PRI that begins
// with its date), so that the text of a bad frame is worth parsing.
//
// The frames depend on the bytes alone, not on how they were divided into pushes. Holds at most the bound and one push,
// provided that the frames are pulled after each push. For one thread at a time.
class SyslogFramer {
 public:
  explicit SyslogFramer(std::size_t message_max = kSyslogMessageMax, std::size_t head_max = kSyslogOversizedHead);

  // Takes a copy of `bytes`. Ends the life of every frame's text.
  void push(std::string_view bytes);

  // The next frame that is complete, or nothing until more is pushed. A bounded cost: each byte is looked at once.
  [[nodiscard]] std::optional<SyslogFrame> next();

  // The stream has ended: what was begun and not completed, if anything. To be called when next() gives nothing more; the
  // framer is then as new. A message that is already over the bound, or a bad count, keeps its own kind.
  [[nodiscard]] std::optional<SyslogFrame> flush();

 private:
  enum class State : std::uint8_t { kBetween, kCount, kCounted, kLine, kBadLine };

  [[nodiscard]] bool skip_between();
  [[nodiscard]] bool read_count();
  [[nodiscard]] bool find_end();
  [[nodiscard]] std::uint64_t length_so_far() const;
  [[nodiscard]] bool is_over() const;
  [[nodiscard]] SyslogFrame frame(bool complete) const;
  void drop_scanned();

  std::size_t message_max_;
  std::size_t head_max_;
  State state_ = State::kBetween;
  std::string buffer_;          // the message that is being read, then what has not been looked at
  std::size_t begin_ = 0;       // where in the buffer that message's text starts
  std::size_t scan_ = 0;        // first byte in the buffer that has not been looked at
  std::uint64_t dropped_ = 0;   // bytes of that message, behind its head, that are no longer in the buffer
  std::uint64_t declared_ = 0;  // its length, in state kCounted
};

}  // namespace stele::collect
