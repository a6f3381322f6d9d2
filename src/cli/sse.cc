#include "cli/sse.h"

namespace stele::cli {

bool SseParser::end_line() {
  std::string_view line = line_;
  if (!started_ && line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);
  started_ = true;
  if (line.empty()) {
    if (!has_data_) {
      event_.name = "message";
      return false;
    }
    event_.data.pop_back();  // the end of its last line
    has_data_ = false;
    return true;
  }
  const auto colon = line.find(':');
  const std::string_view field = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "data") {
    event_.data += value;
    event_.data += '\n';
    has_data_ = true;
  } else if (field == "id") {
    if (value.find('\0') == std::string_view::npos) event_.id = value;
  } else if (field == "event") {
    event_.name = value.empty() ? "message" : value;
  }
  return false;
}

Error SseParser::too_large() const {
  return {Code::kTooLarge, "the stream sent an event of more than " + std::to_string(bytes_max_) + " bytes"};
}

}  // namespace stele::cli
