// An entry's scalars, each with its path and its text, as docs/formats/query.md defines them.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace stele::event {

// What the walk calls a path: small numbers, given as paths come.
using PathNumber = std::uint32_t;

// Walks entries and numbers their paths. The numbers hold until generation() changes. Not thread-safe.
class Scalars {
 public:
  Scalars() { begin_anew(); }
  Scalars(const Scalars&) = delete;
  Scalars& operator=(const Scalars&) = delete;

  struct Scalar {
    PathNumber path = 0;
    std::string_view text;
  };

  // All scalars of `entry`, in its order; its `id`, `received` and `stele` are none. It is read as what intake has checked:
  // JSON without white space; what has another structure has no scalars. What is returned borrows from `entry`, and holds
  // until the next call.
  const std::vector<Scalar>& read(std::string_view entry);

  [[nodiscard]] std::size_t paths() const { return nodes_.size(); }
  [[nodiscard]] const std::string& path(PathNumber number) const { return nodes_[number].path; }

  // Rises when the numbers begin anew, which read() does before an entry when there are more than kPathsMax, or names and paths
  // have more than kNameBytesMax.
  [[nodiscard]] std::uint64_t generation() const { return generation_; }
  static constexpr std::size_t kPathsMax = 20'000;
  static constexpr std::size_t kNameBytesMax = 4U << 20;
  static constexpr std::size_t kPathBytesMax = 2'048;  // of one; the rest is cut off

 private:
  struct Walk;
  struct Node {
    std::string name;
    bool is_plain = false;  // the name stands in entries as it is
    std::string path;
    std::vector<PathNumber> children;
    std::size_t next = 0;                                    // of these, the one that is expected
    std::map<std::string, PathNumber, std::less<>> by_name;  // where they are many
  };
  PathNumber expected(PathNumber parent);
  PathNumber child(PathNumber parent, std::string_view name);
  PathNumber add(PathNumber parent, std::string_view name);
  void begin_anew();

  std::vector<Node> nodes_;  // 0: the entry itself
  std::vector<Scalar> scalars_;
  std::deque<std::string> unescaped_;  // what texts with escapes borrow from
  std::uint64_t generation_ = 0;
  std::size_t name_bytes_ = 0;
};

}  // namespace stele::event
