#include "crash/gated_fs.h"

namespace stele::testing {

class GatedFileSystem::GatedFile final : public io::File {
 public:
  GatedFile(GatedFileSystem& fs, std::unique_ptr<io::File> below) : fs_(fs), below_(std::move(below)) {}

  [[nodiscard]] Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) const override {
    return below_->read_at(offset, out);
  }
  [[nodiscard]] Status write_at(std::uint64_t offset, std::span<const ByteSpan> parts) override {
    return below_->write_at(offset, parts);
  }
  [[nodiscard]] Status sync() override {
    fs_.pass();
    return below_->sync();
  }
  [[nodiscard]] Result<std::uint64_t> size() const override { return below_->size(); }
  [[nodiscard]] Status truncate(std::uint64_t size) override { return below_->truncate(size); }

 private:
  GatedFileSystem& fs_;
  std::unique_ptr<io::File> below_;
};

Result<std::unique_ptr<io::File>> GatedFileSystem::open_write(const std::string& path, unsigned mode) {
  STELE_ASSIGN(auto file, under().open_write(path, mode));
  return std::unique_ptr<io::File>(std::make_unique<GatedFile>(*this, std::move(file)));
}

void GatedFileSystem::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  arrived_ = false;
}

void GatedFileSystem::open() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = false;
  }
  changed_.notify_all();
}

void GatedFileSystem::let_through(int syncs) {
  {
    const std::lock_guard lock(mutex_);
    let_through_ += syncs;
    arrived_ = false;
  }
  changed_.notify_all();
}

void GatedFileSystem::wait_for_arrival() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return arrived_; });
}

void GatedFileSystem::pass() {
  std::unique_lock lock(mutex_);
  if (closed_ && let_through_ == 0) {
    arrived_ = true;
    changed_.notify_all();
    changed_.wait(lock, [&] { return !closed_ || let_through_ > 0; });
  }
  if (closed_) --let_through_;
}

}  // namespace stele::testing
