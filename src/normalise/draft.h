// An event in the making: what its source claims, and what Stele concludes of it.
#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace stele::normalise {

// The members of an event, in the order in which they are written.
enum class Part : std::uint8_t {
  kId,
  kSeq,
  kTime,
  kActor,
  kAction,
  kCategory,
  kOutcome,
  kTargets,
  kOrigin,
  kContext,
  kChanges,
  kSeverity,
  kMessage,
  kAttributes,
};
inline constexpr std::size_t kParts = 14;
std::string_view part_name(Part part);

// Keeps its buffers when it is cleared. Every part is JSON text without white space; an empty one is absent.
class Draft {
 public:
  void clear();

  // The part, emptied, to append its JSON text to: said by the source, or worked out here.
  std::string& claim(Part part) { return begin(part, false); }
  std::string& conclude(Part part) { return begin(part, true); }
  [[nodiscard]] bool has(Part part) const { return !text(part).empty(); }
  [[nodiscard]] const std::string& text(Part part) const { return parts_[index(part)]; }
  // The part as it stands, to add to, whoever said it.
  std::string& edit(Part part) { return parts_[index(part)]; }
  // Takes the part away again.
  void leave_out(Part part) { begin(part, false); }

  // Begins a member of `attributes`, whose JSON text the caller appends. Null when there is one of that name: the first stays.
  // The name is UTF-8.
  std::string* attribute(std::string_view name);

  // Nobody could be named who acted.
  void set_unattributed(bool unattributed) { unattributed_ = unattributed; }
  [[nodiscard]] bool unattributed() const { return unattributed_; }
  // Which rule concluded, or which door took the source at its word.
  void set_by(std::string_view by) { by_ = by; }

  // Writes the entry's members `event` and `derived`, whose capacity is used again.
  void write(std::string& event, std::string& derived) const;

 private:
  [[nodiscard]] bool has_attribute(std::string_view name);
  static std::size_t index(Part part) { return static_cast<std::size_t>(part); }
  std::string& begin(Part part, bool concluded) {
    concluded_[index(part)] = concluded;
    parts_[index(part)].clear();
    return parts_[index(part)];
  }

  std::array<std::string, kParts> parts_;  // kAttributes without its braces
  std::array<bool, kParts> concluded_{};
  std::vector<std::string> attribute_names_;
  std::size_t attributes_ = 0;                        // of these, in use
  std::set<std::string, std::less<>> attribute_set_;  // the same, where they are many
  std::string by_;
  bool unattributed_ = false;
};

}  // namespace stele::normalise
