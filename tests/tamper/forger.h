// An insider who knows the formats: what he changes, he changes in every place, checksums, hashes and all.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "log/frame.h"
#include "merkle/note.h"
#include "support/entries.h"
#include "tamper/sample_log.h"

namespace stele::testing {

// Rewrites a log's files from entries that he has changed. Each method leaves its files fit in themselves; which of them
// he calls is how thorough he is.
class Forger {
 public:
  explicit Forger(const SampleLog& log);

  // The entry, changed: one letter of its text, its length kept.
  void change_entry(std::uint64_t index);
  void set_entry(std::uint64_t index, std::string bytes) { entries_.at(index) = std::move(bytes); }

  // The segments that hold changed entries, with right checksums and bundle roots.
  void rewrite_segments();
  // Both copies of every level.
  void rewrite_tree();
  // The journal's chain, with right checksums, roots and digests.
  void rewrite_journal();
  // Zeros wherever the journal holds no frame that is needed: older copies would tell.
  void wipe_free_space();
  // Every kept checkpoint, with the roots that the entries now lead to, signed by `signer`. From size `from` on.
  void sign_checkpoints(const merkle::NoteSigner& signer, std::uint64_t from = 0);
  // log.json names another key.
  void replace_key(const merkle::NoteSigner& signer);

  [[nodiscard]] const Image& image() const { return image_; }
  [[nodiscard]] Image& image() { return image_; }
  [[nodiscard]] Hash root_at(std::uint64_t size) const;

 private:
  const SampleLog& log_;
  Image image_;
  std::vector<std::string> entries_;
};

// A frame as it stands in a journal file.
std::string frame_bytes(log::FrameHeader header, std::string_view payload);

struct FrameAt {
  std::string path;
  std::uint64_t offset = 0;
  log::FrameHeader header;
};
// The needed frames of an untouched log, by commit.
std::vector<FrameAt> frames_of(const SampleLog& log);

}  // namespace stele::testing
