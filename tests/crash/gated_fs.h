// A file system whose syncs wait as long as a gate is closed: a disk that hangs.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

#include "io/forwarding.h"

namespace stele::testing {

// Everything but waiting is done by the one under it, which outlives it. Thread-safe.
class GatedFileSystem final : public io::ForwardingFileSystem {
 public:
  using ForwardingFileSystem::ForwardingFileSystem;

  void close();
  void open();
  // Lets the next `syncs` pass the closed gate.
  void let_through(int syncs);
  // Waits until a sync waits at the closed gate.
  void wait_for_arrival();

  [[nodiscard]] Result<std::unique_ptr<io::File>> open_write(const std::string& path, unsigned mode) override;

 private:
  class GatedFile;
  void pass();

  std::mutex mutex_;
  std::condition_variable changed_;
  bool closed_ = false;
  bool arrived_ = false;
  int let_through_ = 0;
};

}  // namespace stele::testing
