// One small log, always the same to the byte: what the examples in docs/formats/ and the files in golden/ are made of.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "event/entry.h"
#include "log/checkpoints.h"
#include "log/frame.h"
#include "log/segment.h"
#include "merkle/note.h"
#include "merkle/tree.h"
#include "support/entries.h"

namespace stele::formats {

inline constexpr std::string_view kOrigin = "log.example/audit";
inline constexpr UnixNanos kReceived = 1'795'450'800'123'456'789;  // 2026-11-23T16:20:00.123456789Z

// 0, 1, 2, … and so on: each fill goes on where the last one ended.
class CountingRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) byte = next_++;
  }

 private:
  std::uint8_t next_ = 0;
};

log::LogId sample_log_id();          // 00 01 … 0f
merkle::NoteSigner sample_signer();  // of the seed 00 01 … 1f

// The two entries of the examples: an event from an application over HTTP, and a line from a device over UDP.
std::vector<std::string> sample_entries();
using testing::bundle_of;
std::vector<Hash> leaves_of(const std::vector<std::string>& entries);

// Proofs of a tree with these leaves.
merkle::NodeReader reader_of(const std::vector<Hash>& leaves);

// The first commit of the log: header and payload.
log::FrameHeader sample_frame_header();
std::string sample_frame();

// The same encrypted, with testing::test_ring().
std::string sample_encrypted_frame();

// An encrypted file: "who did what, when and from where\n".
std::string sample_encrypted_file();
std::string sample_keyring();

log::PublishedCheckpoint sample_checkpoint();

// The entries [256, 512) of a log, one of them not in the usual form, and the segment made of them today.
std::vector<std::string> segment_entries();
log::SegmentInfo segment_info();
std::string sample_segment();

// A receipt for the second entry.
std::string sample_receipt();

}  // namespace stele::formats
