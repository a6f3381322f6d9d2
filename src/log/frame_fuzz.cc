// Frame headers of any bytes, as they are and under a right checksum: what is read encodes to the very same bytes.
#include <xxhash.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "log/frame.h"

namespace {

namespace sl = stele::log;

constexpr sl::LogId kLogId{1, 2, 3, 4};

void check(const sl::FrameHeaderBytes& bytes) {
  const auto header = sl::decode_frame_header(bytes, kLogId);
  if (!header) return;
  if (sl::encode_frame_header(*header) != bytes || header->log_id != kLogId) std::abort();
  if (header->payload_bytes > sl::kFramePayloadBytesMax || header->end_index() < header->first_index) std::abort();
  if (sl::frame_extent(header->payload_bytes) < sl::kFrameHeaderBytes + header->payload_bytes) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sl::FrameHeaderBytes bytes{};
  if (size > 0) std::memcpy(bytes.data(), data, std::min(size, bytes.size()));
  check(bytes);
  stele::store_le<std::uint64_t>(&bytes[248], XXH3_64bits(bytes.data(), 248));
  check(bytes);
  std::memcpy(bytes.data(), "STELEFRM", 8);
  std::memcpy(&bytes[16], kLogId.data(), kLogId.size());
  stele::store_le<std::uint64_t>(&bytes[248], XXH3_64bits(bytes.data(), 248));
  check(bytes);
  return 0;
}
