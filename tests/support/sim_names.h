// The directories of the simulated disk: what paths lead to, and which changes of names the disk may still forget.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "support/sim_content.h"

namespace stele::testing {

// Something wrong with the medium under a file: an unreadable range, or (with a mask) an inverted bit.
struct MediaFault {
  std::uint64_t offset;
  std::uint64_t length;
  std::byte mask;
  bool hidden;  // by the page cache
};

struct SimNode;
// Shared as in a kernel: names, pending changes of names and open files each keep a node alive.
using NodePtr = std::shared_ptr<SimNode>;

// A file or a directory.
struct SimNode {
  SimNode(std::uint64_t number, bool is_directory) : id(number), directory(is_directory) {}

  const std::uint64_t id;
  const bool directory;
  SimContent content;
  std::map<std::string, NodePtr, std::less<>> entries;
  std::vector<MediaFault> faults;
  std::uint64_t lock_holder = 0;  // 0: free
};

// Where a path leads: a name in a directory, and what bears it now, if anything. The root has no directory.
struct Place {
  NodePtr dir;
  std::string name;
  NodePtr node;
};

// Not thread-safe.
class SimNames {
 public:
  SimNames() : root_(std::make_shared<SimNode>(0, true)) {}

  [[nodiscard]] SimNode& root() const { return *root_; }
  // kNotFound when a directory on the way is missing, kIo when it is a file. A missing last name is a null node.
  [[nodiscard]] Result<Place> locate(std::string_view path) const;

  // Creates an empty node at a free place.
  NodePtr create(const Place& place, bool directory);
  void remove(const Place& place);
  // In one step, also where `to` is taken.
  void rename(const Place& from, const Place& to);

  // Makes every pending change of `dir` durable.
  void sync(const NodePtr& dir);

  // What a power cut left of the pending changes.
  struct Survival {
    std::size_t kept = 0;
    std::size_t pending = 0;
  };
  // Of the pending changes of each directory a prefix survives, or (with `reorder`) any subset in which each change
  // finds what it moves or removes. A rename between two directories happens in both or in neither.
  Survival power_cut(std::uint64_t salt, bool reorder);

 private:
  // In `dir`, `name` goes from `before` to `after` (either may be null). For a rename, `after` leaves `from_name` in
  // `from_dir` in the same step.
  struct Change {
    NodePtr dir;
    std::string name;
    NodePtr before;
    NodePtr after;
    NodePtr from_dir;
    std::string from_name;

    [[nodiscard]] bool stands() const;
    void redo() const;
    void undo() const;
  };

  void apply(Change change);

  NodePtr root_;
  std::vector<Change> pending_;
  std::uint64_t next_id_ = 1;
};

}  // namespace stele::testing
