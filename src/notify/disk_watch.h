// When a disk has become so full that a person should hear of it, and when it is well again.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "event/internal_event.h"
#include "io/file.h"

namespace stele::notify {

// Below `percent` of free space a disk is filling. It is roomy again one percentage point above, so that what goes to and fro at
// the limit is said once. Not thread-safe.
class DiskWatch {
 public:
  // `percent` from 1 to 99; `path` is what stands in the event.
  DiskWatch(unsigned percent, std::string path) : percent_(percent), path_(std::move(path)) {}

  // The entry to write, or nothing when nothing has changed. It is asked for again until written() says that it is in the log.
  [[nodiscard]] std::optional<event::InternalEvent> sample(const io::Space& space, UnixNanos now);
  void written() { filling_ = !filling_; }

  [[nodiscard]] bool filling() const { return filling_; }

 private:
  unsigned percent_;
  std::string path_;
  bool filling_ = false;
};

}  // namespace stele::notify
