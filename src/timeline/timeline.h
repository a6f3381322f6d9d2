// Everything that belongs to one incident: what was asked for, and what is tied to it (docs/formats/timeline.md).
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "people/directory.h"
#include "search/go_on.h"
#include "search/searched.h"
#include "timeline/link.h"

namespace stele::timeline {

inline constexpr std::uint64_t kEntriesMax = 5'000;
inline constexpr std::uint64_t kDepthMax = 10;
inline constexpr std::size_t kLinksMax = 100;  // that are followed in one round
inline constexpr std::uint64_t kCommonMax =
    1'000;  // entries of one link, of an address in one window: with more it means nothing
inline constexpr std::uint64_t kSwitchesMax = 100;   // changes to one account, of which one may be meant
inline constexpr std::size_t kBytesMax = 16U << 20;  // of the entries of an answer
inline constexpr std::size_t kValueBytesMax = 1'024;
inline constexpr UnixNanos kWindowMax = 7 * 86'400 * kSecond;

struct TimelineRequest {
  Link seed;          // kQuery, kActor, kTarget, kSession or kRequest
  query::Term query;  // of kQuery
  std::optional<UnixNanos> since;
  std::optional<UnixNanos> until;        // the first moment behind it
  UnixNanos window = 10 * 60 * kSecond;  // at most kWindowMax
  std::uint64_t depth = 4;               // at most kDepthMax
  std::uint64_t limit = 500;             // at most kEntriesMax
};

// Why an entry is there.
struct Why {
  std::size_t link = 0;  // of Timeline::links
  std::optional<std::uint64_t> through;
};

struct TimelineEntry {
  std::uint64_t index = 0;
  UnixNanos time = 0;
  std::string entry;
  std::vector<Why> why;  // at least one
};

struct FollowedLink {
  Link link;
  std::uint64_t count = 0;  // entries that it has
};

struct LeftOut {
  Link link;
  std::string reason;       // a sentence without its full stop
  std::uint64_t count = 0;  // entries that it has, where they were counted
};

struct Timeline {
  std::vector<TimelineEntry> entries;  // by time, then by place
  std::vector<FollowedLink> links;
  std::vector<LeftOut> left_out;    // at most kLinksMax
  std::set<std::string> truncated;  // bounds that were met: "bytes", "depth", "entries", "links", "time"
  std::uint64_t size = 0;           // entries of the log
};

// Any thread. When `go_on` says no, what was found until then is the answer, and "time" is told; without anything kUnavailable.
Result<Timeline> make_timeline(const search::Searched& searched, const people::Directory& people, const TimelineRequest& request,
                               const search::GoOn& go_on);

}  // namespace stele::timeline
