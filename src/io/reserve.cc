#include "io/reserve.h"

#include <algorithm>
#include <optional>

namespace stele::io {
namespace {

class ReservedFile final : public File {
 public:
  ReservedFile(const Reserving& fs, std::string path, std::unique_ptr<File> file, std::uint64_t size)
      : fs_(fs), path_(std::move(path)), file_(std::move(file)), size_(size) {}

  [[nodiscard]] Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) const override {
    return file_->read_at(offset, out);
  }
  [[nodiscard]] Status write_at(std::uint64_t offset, std::span<const ByteSpan> parts) override {
    std::uint64_t end = offset;
    for (const ByteSpan part : parts) end += part.size();
    STELE_TRY(grow(end));
    return file_->write_at(offset, parts);
  }
  [[nodiscard]] Status sync() override { return refused_ ? Status(*refused_) : file_->sync(); }
  [[nodiscard]] Result<std::uint64_t> size() const override { return file_->size(); }
  [[nodiscard]] Status truncate(std::uint64_t size) override {
    STELE_TRY(grow(size));
    STELE_TRY(file_->truncate(size));
    size_ = size;
    return {};
  }
  void write_in_blocks() override { file_->write_in_blocks(); }
  void forget_cached() const override { file_->forget_cached(); }

 private:
  // Once refused it stays so, as with a file that the disk failed.
  Status grow(std::uint64_t end) {
    if (refused_) return *refused_;
    if (end <= size_) return {};
    if (const Status room = fs_.room_for(end - size_, path_); !room) {
      refused_ = room.error();
      return room;
    }
    size_ = end;
    return {};
  }

  const Reserving& fs_;
  std::string path_;
  std::unique_ptr<File> file_;
  std::uint64_t size_;
  std::optional<Error> refused_;
};

}  // namespace

Status Reserving::room_for(std::uint64_t more, const std::string& path) const {
  STELE_ASSIGN(const Space space, space_at(path_));
  if (space.free >= more && space.free - more >= bytes_) return {};
  std::string why = "cannot write " + path + ": No space left on device";
  if (bytes_ > 0) why += ", but for the " + std::to_string(bytes_ >> 20) + " MiB that are kept for the log audit";
  return Error{Code::kIo, std::move(why)};
}

Result<std::unique_ptr<File>> Reserving::open_write(const std::string& path, unsigned mode) {
  if (!under().exists(path)) STELE_TRY(room_for(kBlockBytes, path));
  STELE_ASSIGN(auto file, under().open_write(path, mode));
  STELE_ASSIGN(const std::uint64_t size, file->size());
  return std::unique_ptr<File>(std::make_unique<ReservedFile>(*this, path, std::move(file), size));
}

Result<std::uint64_t> reserve_of(const std::string& path) {
  constexpr std::uint64_t kReserve = 64U << 20;
  constexpr std::uint64_t kShare = 16;
  STELE_ASSIGN(const Space space, space_at(path));
  return std::min(kReserve, space.bytes / kShare);
}

}  // namespace stele::io
