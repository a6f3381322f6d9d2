// Segments of any bytes, as they are and under right checksums: opening and reading end without harm, and what is read is
// whole bundles of entries.
#include <xxhash.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "event/entry.h"
#include "log/segment.h"

namespace {

namespace sl = stele::log;
using stele::Code;
using stele::Error;
using stele::Result;
using stele::Status;

constexpr std::size_t kHeader = 64;
constexpr std::size_t kTrailer = 128;

void require(bool holds) {
  if (!holds) std::abort();
}

Error unused() { return {Code::kInternal, "not here"}; }

class MemoryFile final : public stele::io::File {
 public:
  explicit MemoryFile(std::string_view content) : content_(content) {}
  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) const override {
    if (offset >= content_.size()) return std::size_t{0};
    const std::string_view part = content_.substr(offset, out.size());
    std::memcpy(out.data(), part.data(), part.size());
    return part.size();
  }
  Status write_at(std::uint64_t, std::span<const stele::ByteSpan>) override { return unused(); }
  Status sync() override { return unused(); }
  Result<std::uint64_t> size() const override { return std::uint64_t{content_.size()}; }
  Status truncate(std::uint64_t) override { return unused(); }

 private:
  std::string_view content_;
};

// One file, whatever the path.
class MemoryFileSystem final : public stele::io::FileSystem {
 public:
  explicit MemoryFileSystem(std::string_view content) : content_(content) {}
  Result<std::unique_ptr<stele::io::File>> open_read(const std::string&) override {
    return std::unique_ptr<stele::io::File>(std::make_unique<MemoryFile>(content_));
  }
  Result<std::unique_ptr<stele::io::File>> open_write(const std::string&, unsigned) override { return unused(); }
  Status rename(const std::string&, const std::string&) override { return unused(); }
  Status remove(const std::string&) override { return unused(); }
  bool exists(const std::string&) override { return true; }
  Result<std::vector<std::string>> list(const std::string&) override { return unused(); }
  Status make_dirs(const std::string&) override { return unused(); }
  Status sync_dir(const std::string&) override { return unused(); }
  Result<std::unique_ptr<stele::io::Lock>> lock(const std::string&) override { return unused(); }

 private:
  std::string_view content_;
};

void check(const std::string& file) {
  MemoryFileSystem fs(file);
  const auto segment = sl::SegmentReader::open(fs, "segment", sl::LogId{});
  if (!segment) return;
  (void)(*segment)->check_bytes().ok();
  const sl::SegmentInfo& info = (*segment)->info();
  require(info.count % sl::kBundleEntries == 0 && (*segment)->bundle_roots().size() == info.count / sl::kBundleEntries);
  const std::uint64_t last = info.end_index() - 1;
  struct {
    std::uint64_t first, count;
  } const runs[] = {
      {info.first_index, 1}, {last, 1}, {info.first_index + 3, 40}, {info.first_index, std::min<std::uint64_t>(info.count, 512)}};
  for (const auto& [first, count] : runs) {
    const auto bundle = (*segment)->read(first, count);
    if (!bundle) continue;
    std::uint64_t seen = 0;
    require(stele::event::for_each_entry(*bundle, [&](std::string_view) { ++seen; }).ok() && seen == count);
  }
}

// Mends what hides the rest from a fuzzer: magics, version, log id and both checksums.
std::string mended(std::string file) {
  std::memcpy(file.data(), "STELESEG\1\0", 10);
  std::memset(&file[16], 0, 16);
  std::memcpy(&file[file.size() - 8], "STELEEND", 8);
  const std::size_t trailer_at = file.size() - kTrailer;
  const std::size_t dictionary = stele::load_le<std::uint32_t>(&file[48]);
  const std::size_t footer_at = stele::load_le<std::uint64_t>(&file[trailer_at]);
  if (dictionary <= trailer_at - kHeader && footer_at <= trailer_at) {
    const std::string index =
        file.substr(0, kHeader + dictionary) + file.substr(footer_at, trailer_at - footer_at) + file.substr(trailer_at, 104);
    stele::store_le<std::uint64_t>(&file[trailer_at + 104], XXH3_64bits(index.data(), index.size()));
  }
  stele::store_le<std::uint64_t>(&file[trailer_at + 112], XXH3_64bits(file.data(), trailer_at + 112));
  return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string file(reinterpret_cast<const char*>(data), size);
  check(file);
  if (size >= kHeader + kTrailer) check(mended(file));
  return 0;
}
