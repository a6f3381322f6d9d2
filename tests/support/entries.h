// Entries for tests of what stores them: mostly as the server makes them, some odd in every way that a block must keep.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "support/prng.h"

namespace stele::testing {

inline std::string random_text(Prng& random, std::size_t size) {
  std::string out(size, '\0');
  random.fill(std::as_writable_bytes(std::span(out)));
  return out;
}

// An entry with the head that the server writes: a valid UUIDv7 of `received`, and some text of a given size behind it.
inline std::string usual_entry(Prng& random, UnixNanos received, std::size_t text_size) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string digits;
  for (int shift = 44; shift >= 0; shift -= 4) digits += kHex[static_cast<std::uint64_t>(received / 1'000'000) >> shift & 15];
  for (int i = 0; i < 20; ++i) digits += kHex[random.below(16)];
  digits[12] = '7';
  digits[16] = kHex[8 + random.below(4)];
  for (const std::size_t dash : {20U, 16U, 12U, 8U}) digits.insert(dash, "-");
  std::string text;
  for (std::size_t i = 0; i < text_size; ++i) text += "etaoin shrdlu"[random.below(13)];
  return R"({"stele":1,"id":")" + digits + R"(","received":")" + format_time(received) +
         R"(","source":{"id":"test","kind":"http"},"event":{"message":")" + text + R"("}})";
}

// One that a block must not take apart: short, long, cut, or with one thing in its head that is not as the server writes it.
inline std::string odd_entry(Prng& random, UnixNanos received) {
  std::string entry = usual_entry(random, received, random.below(100));
  switch (random.below(12)) {
    case 0: return "";
    case 1: return random_text(random, random.below(300));
    case 2: return random_text(random, 65'535);
    case 3: return entry.substr(0, random.below(110));
    case 4: entry[17 + random.below(36)] = 'A'; return entry;  // upper case in the id
    case 5: entry[17 + random.below(8)] ^= 1; return entry;    // milliseconds that are not those of `received`
    case 6: entry[17 + 8] = '_'; return entry;                 // a dash
    case 7: entry[67 + 10] = 't'; return entry;                // a time written otherwise
    case 8: entry.replace(67, 30, "1969-12-31T23:59:59.999999999Z"); return entry;
    case 9: entry.replace(67, 30, "9999-12-31T23:59:59.999999999Z"); return entry;
    case 10: entry.replace(67 + 17, 2, "60"); return entry;  // a leap second
    default: entry[random.below(entry.size())] ^= 1; return entry;
  }
}

// Entries with times that rise by whatever steps; one in `odd_of` is odd (0: none).
inline std::vector<std::string> random_entries(Prng& random, std::size_t count, std::uint64_t odd_of,
                                               std::size_t text_max = 400) {
  std::vector<std::string> out;
  auto received = static_cast<UnixNanos>(random.below(9'000'000'000'000'000'000));
  for (std::size_t i = 0; i < count; ++i) {
    if (random.chance(1, 3)) received += static_cast<UnixNanos>(random.next() >> (20 + random.below(44))) & 0xff'ffff'ffff;
    out.push_back(odd_of != 0 && random.chance(1, odd_of) ? odd_entry(random, received)
                                                          : usual_entry(random, received, random.below(text_max)));
  }
  return out;
}

inline std::vector<std::string_view> views_of(const std::vector<std::string>& entries) {
  return {entries.begin(), entries.end()};
}

// A uint16 length, big-endian, and the bytes, one entry after another.
inline std::string bundle_of(std::span<const std::string> entries) {
  std::string out;
  for (const std::string& entry : entries) {
    char size[2];
    store_be16(size, static_cast<std::uint16_t>(entry.size()));
    out.append(size, 2);
    out += entry;
  }
  return out;
}

inline std::string bundle_of(std::initializer_list<std::string> entries) {
  return bundle_of(std::span(entries.begin(), entries.size()));
}

}  // namespace stele::testing
