#include "tamper/image.h"

#include <algorithm>

namespace stele::testing {
namespace {

Error read_only() { return {Code::kIo, "the image is not to be changed"}; }

class ImageFile final : public io::File {
 public:
  explicit ImageFile(Image::Content content) : content_(std::move(content)) {}

  [[nodiscard]] Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) const override {
    if (offset >= content_->size()) return std::size_t{0};
    const std::size_t take = std::min<std::size_t>(out.size(), content_->size() - offset);
    std::memcpy(out.data(), content_->data() + offset, take);
    return take;
  }
  [[nodiscard]] Status write_at(std::uint64_t, std::span<const ByteSpan>) override { return read_only(); }
  [[nodiscard]] Status sync() override { return read_only(); }
  [[nodiscard]] Result<std::uint64_t> size() const override { return std::uint64_t{content_->size()}; }
  [[nodiscard]] Status truncate(std::uint64_t) override { return read_only(); }

 private:
  Image::Content content_;
};

void collect(io::FileSystem& fs, const std::string& path, Image& image) {
  const auto names = fs.list(path);
  if (!names) {
    auto content = io::read_file(fs, path, 1U << 30);
    if (content) image.put(path, std::move(*content));
    return;
  }
  for (const std::string& name : *names) collect(fs, path + "/" + name, image);
}

}  // namespace

const std::string& Image::at(const std::string& path) const {
  static const std::string nothing;
  const auto it = files_.find(path);
  return it == files_.end() ? nothing : *it->second;
}

std::vector<std::string> Image::paths(std::string_view prefix) const {
  std::vector<std::string> out;
  for (const auto& [path, content] : files_) {
    if (path.starts_with(prefix)) out.push_back(path);
  }
  return out;
}

Image image_of(io::FileSystem& fs, const std::string& dir) {
  Image image;
  collect(fs, dir, image);
  return image;
}

Result<std::unique_ptr<io::File>> ImageFileSystem::open_read(const std::string& path) {
  const auto it = image_.files().find(path);
  if (it == image_.files().end()) return Error{Code::kNotFound, path + " is not there"};
  return std::unique_ptr<io::File>(std::make_unique<ImageFile>(it->second));
}

Result<std::unique_ptr<io::File>> ImageFileSystem::open_write(const std::string&, unsigned) { return read_only(); }
Status ImageFileSystem::rename(const std::string&, const std::string&) { return read_only(); }
Status ImageFileSystem::remove(const std::string&) { return read_only(); }
Status ImageFileSystem::make_dirs(const std::string&) { return read_only(); }
Status ImageFileSystem::sync_dir(const std::string&) { return read_only(); }
Result<std::unique_ptr<io::Lock>> ImageFileSystem::lock(const std::string&) { return read_only(); }

bool ImageFileSystem::exists(const std::string& path) {
  if (image_.has(path)) return true;
  const auto it = image_.files().lower_bound(path + "/");
  return it != image_.files().end() && it->first.starts_with(path + "/");
}

Result<std::vector<std::string>> ImageFileSystem::list(const std::string& dir) {
  std::vector<std::string> names;
  const std::string prefix = dir + "/";
  for (auto it = image_.files().lower_bound(prefix); it != image_.files().end() && it->first.starts_with(prefix); ++it) {
    const std::string name = it->first.substr(prefix.size(), it->first.find('/', prefix.size()) - prefix.size());
    if (names.empty() || names.back() != name) names.push_back(name);
  }
  if (names.empty()) return Error{image_.has(dir) ? Code::kIo : Code::kNotFound, dir + " is no directory"};
  return names;
}

}  // namespace stele::testing
