// Whether a report on changed files is right: everything changed is found where it is, or lies where the report says
// that it does not look; and nothing else is accused.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tamper/image.h"
#include "tamper/sample_log.h"
#include "verify/report.h"

namespace stele::testing {

// Bytes or entries [first, second).
using Span = std::pair<std::uint64_t, std::uint64_t>;
using Spans = std::vector<Span>;

class Oracle {
 public:
  // Works out from the log what verification must cover, and holds the report on it, as it is, against that.
  explicit Oracle(const SampleLog& log);

  // What the report on `image` should have said and did not; nothing when it is right.
  [[nodiscard]] std::optional<std::string> judge(const Image& image, const verify::Report& report) const;

  // The same after several changes, of which one may hide another, or all together look like an older log: the report must
  // find fault with something, or everything lie where it says that it does not look.
  [[nodiscard]] std::optional<std::string> judge_several(const Image& image, const verify::Report& report) const;

  // How often changed bytes were found, and how often they lay where verification does not look.
  [[nodiscard]] std::uint64_t found() const { return found_; }
  [[nodiscard]] std::uint64_t outside() const { return outside_; }

 private:
  // A frame of the journal that is needed, as it stands in the untouched log.
  struct Frame {
    std::string file;
    Span bytes;
    Span entries;
    Hash root{};
    bool is_signed = false;
  };
  enum class Verdict { kFound, kOutside, kMissed };

  // Calls f(path, bytes, header) for every whole frame.
  template <typename F>
  void for_each_frame(const Image& image, F&& f) const;
  void find_frames();
  void find_free();
  [[nodiscard]] std::set<std::string> changed_files(const Image& image) const;
  [[nodiscard]] std::optional<std::string> judge_file(const std::string& path, const Image& image,
                                                      const verify::Report& report) const;
  [[nodiscard]] bool outside(const std::string& path, const Image& image, const verify::Report& report) const;
  [[nodiscard]] bool named(const std::string& path, const Image& image, const verify::Report& report) const;
  [[nodiscard]] std::optional<std::string> judge_frames(const std::string& path, const Image& image,
                                                        const verify::Report& report) const;
  [[nodiscard]] bool only_moved(const Image& image) const;
  [[nodiscard]] bool is_there(const Frame& frame, const Image& image) const;
  [[nodiscard]] std::uint64_t last_segment_first() const;
  [[nodiscard]] std::optional<Span> entries_at(const std::string& path, Span bytes) const;

  const SampleLog& log_;
  verify::Report pristine_;
  std::vector<Frame> frames_;
  std::map<std::string, Spans> free_;  // bytes that verification does not look at
  mutable std::uint64_t found_ = 0;
  mutable std::uint64_t outside_ = 0;
};

}  // namespace stele::testing
