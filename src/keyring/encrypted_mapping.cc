#include "keyring/encrypted_mapping.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <vector>

#include "base/os_error.h"

namespace stele::keyring {
namespace {

// Memory of the operating system's that takes no room before it is written.
class Memory {
 public:
  static Result<Memory> of(std::size_t bytes) {
    if (bytes == 0) return Memory({});
    void* at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) return os_error("no memory for it");
    (void)::madvise(at, bytes, MADV_DONTDUMP);
    return Memory({static_cast<std::byte*>(at), bytes});
  }
  ~Memory() {
    if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
  }
  Memory(Memory&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  Memory& operator=(Memory&&) = delete;
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  [[nodiscard]] std::span<std::byte> bytes() const { return bytes_; }

 private:
  explicit Memory(std::span<std::byte> bytes) : bytes_(bytes) {}
  std::span<std::byte> bytes_;
};

class EncryptedMapping final : public io::Mapping {
 public:
  EncryptedMapping(std::unique_ptr<io::Mapping> under, std::unique_ptr<PageCipher> cipher, Memory content)
      : under_(std::move(under)),
        cipher_(std::move(cipher)),
        content_(std::move(content)),
        loaded_((content_.bytes().size() + kPageContent - 1) / kPageContent) {}

  [[nodiscard]] std::string_view bytes() const override { return as_text(content_.bytes()); }

  [[nodiscard]] bool load(std::uint64_t offset, std::uint64_t size) const override {
    if (size == 0) return true;
    const std::uint64_t end = (offset + size - 1) / kPageContent + 1;
    for (std::uint64_t page = offset / kPageContent; page < end; ++page) {
      if (!loaded_[page].load(std::memory_order_acquire) && !load_page(page)) return false;
    }
    return true;
  }

  [[nodiscard]] bool is_untouched() const override { return under_->is_untouched(); }
  [[nodiscard]] std::uint64_t memory() const override { return pages_.load(std::memory_order_relaxed) * kPageContent; }

 private:
  bool load_page(std::uint64_t page) const {
    const std::lock_guard lock(mutex_);
    if (loaded_[page].load(std::memory_order_relaxed)) return true;
    const std::uint64_t at = page * kPageContent;
    const std::size_t size = std::min<std::uint64_t>(kPageContent, content_.bytes().size() - at);
    const std::uint64_t place = (page + 1) * kPageBytes;
    const std::size_t sealed = size + crypto::kAeadTagBytes;
    if (!under_->load(place, sealed)) return false;
    const bool is_last = page + 1 == loaded_.size();
    if (!cipher_->open(page, is_last, as_byte_span(under_->bytes().substr(place, sealed)), content_.bytes().subspan(at, size)))
      return false;
    pages_.fetch_add(1, std::memory_order_relaxed);
    loaded_[page].store(true, std::memory_order_release);
    return true;
  }

  std::unique_ptr<io::Mapping> under_;
  std::unique_ptr<PageCipher> cipher_;
  Memory content_;
  mutable std::mutex mutex_;  // held by who loads
  mutable std::vector<std::atomic<bool>> loaded_;
  mutable std::atomic<std::uint64_t> pages_ = 0;
};

}  // namespace

Result<std::unique_ptr<io::Mapping>> map_encrypted(std::unique_ptr<io::Mapping> under, std::unique_ptr<PageCipher> cipher) {
  STELE_ASSIGN(const std::uint64_t bytes, content_bytes(under->bytes().size()));
  if (bytes > 0) {  // first what tells a file that has nothing but a size
    const std::uint64_t last = (bytes - 1) / kPageContent;
    const std::size_t sealed = bytes - last * kPageContent + crypto::kAeadTagBytes;
    std::array<std::byte, kPageContent> page;  // NOLINT(cppcoreguidelines-pro-type-member-init): open() fills it
    const bool is_whole = under->load((last + 1) * kPageBytes, sealed) &&
                          cipher
                              ->open(last, true, as_byte_span(under->bytes().substr((last + 1) * kPageBytes, sealed)),
                                     std::span(page).first(sealed - crypto::kAeadTagBytes))
                              .ok();
    if (!is_whole) return corrupt("its last page was changed, or it was cut off");
  }
  STELE_ASSIGN(Memory content, Memory::of(bytes));
  return std::unique_ptr<io::Mapping>(
      std::make_unique<EncryptedMapping>(std::move(under), std::move(cipher), std::move(content)));
}

}  // namespace stele::keyring
