#include "cli/patient_post.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/text.h"

namespace stele::cli {
namespace {

bool is_passing(int status) { return status == 429 || (status >= 500 && status != 501); }

}  // namespace

std::int64_t retry_millis(unsigned attempt, std::int64_t retry_after) {
  constexpr std::int64_t kFirst = 250;
  constexpr std::int64_t kMost = 10'000;
  constexpr std::int64_t kBelieved = 60'000;
  const std::int64_t doubling = std::min(kMost, kFirst << std::min(attempt - 1, 10U));
  return std::max(doubling, std::min(kBelieved, std::max<std::int64_t>(retry_after, 0) * 1000));
}

Result<net::ClientAnswer> patient_post(Connection& connection, const Clock& clock, const Patience& patience,
                                       const std::string& target, std::string_view body, std::string_view content_type) {
  std::string said;
  std::string said_again;
  std::int64_t since = 0;
  for (unsigned attempt = 1;; ++attempt) {
    auto answer = connection.http().post(target, body, std::string(content_type));
    if (answer && !is_passing(answer->status)) {
      if (since != 0)
        patience.say(
            fmt::format("going on after {}", duration_text(static_cast<std::uint64_t>((clock.monotonic() - since) / kSecond))));
      return answer;
    }
    const std::string why = answer ? answer_error(*answer, connection.name()).message : answer.error().message;
    if (since == 0) since = clock.monotonic();
    const std::int64_t left = patience.seconds - (clock.monotonic() - since) / kSecond;
    if (left <= 0)
      return unavailable(fmt::format("{}; gave up after {}", why, duration_text(static_cast<std::uint64_t>(patience.seconds))));
    if (why != said)
      patience.say(fmt::format("{}; trying again for up to {}", why, duration_text(static_cast<std::uint64_t>(left))));
    said = why;
    const std::int64_t wait = retry_millis(attempt, answer ? answer->retry_after : 0);
    if (!patience.sleep(std::min(wait, left * 1000))) return Error{Code::kBusy, "interrupted"};
    if (!answer) {
      if (const Status again = connection.reopen(); !again && again.error().code != Code::kBusy)
        patience.say(again.error().message);
    }
  }
}

}  // namespace stele::cli
