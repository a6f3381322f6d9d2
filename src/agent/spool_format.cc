#include "agent/spool_format.h"

#include <xxhash.h>

#include <algorithm>

namespace stele::agent {
namespace {

constexpr std::string_view kFileMagic = "STELESPL";
constexpr std::string_view kFrameMagic = "SPFR";
constexpr std::string_view kAcknowledgedMagic = "STELEACK";
constexpr std::uint16_t kVersion = 1;

std::uint64_t checksum(std::string_view bytes, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

template <typename T>
void append_le(std::string& out, T value) {
  char bytes[sizeof value];
  store_le(bytes, value);
  out.append(bytes, sizeof bytes);
}

// Of a frame: the header before it, then the payload, so that neither goes with another of its kind.
std::uint64_t frame_checksum(std::string_view head, std::string_view payload, std::uint64_t seed) {
  return checksum(payload, checksum(head, seed));
}

// Takes a length of two or four bytes and that many bytes from the front of `rest`.
template <typename T>
std::optional<std::string_view> take(std::string_view& rest) {
  if (rest.size() < sizeof(T)) return std::nullopt;
  const std::size_t size = load_le<T>(rest.data());
  if (rest.size() - sizeof(T) < size) return std::nullopt;
  const std::string_view out = rest.substr(sizeof(T), size);
  rest.remove_prefix(sizeof(T) + size);
  return out;
}

bool are_positions(std::string_view rest) {
  while (!rest.empty()) {
    const auto key = take<std::uint16_t>(rest);
    if (!key || key->empty() || key->size() > kPositionKeyBytesMax || !take<std::uint16_t>(rest)) return false;
  }
  return true;
}

}  // namespace

std::string encode_spool_header(const SpoolHeader& header) {
  std::string out(kFileMagic);
  append_le(out, kVersion);
  append_le(out, static_cast<std::uint16_t>(kSpoolHeaderBytes));
  append_le(out, std::uint32_t{0});
  append_le(out, header.sequence);
  append_le(out, header.number);
  append_le(out, header.first_seq);
  out.resize(kSpoolHeaderBytes - 8);
  append_le(out, checksum(out, 0));
  return out;
}

Result<SpoolHeader> parse_spool_header(std::string_view bytes) {
  if (bytes.size() < kSpoolHeaderBytes || !bytes.starts_with(kFileMagic)) return corrupt("it does not begin as a spool file");
  bytes = bytes.substr(0, kSpoolHeaderBytes);
  const std::string_view checked = bytes.substr(0, kSpoolHeaderBytes - 8);
  if (load_le<std::uint64_t>(&bytes[kSpoolHeaderBytes - 8]) != checksum(checked, 0)) return corrupt("its header is damaged");
  if (load_le<std::uint16_t>(&bytes[8]) > kVersion) return unavailable("it was written by a newer version of Stele");
  return SpoolHeader{load_le<std::uint64_t>(&bytes[16]), load_le<std::uint64_t>(&bytes[24]), load_le<std::uint64_t>(&bytes[32])};
}

Result<std::string> encode_spool_frame(std::uint64_t seed, std::uint64_t first_seq, std::uint32_t count,
                                       const Positions& positions, std::string_view lines) {
  std::string told;
  for (const auto& [key, value] : positions) {
    if (key.empty() || key.size() > kPositionKeyBytesMax || value.size() > kPositionBytesMax)
      return Error{Code::kTooLarge, "the position of " + key.substr(0, 100) + " does not fit"};
    append_le(told, static_cast<std::uint16_t>(key.size()));
    told += key;
    append_le(told, static_cast<std::uint16_t>(value.size()));
    told += value;
  }
  if (told.size() + lines.size() > kFramePayloadBytesMax) return Error{Code::kTooLarge, "a batch is too long for the spool"};
  std::string out(kFrameMagic);
  append_le(out, static_cast<std::uint32_t>(told.size() + lines.size()));
  append_le(out, first_seq);
  append_le(out, count);
  append_le(out, static_cast<std::uint32_t>(told.size()));
  const std::string head = out;
  out.reserve(kFrameHeaderBytes + told.size() + lines.size());
  append_le(out, std::uint64_t{0});
  out += told;
  out += lines;
  store_le(&out[kFrameHeaderBytes - 8], frame_checksum(head, std::string_view(out).substr(kFrameHeaderBytes), seed));
  return out;
}

std::uint64_t frame_seed(std::uint64_t sequence, std::uint64_t number) {
  std::string both;
  append_le(both, sequence);
  append_le(both, number);
  return checksum(both, 0);
}

std::optional<std::uint64_t> spool_frame_size(std::string_view bytes) {
  if (bytes.size() < kFrameHeaderBytes || !bytes.starts_with(kFrameMagic)) return std::nullopt;
  const auto payload = load_le<std::uint32_t>(&bytes[4]);
  if (payload > kFramePayloadBytesMax) return std::nullopt;
  return kFrameHeaderBytes + payload;
}

std::optional<SpoolFrame> parse_spool_frame(std::string_view bytes, std::uint64_t seed) {
  const auto size = spool_frame_size(bytes);
  if (!size || *size > bytes.size()) return std::nullopt;
  const std::string_view payload = bytes.substr(kFrameHeaderBytes, *size - kFrameHeaderBytes);
  const std::string_view head = bytes.substr(0, kFrameHeaderBytes - 8);
  if (load_le<std::uint64_t>(&bytes[kFrameHeaderBytes - 8]) != frame_checksum(head, payload, seed)) return std::nullopt;
  SpoolFrame out;
  out.first_seq = load_le<std::uint64_t>(&bytes[8]);
  out.count = load_le<std::uint32_t>(&bytes[16]);
  const auto told = load_le<std::uint32_t>(&bytes[20]);
  if (told > payload.size() || out.first_seq == 0 || out.first_seq + out.count < out.first_seq) return std::nullopt;
  out.size = *size;
  out.positions = payload.substr(0, told);
  out.lines = payload.substr(told);
  if (!are_positions(out.positions)) return std::nullopt;
  if (std::count(out.lines.begin(), out.lines.end(), '\n') != static_cast<std::ptrdiff_t>(out.count)) return std::nullopt;
  if (!out.lines.empty() && out.lines.back() != '\n') return std::nullopt;
  return out;
}

std::optional<std::size_t> find_spool_frame(std::string_view bytes, std::size_t from, std::uint64_t seed) {
  for (std::size_t at = bytes.find(kFrameMagic, from); at != std::string_view::npos; at = bytes.find(kFrameMagic, at + 1)) {
    if (parse_spool_frame(bytes.substr(at), seed)) return at;
  }
  return std::nullopt;
}

void apply_positions(std::string_view positions, Positions& out) {
  while (!positions.empty()) {
    const auto key = take<std::uint16_t>(positions);
    const auto value = key ? take<std::uint16_t>(positions) : std::nullopt;
    if (!value) return;
    if (value->empty())
      out.erase(std::string(*key));
    else
      out.insert_or_assign(std::string(*key), std::string(*value));
  }
}

std::array<std::uint8_t, kAcknowledgedBytes> encode_acknowledged(std::uint64_t sequence, std::uint64_t seq) {
  std::string text(kAcknowledgedMagic);
  append_le(text, sequence);
  append_le(text, seq);
  append_le(text, checksum(text, 0));
  std::array<std::uint8_t, kAcknowledgedBytes> out{};
  std::copy(text.begin(), text.end(), out.begin());
  return out;
}

std::optional<std::uint64_t> parse_acknowledged(std::string_view bytes, std::uint64_t sequence) {
  if (bytes.size() < kAcknowledgedBytes || !bytes.starts_with(kAcknowledgedMagic)) return std::nullopt;
  if (load_le<std::uint64_t>(&bytes[24]) != checksum(bytes.substr(0, 24), 0)) return std::nullopt;
  if (load_le<std::uint64_t>(&bytes[8]) != sequence) return std::nullopt;
  return load_le<std::uint64_t>(&bytes[16]);
}

}  // namespace stele::agent
