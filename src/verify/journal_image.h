// The journal as verification reads it, by itself and not through recovery's eyes: every frame in every file, where it
// stands, and the chain that they form (docs/formats/frame.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "log/frame.h"
#include "verify/report.h"
#include "verify/sealed.h"

namespace stele::verify {

// A frame as it stands in a file.
struct SeenFrame {
  log::FrameHeader header;
  Hash digest{};
  std::string payload;  // kept when the frame ends at or behind the sealed part
  std::string file;
  std::uint64_t offset = 0;
  bool padded = true;  // zeros stand behind the payload

  [[nodiscard]] std::uint64_t end() const { return offset + log::frame_extent(header.payload_bytes); }
  [[nodiscard]] std::string text() const;  // "commit 7 (entries 3 to 5)"
};

// A place where no whole frame stands, but something that was one, or was to become one.
struct BadFrame {
  std::string file;
  std::uint64_t from = 0;  // bytes
  std::uint64_t to = 0;
  std::optional<log::FrameHeader> header;  // when it can be read
  // Bytes were changed after they were written: what no crash leaves behind.
  bool changed = false;
};

struct JournalImage {
  std::vector<std::pair<std::string, std::uint64_t>> files;  // with their sizes
  std::vector<SeenFrame> frames;
  std::vector<BadFrame> bad;
  std::vector<Finding> findings;  // files that cannot be read
  std::uint64_t foreign = 0;      // whole headers of another log
};

// Reads every file of `journal/`; payloads of frames that end before `sealed` are not kept. An error when a newer
// program wrote the journal.
Result<JournalImage> read_journal(const LogPlace& place, std::uint64_t sealed);

// The frames that are needed: from the one that holds entry `sealed` on, or the last of all when everything is sealed.
struct JournalChain {
  std::vector<const SeenFrame*> frames;  // by commit; one that does not follow the one before stands behind a gap
  std::vector<Finding> findings;
  std::optional<BadFrame> cut;  // what stands where the next frame would

  [[nodiscard]] std::uint64_t end_index() const { return frames.empty() ? 0 : frames.back()->header.end_index(); }
};
JournalChain link_frames(const LogPlace& place, const JournalImage& image, std::uint64_t sealed);

}  // namespace stele::verify
