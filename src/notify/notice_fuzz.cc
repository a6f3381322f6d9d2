// Entries and state files that anything may have written: no crash, and what is read is written back the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "notify/mail_text.h"
#include "notify/state.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stele::notify;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto notice = notice_of_entry(text, 7, "log"); notice && *notice) {
    const std::string mail = mail_text(**notice, "a@b", "c@d");
    // One blank line ends the head, and no CR or LF stands alone.
    for (std::size_t i = 0; i < mail.size(); ++i) {
      if (mail[i] == '\n' && (i == 0 || mail[i - 1] != '\r')) std::abort();
      if (mail[i] == '\r' && (i + 1 == mail.size() || mail[i + 1] != '\n')) std::abort();
    }
  }
  const auto state = parse_state(text, 600);
  if (!state) return 0;
  const std::string written = state_json(*state);
  const auto again = parse_state(written, 600);
  if (!again || state_json(*again) != written) std::abort();
  return 0;
}
