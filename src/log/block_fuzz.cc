// Blocks of any bytes join without harm, and what they join to splits and joins to itself; so do any entries.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "event/entry.h"
#include "log/block.h"

namespace {

namespace sl = stele::log;

constexpr std::string_view kHead =
    R"({"stele":1,"id":"01a2093507fb-7001-8203-040506070809","received":"2026-11-23T16:20:00.123456789Z",)";

void require(bool holds) {
  if (!holds) std::abort();
}

std::vector<std::string_view> entries_of(std::string_view bundle) {
  std::vector<std::string_view> out;
  (void)stele::event::for_each_entry(bundle, [&](std::string_view entry) { out.push_back(entry); });
  return out;
}

sl::BlockRange all(std::size_t count) { return {0, static_cast<std::uint32_t>(count)}; }

// Splitting and joining gives the same entries, all of them and those of a part.
void check_round(const std::vector<std::string_view>& entries) {
  std::string heads;
  std::string body;
  sl::split_entries(entries, heads, body);
  std::string bundle;
  const auto count = static_cast<std::uint32_t>(entries.size());
  require(sl::join_entries(heads, body, count, all(count), bundle).ok());
  require(entries_of(bundle) == entries);
  const sl::BlockRange part{count / 3, count - count / 4};
  std::string some;
  require(sl::join_entries(heads, body, count, part, some).ok());
  require(std::ranges::equal(entries_of(some), std::span(entries).subspan(part.begin, part.end - part.begin)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  // The first byte says how many entries, the second how long the heads are.
  if (size >= 2) {
    const std::uint32_t count = data[0];
    const std::string_view heads = bytes.substr(2, data[1]);
    const std::string_view body = bytes.substr(2 + heads.size());
    std::string bundle;
    if (sl::join_entries(heads, body, count, all(count), bundle).ok()) {
      const auto entries = entries_of(bundle);
      require(entries.size() == count);
      check_round(entries);
    }
  }
  check_round(entries_of(bytes));
  // Lines written over a usual head: odd in all the ways that lie near it.
  std::vector<std::string> lines;
  for (std::string_view rest = bytes; !rest.empty() && lines.size() < 64;) {
    const std::string_view line = rest.substr(0, std::min<std::size_t>(rest.find('\n'), 1000));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    std::string entry(kHead);
    const std::size_t at = line.empty() ? 0 : static_cast<unsigned char>(line[0]) % 110U;
    const std::string_view patch = line.substr(std::min<std::size_t>(line.size(), 1));
    entry.replace(std::min(at, entry.size()), patch.size(), patch);
    lines.push_back(entry + "\"source\":{}}");
  }
  check_round({lines.begin(), lines.end()});
  return 0;
}
