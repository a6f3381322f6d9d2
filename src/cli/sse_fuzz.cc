// A stream fed whole and fed in pieces: the events are the same, and none is longer than allowed.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "cli/sse.h"

namespace {

constexpr std::size_t kBytesMax = 256;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Heard {
  std::vector<std::string> events;
  bool ended = false;  // an event was too large
  bool operator==(const Heard&) const = default;
};

Heard hear(std::string_view stream, std::size_t piece) {
  stele::cli::SseParser parser(kBytesMax);
  Heard heard;
  while (!stream.empty() && !heard.ended) {
    const std::string part(stream.substr(0, piece));  // in memory of its own, so that a view into it shows
    stream.remove_prefix(part.size());
    const auto status = parser.feed(part, [&](const stele::cli::ServerEvent& event) {
      require(event.data.size() <= kBytesMax && event.id.size() <= kBytesMax && !event.name.empty());
      heard.events.push_back(event.name + '\n' + event.id + '\n' + event.data);
    });
    heard.ended = !status;
  }
  return heard;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view stream(reinterpret_cast<const char*>(data), size);
  const Heard whole = hear(stream, size + 1);
  for (const std::size_t piece : {1U, 2U, 7U}) require(hear(stream, piece) == whole);
  return 0;
}
