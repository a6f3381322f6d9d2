// The readers of spool files over any bytes, as they are and under a right checksum: what is read is whole, and encodes to the
// same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "agent/file_identity.h"
#include "agent/spool_format.h"

namespace {

namespace sa = stele::agent;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_frame(std::string_view bytes, std::uint64_t seed) {
  const auto frame = sa::parse_spool_frame(bytes, seed);
  if (!frame) return;
  require(frame->size <= bytes.size() && sa::spool_frame_size(bytes) == frame->size);
  sa::Positions positions;
  sa::apply_positions(frame->positions, positions);
  for (const auto& [key, value] : positions) require(!key.empty() && !value.empty());
  const auto again = sa::encode_spool_frame(seed, frame->first_seq, frame->count, positions, frame->lines);
  require(again.ok() && sa::parse_spool_frame(*again, seed).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto header = sa::parse_spool_header(bytes);
  const std::uint64_t seed = header ? sa::frame_seed(header->sequence, header->number) : 0;
  if (header) check_frame(bytes.substr(sa::kSpoolHeaderBytes), seed);
  check_frame(bytes, 0);
  if (const auto at = sa::find_spool_frame(bytes, 0, seed)) require(sa::parse_spool_frame(bytes.substr(*at), seed).has_value());
  (void)sa::parse_acknowledged(bytes, 0);
  if (const auto position = sa::parse_position(bytes)) {
    const auto again = sa::parse_position(sa::position_text(*position));
    require(again && again->path == position->path && again->at == position->at && again->file == position->file);
  }
  // Input as the positions and lines of a frame.
  if (size < 2) return 0;
  const std::string_view rest = bytes.substr(1);
  const std::size_t cut = data[0] % rest.size();
  const std::string_view lines = rest.substr(cut);
  const auto count = static_cast<std::uint32_t>(std::count(lines.begin(), lines.end(), '\n'));
  const sa::Positions positions{{"key", std::string(rest.substr(0, cut))}};
  if (const auto frame = sa::encode_spool_frame(7, 1, count, positions, lines)) {
    const bool whole = lines.empty() || lines.back() == '\n';
    require(sa::parse_spool_frame(*frame, 7).has_value() == whole);
  }
  return 0;
}
