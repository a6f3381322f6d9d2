// A log with everything in it that a log can have, and what its clients kept: what the tampering starts from.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "io/file.h"
#include "log/identity.h"
#include "log/store.h"
#include "merkle/note.h"
#include "support/fixed.h"
#include "support/prng.h"
#include "support/sim_fs.h"
#include "tamper/image.h"
#include "verify/report.h"

namespace stele::testing {

enum class End {
  kClosed,    // published, the journal cut
  kLive,      // published, the journal as it is
  kUnsigned,  // as after a kill: the last commits are newer than the last published checkpoint
};

struct LogPlan {
  std::uint64_t seed = 1;
  std::uint64_t entries = 3'000;
  std::uint64_t commit_entries_max = 60;
  std::uint64_t message_bytes_max = 300;
  std::uint64_t seal_bytes = 96U << 10;
  std::uint64_t tail_entries = 200;  // at the end, so few that they are not sealed
  std::uint64_t publish_one_in = 5;  // commits
  std::uint64_t reopen_one_in = 25;  // commits
  End end = End::kClosed;
  bool encrypted = false;
};

struct SampleLog {
  std::string dir;
  verify::Options options;  // with which it is verified
  Image image;
  Image older;  // of the same log, when it had two thirds of its entries
  log::Identity identity;
  std::string private_key;  // text; outside the image
  std::vector<std::string> entries;
  std::vector<log::SignedState> states;  // after each commit: what receipts are signed for
  std::uint64_t older_size = 0;
  std::uint64_t sealed = 0;
  std::uint64_t published = 0;  // size of the last kept checkpoint

  [[nodiscard]] merkle::NoteSigner signer() const { return merkle::parse_note_signer(private_key).value(); }
  [[nodiscard]] Hash leaf(std::uint64_t index) const;
  // The first state of at least `size` entries.
  [[nodiscard]] const log::SignedState& state_at(std::uint64_t size) const;
  // What --since and --receipt make of it.
  [[nodiscard]] verify::Anchor since(std::uint64_t size) const;
  [[nodiscard]] verify::Anchor receipt(std::uint64_t index) const;
};

SampleLog make_log(const LogPlan& plan);

// The report on an image, which must be possible to make.
verify::Report verify_image(const Image& image, const std::string& dir, const verify::Options& options = {});

// One line a finding, for people.
std::string findings_text(const verify::Report& report);

}  // namespace stele::testing
