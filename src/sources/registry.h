// The sources that are expected: whose they are, what they send, how often (docs/formats/sources.md).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace stele::sources {

inline constexpr std::size_t kRegistryBytesMax = 1U << 20;
inline constexpr std::size_t kRegisteredMax = 10'000;

enum class Delivery : std::uint8_t { kAcknowledged, kLossy };
enum class Attribution : std::uint8_t { kLenient, kStrict };

struct Registered {
  std::string owner;
  std::string kind;  // of the door; empty: any
  std::string log = "main";
  std::optional<UnixNanos> expect;      // silent when nothing came for this long
  std::vector<std::string> categories;  // that it is to feed
  std::optional<Delivery> delivery;     // unless given, what the door's protocol has
  Attribution attribution = Attribution::kLenient;
};

class Registry {
 public:
  Registry() = default;
  // kInvalid names file and line. `file` is for errors alone.
  static Result<Registry> parse(const std::string& yaml, const std::string& file);

  [[nodiscard]] const std::map<std::string, Registered, std::less<>>& sources() const { return sources_; }
  // What it says of the sources of one log.
  [[nodiscard]] Registry of_log(std::string_view log) const;
  // Null when there is none of that name.
  [[nodiscard]] const Registered* find(std::string_view name) const;
  // SHA-256 of the file, hex; empty without one.
  [[nodiscard]] const std::string& digest() const { return digest_; }

 private:
  std::map<std::string, Registered, std::less<>> sources_;
  std::string digest_;
};

// "90s", "10m", "24h", "7d" as nanoseconds; nothing if it is none, or is over 400 days.
std::optional<UnixNanos> parse_span(std::string_view text);
// The same, written back in its largest whole unit.
std::string span_text(UnixNanos span);

}  // namespace stele::sources
