#include "tamper/tampering.h"

#include <algorithm>
#include <array>

namespace stele::testing {
namespace {

constexpr std::uint64_t kBlock = 4096;

class Tamperer {
 public:
  Tamperer(Image& image, const Materials& materials, Prng& prng) : image_(image), materials_(materials), prng_(prng) {}

  std::string run() {
    using Act = std::string (Tamperer::*)();
    // In-place changes come oftener: there are more places for them.
    static constexpr std::array<Act, 24> kActs{
        &Tamperer::flip_bit,         &Tamperer::flip_bit,     &Tamperer::flip_bit,    &Tamperer::flip_bit,
        &Tamperer::change_bytes,     &Tamperer::change_bytes, &Tamperer::zero_block,  &Tamperer::zero_block,
        &Tamperer::noise_block,      &Tamperer::insert,       &Tamperer::insert,      &Tamperer::cut_out,
        &Tamperer::cut_out,          &Tamperer::truncate,     &Tamperer::truncate,    &Tamperer::append,
        &Tamperer::swap_blocks,      &Tamperer::copy_block,   &Tamperer::swap_files,  &Tamperer::replace_by_other,
        &Tamperer::replace_by_older, &Tamperer::delete_file,  &Tamperer::rename_file, &Tamperer::copy_file};
    path_ = any_file();
    content_ = image_.at(path_);
    return (this->*kActs[prng_.below(kActs.size())])() + " (" + path_ + ")";
  }

 private:
  // Any file, or any byte of all: small files are met as well as large ones.
  std::string any_file() {
    const auto paths = image_.paths();
    if (prng_.chance(1, 2)) return paths[prng_.below(paths.size())];
    std::uint64_t total = 0;
    for (const auto& [path, content] : image_.files()) total += content->size();
    std::uint64_t at = prng_.below(total);
    for (const auto& [path, content] : image_.files()) {
      if (at < content->size()) return path;
      at -= content->size();
    }
    return paths.back();
  }

  std::string any_path_like(const std::string& path) {
    const auto paths = image_.paths(io::parent_of(path) + "/");
    return paths[prng_.below(paths.size())];
  }

  // A place, now and then one at the start of a block.
  std::uint64_t place() {
    const std::uint64_t at = prng_.below(content_.size());
    return prng_.chance(1, 4) ? at / kBlock * kBlock : at;
  }

  std::uint64_t length() {
    const std::uint64_t most = std::array<std::uint64_t, 4>{1, 32, 512, 3 * kBlock}[prng_.below(4)];
    return prng_.chance(1, 4) ? kBlock : 1 + prng_.below(most);
  }

  std::string noise(std::uint64_t size) {
    std::string out(size, '\0');
    prng_.fill(std::as_writable_bytes(std::span(out)));
    return out;
  }

  std::string put(const std::string& what) {
    image_.put(path_, content_);
    return what;
  }

  std::string overwrite(const std::string& what, std::uint64_t at, std::string_view bytes) {
    const std::uint64_t size = std::min<std::uint64_t>(bytes.size(), content_.size() - at);
    content_.replace(at, size, bytes.substr(0, size));
    return put(what + " at " + std::to_string(at) + ", " + std::to_string(size) + " bytes");
  }

  std::string flip_bit() {
    if (content_.empty()) return "nothing";
    const std::uint64_t at = prng_.below(content_.size());
    const unsigned bit = static_cast<unsigned>(prng_.below(8));
    content_[at] = static_cast<char>(content_[at] ^ (1 << bit));
    return put("flip bit " + std::to_string(bit) + " of byte " + std::to_string(at));
  }

  std::string change_bytes() {
    if (content_.empty()) return "nothing";
    const std::uint64_t at = prng_.below(content_.size());
    return overwrite("change", at, noise(1 + prng_.below(8)));
  }

  std::string zero_block() {
    if (content_.empty()) return "nothing";
    const std::uint64_t at = place();
    return overwrite("zero", at, std::string(length(), '\0'));
  }

  std::string noise_block() {
    if (content_.empty()) return "nothing";
    const std::uint64_t at = place();
    return overwrite("noise", at, noise(length()));
  }

  std::string insert() {
    const std::uint64_t at = content_.empty() ? 0 : place();
    const std::string bytes = prng_.chance(1, 2) ? noise(length()) : std::string(length(), '\0');
    content_.insert(at, bytes);
    return put("insert at " + std::to_string(at) + ", " + std::to_string(bytes.size()) + " bytes");
  }

  std::string cut_out() {
    if (content_.empty()) return "nothing";
    const std::uint64_t at = place();
    const std::uint64_t size = length();
    content_.erase(at, size);
    return put("cut out at " + std::to_string(at) + ", " + std::to_string(size) + " bytes");
  }

  std::string truncate() {
    if (content_.empty()) return "nothing";
    content_.resize(prng_.chance(1, 3) ? content_.size() - std::min<std::uint64_t>(content_.size(), length()) : place());
    return put("truncate to " + std::to_string(content_.size()));
  }

  std::string append() {
    const std::uint64_t size = content_.size();
    content_ += prng_.chance(1, 2) ? noise(length()) : std::string(length(), '\0');
    return put("append " + std::to_string(content_.size() - size) + " bytes");
  }

  std::string swap_blocks() {
    if (content_.empty()) return "nothing";
    const std::uint64_t size = prng_.chance(1, 2) ? kBlock : 1 + prng_.below(256);
    const std::uint64_t a = place();
    const std::uint64_t b = place();
    const std::uint64_t both = std::min({size, content_.size() - a, content_.size() - b});
    const std::string first = content_.substr(a, both);
    const std::string second = content_.substr(b, both);
    content_.replace(a, both, second);
    content_.replace(b, both, first);
    return put("swap " + std::to_string(both) + " bytes at " + std::to_string(a) + " and " + std::to_string(b));
  }

  std::string copy_block() {
    if (content_.empty()) return "nothing";
    const std::uint64_t from = place();
    const std::uint64_t at = place();
    return overwrite("copy from " + std::to_string(from), at, content_.substr(from, length()));
  }

  std::string swap_files() {
    const std::string other = any_path_like(path_);
    const std::string bytes = image_.at(other);
    image_.put(other, content_);
    image_.put(path_, bytes);
    return "swap with " + other;
  }

  std::string replace_by(const Image& source, const std::string& what) {
    const auto like = source.paths(io::parent_of(path_) + "/");
    if (source.has(path_))
      content_ = source.at(path_);
    else if (!like.empty())
      content_ = source.at(like[prng_.below(like.size())]);
    return put(what);
  }

  std::string replace_by_other() { return replace_by(materials_.other, "replace by another log's"); }
  std::string replace_by_older() { return replace_by(materials_.older, "replace by an older one"); }

  std::string delete_file() {
    image_.remove(path_);
    return "delete";
  }

  std::string rename_file() {
    const bool strange = prng_.chance(1, 2);
    std::string name = path_ + ".bak";
    if (!strange) {
      name = path_;
      const std::uint64_t at = name.find_last_of("0123456789");
      if (at != std::string::npos) name[at] = static_cast<char>('0' + prng_.below(10));
      const std::uint64_t first = name.find_first_of("0123456789");
      if (first != std::string::npos && prng_.chance(1, 2)) name[first] = static_cast<char>('0' + prng_.below(10));
    }
    image_.remove(path_);
    image_.put(name, content_);
    return "rename to " + name;
  }

  std::string copy_file() {
    const std::string other = any_path_like(path_);
    image_.put(other, content_);
    return "copy over " + other;
  }

  Image& image_;
  const Materials& materials_;
  Prng& prng_;
  std::string path_;
  std::string content_;
};

}  // namespace

std::string tamper_with(Image& image, const Materials& materials, Prng& prng) { return Tamperer(image, materials, prng).run(); }

}  // namespace stele::testing
