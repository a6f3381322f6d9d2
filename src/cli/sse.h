// Server-sent events (WHATWG HTML, section 9.2), put together from pieces that may be cut at any byte.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace stele::cli {

struct ServerEvent {
  std::string id;    // the last one that was sent, also with an earlier event
  std::string name;  // "message" unless the server says otherwise
  std::string data;
};

class SseParser {
 public:
  // An event may have `bytes_max` bytes.
  explicit SseParser(std::size_t bytes_max = 4U << 20) : bytes_max_(bytes_max) {}

  // Calls f(ServerEvent&) for each event that is complete with this piece. kTooLarge when one gets longer than allowed.
  template <typename F>
  Status feed(std::string_view piece, F&& f) {
    for (const char c : piece) {
      // A line ends with CR, LF or CRLF.
      const bool half = after_cr_ && c == '\n';
      after_cr_ = c == '\r';
      if (half) continue;
      if (c != '\r' && c != '\n') {
        line_ += c;
        if (line_.size() + event_.data.size() > bytes_max_) return too_large();
        continue;
      }
      if (end_line()) {
        f(event_);
        event_.data.clear();
        event_.name = "message";
      }
      line_.clear();
    }
    return {};
  }

 private:
  // Takes line_ in; true when an event is complete.
  bool end_line();
  [[nodiscard]] Error too_large() const;

  std::size_t bytes_max_;
  std::string line_;
  ServerEvent event_{"", "message", ""};
  bool has_data_ = false;
  bool after_cr_ = false;
  bool started_ = false;
};

}  // namespace stele::cli
