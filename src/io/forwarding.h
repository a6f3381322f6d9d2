// What file systems that change some calls of another one share.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "io/file.h"

namespace stele::io {

// Every call is `under`'s, which outlives it: a class that derives from this says what it does otherwise. Thread-safe as `under`
// is.
class ForwardingFileSystem : public FileSystem {
 public:
  explicit ForwardingFileSystem(FileSystem& under) : under_(under) {}

  Result<std::unique_ptr<File>> open_read(const std::string& path) override { return under_.open_read(path); }
  Result<std::unique_ptr<Mapping>> map(const std::string& path) override { return under_.map(path); }
  Result<std::unique_ptr<File>> open_write(const std::string& path, unsigned mode) override {
    return under_.open_write(path, mode);
  }
  Status rename(const std::string& from, const std::string& to) override { return under_.rename(from, to); }
  Status remove(const std::string& path) override { return under_.remove(path); }
  bool exists(const std::string& path) override { return under_.exists(path); }
  Result<std::vector<std::string>> list(const std::string& dir) override { return under_.list(dir); }
  Status make_dirs(const std::string& dir) override { return under_.make_dirs(dir); }
  Status sync_dir(const std::string& dir) override { return under_.sync_dir(dir); }
  Result<std::unique_ptr<Lock>> lock(const std::string& path) override { return under_.lock(path); }

 protected:
  [[nodiscard]] FileSystem& under() const { return under_; }

 private:
  FileSystem& under_;
};

}  // namespace stele::io
