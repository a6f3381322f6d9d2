// The bytes of a spool (docs/formats/spool.md): files of frames, and how far the server has them. No I/O.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace stele::agent {

inline constexpr std::size_t kSpoolHeaderBytes = 64;
inline constexpr std::size_t kFrameHeaderBytes = 32;
// Longest payload of a frame: a batch, and one record of 1 MiB with every byte escaped beyond it.
inline constexpr std::uint32_t kFramePayloadBytesMax = 32U << 20;
inline constexpr std::size_t kPositionKeyBytesMax = 4'096;
inline constexpr std::size_t kPositionBytesMax = 65'535;

// Where to go on, by stream: what the value means only the stream knows. An empty one forgets the stream.
using Positions = std::map<std::string, std::string>;

struct SpoolHeader {
  std::uint64_t sequence = 0;  // its 16 hexadecimal digits are the name
  std::uint64_t number = 0;    // of the file: from 1, no two alike
  std::uint64_t first_seq = 0;
};

std::string encode_spool_header(const SpoolHeader& header);
// kUnavailable when it was written by a newer version, else kCorrupt.
Result<SpoolHeader> parse_spool_header(std::string_view bytes);

// Seeds the checksums of a file's frames, so that no frame of another file, left over in space that was used before, passes for
// one of it.
std::uint64_t frame_seed(std::uint64_t sequence, std::uint64_t number);

// One frame. Views into what was parsed.
struct SpoolFrame {
  std::uint64_t first_seq = 0;
  std::uint32_t count = 0;
  std::uint64_t size = 0;      // header and payload
  std::string_view positions;  // see for_each_position
  std::string_view lines;      // `count` lines of NDJSON
};

// `lines` has `count` of them. kTooLarge when it would be longer than a frame may be.
Result<std::string> encode_spool_frame(std::uint64_t seed, std::uint64_t first_seq, std::uint32_t count,
                                       const Positions& positions, std::string_view lines);

// Bytes that the frame at the start of `bytes` has, by its header alone; nothing when there is no frame's header.
std::optional<std::uint64_t> spool_frame_size(std::string_view bytes);
// The whole frame at the start of `bytes`, all of it checked: positions and lines are as many as it says. Nothing when there is
// none with this seed.
std::optional<SpoolFrame> parse_spool_frame(std::string_view bytes, std::uint64_t seed);
// The offset of the first whole frame in `bytes` from `from` on.
std::optional<std::size_t> find_spool_frame(std::string_view bytes, std::size_t from, std::uint64_t seed);

// Puts what a frame says of positions into `out`, key by key.
void apply_positions(std::string_view positions, Positions& out);

// How far the server has the records: kept twice, in blocks of their own, so that one that is torn leaves the other.
inline constexpr std::size_t kAcknowledgedBytes = 32;
inline constexpr std::uint64_t kAcknowledgedStride = 4'096;
std::array<std::uint8_t, kAcknowledgedBytes> encode_acknowledged(std::uint64_t sequence, std::uint64_t seq);
// The number in one copy; nothing when it is damaged or of another sequence.
std::optional<std::uint64_t> parse_acknowledged(std::string_view bytes, std::uint64_t sequence);

}  // namespace stele::agent
