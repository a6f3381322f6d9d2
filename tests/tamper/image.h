// A directory as bytes in memory: copied in no time, changed at will, and read through the interface of a file system.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/file.h"

namespace stele::testing {

// Path → content; contents are shared between copies. Directories are there by what is in them.
class Image {
 public:
  using Content = std::shared_ptr<const std::string>;

  [[nodiscard]] const std::map<std::string, Content>& files() const { return files_; }
  [[nodiscard]] bool has(const std::string& path) const { return files_.contains(path); }
  // The content; empty when the file is absent.
  [[nodiscard]] const std::string& at(const std::string& path) const;
  void put(const std::string& path, std::string content) {
    files_[path] = std::make_shared<const std::string>(std::move(content));
  }
  void remove(const std::string& path) { files_.erase(path); }

  // Paths that start with `prefix`, sorted.
  [[nodiscard]] std::vector<std::string> paths(std::string_view prefix = "") const;

 private:
  std::map<std::string, Content> files_;
};

// Everything below `dir`.
Image image_of(io::FileSystem& fs, const std::string& dir);

// Reads an image; whatever would change it fails with kIo. Thread-safe while the image stays as it is.
class ImageFileSystem final : public io::FileSystem {
 public:
  explicit ImageFileSystem(const Image& image) : image_(image) {}

  [[nodiscard]] Result<std::unique_ptr<io::File>> open_read(const std::string& path) override;
  [[nodiscard]] Result<std::unique_ptr<io::File>> open_write(const std::string& path, unsigned mode) override;
  [[nodiscard]] Status rename(const std::string& from, const std::string& to) override;
  [[nodiscard]] Status remove(const std::string& path) override;
  [[nodiscard]] bool exists(const std::string& path) override;
  [[nodiscard]] Result<std::vector<std::string>> list(const std::string& dir) override;
  [[nodiscard]] Status make_dirs(const std::string& dir) override;
  [[nodiscard]] Status sync_dir(const std::string& dir) override;
  [[nodiscard]] Result<std::unique_ptr<io::Lock>> lock(const std::string& path) override;

 private:
  const Image& image_;
};

}  // namespace stele::testing
