#include "log/block.h"

#include <cstring>

#include "base/bytes.h"
#include "base/clock.h"
#include "event/entry.h"

namespace stele::log {
namespace {

using event::kHeadBytes;
using event::kIdAt;
using event::kReceivedAt;

// Body: for each entry a tag; kSplit is followed by the time of receipt as a zig-zag varint of nanoseconds since the
// entry before, then the length (uint16, big-endian) and the bytes after the head. kWhole is followed by length and bytes.
constexpr char kWhole = 0;
constexpr char kSplit = 1;
constexpr std::size_t kRandomBytes = 10;  // the last 20 hexadecimal digits of the id

constexpr std::string_view kHeadTemplate =
    R"({"stele":1,"id":"00000000-0000-7000-8000-000000000000","received":"1970-01-01T00:00:00.000000000Z",)";
static_assert(kHeadTemplate.size() == kHeadBytes);

constexpr std::string_view kHex = "0123456789abcdef";

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

void put_millis(char* id, std::uint64_t millis) {
  for (int i = 11; i >= 0; --i) {
    id[i < 8 ? i : i + 1] = kHex[millis & 15];
    millis >>= 4;
  }
}

// Places of the 20 digits after the milliseconds, within the id.
constexpr std::size_t digit_place(std::size_t i) { return 14 + i + (i >= 4 ? 1 : 0) + (i >= 8 ? 1 : 0); }
static_assert(digit_place(0) == 14 && digit_place(4) == 19 && digit_place(8) == 24 && digit_place(19) == 35);

void write_head(char* out, UnixNanos received, const unsigned char* random) {
  std::memcpy(out, kHeadTemplate.data(), kHeadBytes);
  char* id = out + kIdAt;
  put_millis(id, static_cast<std::uint64_t>(received / 1'000'000));
  for (std::size_t i = 0; i < 20; ++i) id[digit_place(i)] = kHex[i % 2 == 0 ? random[i / 2] >> 4 : random[i / 2] & 15];
  format_time(received, out + kReceivedAt);
}

// Takes the head apart; false unless write_head makes the very same bytes again.
bool read_head(std::string_view entry, UnixNanos& received, unsigned char* random) {
  const auto time = event::read_received(entry);
  if (!time || *time < 0) return false;
  received = *time;
  for (std::size_t i = 0; i < 20; i += 2) {
    const int high = hex_digit(entry[kIdAt + digit_place(i)]);
    const int low = hex_digit(entry[kIdAt + digit_place(i + 1)]);
    if (high < 0 || low < 0) return false;
    random[i / 2] = static_cast<unsigned char>(high << 4 | low);
  }
  char again[kHeadBytes];
  write_head(again, received, random);
  return entry.substr(0, kHeadBytes) == std::string_view(again, kHeadBytes);
}

void put_varint(std::string& out, std::int64_t value) {
  auto v = (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
  for (; v >= 0x80; v >>= 7) out.push_back(static_cast<char>(v | 0x80));
  out.push_back(static_cast<char>(v));
}

bool take_varint(std::string_view& in, std::int64_t& value) {
  std::uint64_t v = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (in.empty()) return false;
    const auto byte = static_cast<unsigned char>(in[0]);
    in.remove_prefix(1);
    v |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) {
      if ((byte == 0 && shift != 0) || (shift == 63 && byte > 1)) return false;  // one number, one spelling
      value = static_cast<std::int64_t>(v >> 1) ^ -static_cast<std::int64_t>(v & 1);
      return true;
    }
  }
  return false;
}

void put_size(std::string& out, std::size_t size) {
  out.push_back(static_cast<char>(size >> 8));
  out.push_back(static_cast<char>(size & 0xff));
}

}  // namespace

void split_entries(std::span<const std::string_view> entries, std::string& heads, std::string& body) {
  UnixNanos before = 0;
  for (const std::string_view entry : entries) {
    unsigned char random[kRandomBytes];
    UnixNanos received = 0;
    const bool split = read_head(entry, received, random);
    body.push_back(split ? kSplit : kWhole);
    if (split) {
      heads.append(reinterpret_cast<const char*>(random), kRandomBytes);
      put_varint(body, received - before);
      before = received;
    }
    const std::string_view rest = split ? entry.substr(kHeadBytes) : entry;
    put_size(body, rest.size());
    body.append(rest);
  }
}

Status join_entries(std::string_view heads, std::string_view body, std::uint32_t count, BlockRange wanted, std::string& bundle) {
  UnixNanos before = 0;
  const auto damaged = [] { return corrupt("a block does not hold the entries that it should"); };
  for (std::uint32_t i = 0; i < count; ++i) {
    if (body.empty()) return damaged();
    const char tag = body[0];
    body.remove_prefix(1);
    std::size_t head = 0;
    if (tag == kSplit) {
      std::int64_t step = 0;
      if (!take_varint(body, step) || heads.size() < kRandomBytes) return damaged();
      if (__builtin_add_overflow(before, step, &before) || before < 0) return damaged();
      head = kHeadBytes;
    } else if (tag != kWhole) {
      return damaged();
    }
    if (body.size() < 2) return damaged();
    const std::size_t size = load_be16(body.data());
    body.remove_prefix(2);
    if (body.size() < size || head + size > event::kEntryBytesMax) return damaged();
    if (i >= wanted.begin && i < wanted.end) {
      put_size(bundle, head + size);
      if (head != 0) {
        char written[kHeadBytes];
        write_head(written, before, reinterpret_cast<const unsigned char*>(heads.data()));
        bundle.append(written, kHeadBytes);
      }
      bundle.append(body.substr(0, size));
    }
    if (head != 0) heads.remove_prefix(kRandomBytes);
    body.remove_prefix(size);
  }
  if (!body.empty() || !heads.empty()) return damaged();
  return {};
}

}  // namespace stele::log
