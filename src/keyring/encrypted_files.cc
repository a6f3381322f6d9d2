#include "keyring/encrypted_files.h"

#include <algorithm>
#include <functional>

#include "keyring/encrypted_file.h"
#include "keyring/encrypted_mapping.h"

namespace stele::keyring {
namespace {

constexpr std::size_t kPagesAtOnce = 256;

std::uint64_t place_of(std::uint64_t page) { return (page + 1) * kPageBytes; }

// A file while it is written.
class Writer final : public io::File {
 public:
  Writer(std::unique_ptr<io::File> under, std::string path, const EncryptedHeader& header, std::unique_ptr<PageCipher> cipher)
      : under_(std::move(under)), path_(std::move(path)), cipher_(std::move(cipher)), sealed_(encode_encrypted_header(header)) {}

  [[nodiscard]] Result<std::size_t> read_at(std::uint64_t /*offset*/, std::span<std::byte> /*out*/) const override {
    return misuse("read while it is written");
  }

  [[nodiscard]] Status write_at(std::uint64_t offset, std::span<const ByteSpan> parts) override {
    if (finished_ || offset != first_ * kPageContent + waiting_.size())
      return misuse("written in another order than from its start");
    for (ByteSpan part : parts) {
      while (!part.empty()) {
        const std::size_t take = std::min(part.size(), kPagesAtOnce * kPageContent);
        waiting_ += as_text(part.first(take));
        part = part.subspan(take);
        STELE_TRY(write_pages());
      }
    }
    return {};
  }

  [[nodiscard]] Status sync() override {
    if (!finished_) STELE_TRY(finish());
    return under_->sync();
  }

  [[nodiscard]] Result<std::uint64_t> size() const override { return first_ * kPageContent + waiting_.size(); }

  // Of what was padded to whole blocks.
  [[nodiscard]] Status truncate(std::uint64_t size) override {
    const std::uint64_t sealed = first_ * kPageContent;
    if (finished_ || size < sealed || size > sealed + waiting_.size()) return misuse("cut where it is sealed");
    waiting_.resize(size - sealed);
    return {};
  }

  void write_in_blocks() override {
    in_blocks_ = true;
    under_->write_in_blocks();
  }

 private:
  [[nodiscard]] Error misuse(const std::string& what) const {
    return {Code::kInternal, path_ + ": an encrypted file is " + what};
  }

  // Seals what no cut will reach: the padding of a last block is shorter than one.
  Status write_pages() {
    std::size_t done = 0;
    while (waiting_.size() - done > kPageContent + io::kBlockBytes) {
      cipher_->seal(first_++, false, as_byte_span(waiting_).subspan(done, kPageContent), sealed_);
      done += kPageContent;
    }
    waiting_.erase(0, done);
    return write_sealed();
  }

  Status write_sealed() {
    const ByteSpan part = as_byte_span(sealed_);
    STELE_TRY(under_->write_at(written_, {&part, 1}));
    written_ += sealed_.size();
    sealed_.clear();
    return {};
  }

  Status finish() {
    ByteSpan rest = as_byte_span(waiting_);
    for (; rest.size() > kPageContent; rest = rest.subspan(kPageContent))
      cipher_->seal(first_++, false, rest.first(kPageContent), sealed_);
    cipher_->seal(first_, true, rest, sealed_);
    finished_ = true;
    const std::uint64_t bytes = written_ + sealed_.size();
    if (in_blocks_) sealed_.resize((sealed_.size() + kPageBytes - 1) / kPageBytes * kPageBytes, '\0');
    STELE_TRY(write_sealed());
    return in_blocks_ ? under_->truncate(bytes) : Status();
  }

  std::unique_ptr<io::File> under_;
  std::string path_;
  std::unique_ptr<PageCipher> cipher_;
  std::string sealed_;         // not yet written
  std::string waiting_;        // contents that no page has yet
  std::uint64_t first_ = 0;    // the page that they begin
  std::uint64_t written_ = 0;  // bytes of the file
  bool in_blocks_ = false;
  bool finished_ = false;
};

// A file that is read.
class Reader final : public io::File {
 public:
  Reader(std::unique_ptr<io::File> under, std::string path, std::uint64_t bytes, std::unique_ptr<PageCipher> cipher)
      : under_(std::move(under)), path_(std::move(path)), bytes_(bytes), cipher_(std::move(cipher)) {}

  [[nodiscard]] Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) const override {
    if (offset >= bytes_) return std::size_t{0};
    out = out.first(std::min<std::uint64_t>(out.size(), bytes_ - offset));
    std::string sealed;
    for (std::size_t done = 0; done < out.size();) {
      const std::uint64_t page = (offset + done) / kPageContent;
      const std::uint64_t end = std::min((offset + out.size() - 1) / kPageContent + 1, page + kPagesAtOnce);
      sealed.resize(std::min(place_of(end), place_of(last()) + kPageBytes) - place_of(page));
      STELE_ASSIGN(const std::size_t got, under_->read_at(place_of(page), std::as_writable_bytes(std::span(sealed))));
      sealed.resize(got);
      for (std::uint64_t one = page; one < end; ++one) {
        const ByteSpan rest = as_byte_span(sealed).subspan(std::min<std::size_t>((one - page) * kPageBytes, got));
        STELE_TRY(read_page(one, rest.first(std::min(rest.size(), kPageBytes)), offset, out, done));
      }
    }
    return out.size();
  }

  // That the file ends where it was ended: its last page says so.
  [[nodiscard]] Status check_end() const {
    std::byte nothing{};
    if (bytes_ > 0) {
      const auto got = read_at(bytes_ - 1, {&nothing, 1});
      return got ? Status() : Status(got.error());
    }
    std::array<std::byte, crypto::kAeadTagBytes> sealed{};
    STELE_TRY(io::read_exactly(*under_, place_of(0), sealed, path_));
    const Status opened = cipher_->open(0, true, sealed, {});
    return opened ? opened : Status(opened.error().in(path_));
  }

  [[nodiscard]] Status write_at(std::uint64_t /*offset*/, std::span<const ByteSpan> /*parts*/) override { return read_only(); }
  [[nodiscard]] Status sync() override { return read_only(); }
  [[nodiscard]] Status truncate(std::uint64_t /*size*/) override { return read_only(); }
  [[nodiscard]] Result<std::uint64_t> size() const override { return bytes_; }
  void forget_cached() const override { under_->forget_cached(); }

 private:
  [[nodiscard]] std::uint64_t last() const { return bytes_ == 0 ? 0 : (bytes_ - 1) / kPageContent; }
  [[nodiscard]] Error read_only() const { return {Code::kInternal, path_ + " was opened for reading"}; }

  // Puts what is wanted of a page to its place in `out`, `done` bytes of which are there.
  [[nodiscard]] Status read_page(std::uint64_t page, ByteSpan sealed, std::uint64_t offset, std::span<std::byte> out,
                                 std::size_t& done) const {
    const std::size_t content = std::min<std::uint64_t>(kPageContent, bytes_ - page * kPageContent);
    const std::size_t skip = offset + done - page * kPageContent;
    const std::size_t take = std::min(content - skip, out.size() - done);
    std::array<std::byte, kPageContent> whole;  // NOLINT(cppcoreguidelines-pro-type-member-init): open() fills it
    const std::span<std::byte> to = take == content ? out.subspan(done, take) : std::span(whole).first(content);
    if (const Status opened = cipher_->open(page, page == last(), sealed, to); !opened) return opened.error().in(path_);
    if (take < content)
      std::copy_n(whole.begin() + static_cast<std::ptrdiff_t>(skip), take, out.begin() + static_cast<std::ptrdiff_t>(done));
    done += take;
    return {};
  }

  std::unique_ptr<io::File> under_;
  std::string path_;
  std::uint64_t bytes_;
  std::unique_ptr<PageCipher> cipher_;
};

// Calls f(offset, part) for each part of the file, in order, until it fails.
Status for_each_part(const io::File& file, const std::function<Status(std::uint64_t, ByteSpan)>& f) {
  constexpr std::size_t kPartBytes = 1U << 20;
  STELE_ASSIGN(const std::uint64_t size, file.size());
  std::string part;
  for (std::uint64_t at = 0; at < size; at += part.size()) {
    part.resize(std::min<std::uint64_t>(kPartBytes, size - at));
    STELE_TRY(io::read_exactly(file, at, std::as_writable_bytes(std::span(part)), "a file that is to be encrypted"));
    STELE_TRY(f(at, as_byte_span(part)));
  }
  return {};
}

Result<std::optional<EncryptedHeader>> read_header(const io::File& file, const std::string& path) {
  std::string head(kPageBytes, '\0');
  STELE_ASSIGN(const std::size_t got, file.read_at(0, std::as_writable_bytes(std::span(head))));
  auto header = decode_encrypted_header(as_byte_span(head).first(got));
  if (!header) return header.error().in(path);
  return header;
}

}  // namespace

Result<std::unique_ptr<io::File>> EncryptedFiles::open_read(const std::string& path) {
  STELE_ASSIGN(auto file, under().open_read(path));
  STELE_ASSIGN(const auto header, read_header(*file, path));
  if (!header) return file;
  STELE_ASSIGN(const std::uint64_t file_bytes, file->size());
  const auto bytes = content_bytes(file_bytes);
  if (!bytes) return bytes.error().in(path);
  auto cipher = PageCipher::make(*ring_, *header);
  if (!cipher) return cipher.error().in(path);
  auto reader = std::make_unique<Reader>(std::move(file), path, *bytes, std::move(*cipher));
  STELE_TRY(reader->check_end());
  return std::unique_ptr<io::File>(std::move(reader));
}

Result<std::unique_ptr<io::Mapping>> EncryptedFiles::map(const std::string& path) {
  STELE_ASSIGN(auto file, under().map(path));
  auto header = file->load(0, std::min(file->bytes().size(), kPageBytes))
                    ? decode_encrypted_header(as_byte_span(file->bytes().substr(0, kPageBytes)))
                    : Result<std::optional<EncryptedHeader>>(corrupt("it cannot be read"));
  if (!header) return header.error().in(path);
  if (!*header) return file;
  auto cipher = PageCipher::make(*ring_, **header);
  if (!cipher) return cipher.error().in(path);
  auto mapping = map_encrypted(std::move(file), std::move(*cipher));
  if (!mapping) return mapping.error().in(path);
  return mapping;
}

Result<std::unique_ptr<io::File>> EncryptedFiles::open_write(const std::string& path, unsigned mode) {
  STELE_ASSIGN(auto file, under().open_write(path, mode));
  STELE_ASSIGN(const std::uint64_t bytes, file->size());
  if (bytes > 0) return Error{Code::kInternal, path + ": an encrypted file is written anew, beside the one that is there"};
  EncryptedHeader header;
  header.data_key = ring_->current();
  random_.fill(header.salt);
  STELE_ASSIGN(auto cipher, PageCipher::make(*ring_, header));
  return std::unique_ptr<io::File>(std::make_unique<Writer>(std::move(file), path, header, std::move(cipher)));
}

Result<bool> is_encrypted(io::FileSystem& fs, const std::string& path) {
  STELE_ASSIGN(const auto file, fs.open_read(path));
  STELE_ASSIGN(const auto header, read_header(*file, path));
  return header.has_value();
}

Result<bool> encrypt_file(io::FileSystem& plain, EncryptedFiles& encrypted, const std::string& path) {
  if (!plain.exists(path)) return false;
  STELE_ASSIGN(const bool is_done, is_encrypted(plain, path));
  if (is_done) return false;
  STELE_ASSIGN(const auto from, plain.open_read(path));
  const std::string staged = path + ".new";
  if (plain.exists(staged)) STELE_TRY(plain.remove(staged));
  {
    constexpr unsigned kOwnerOnly = 0600;
    STELE_ASSIGN(const auto to, encrypted.open_write(staged, kOwnerOnly));
    STELE_TRY(for_each_part(*from, [&](std::uint64_t at, ByteSpan part) { return to->write_at(at, {&part, 1}); }));
    STELE_TRY(to->sync());
  }
  STELE_ASSIGN(const auto written, encrypted.open_read(staged));
  written->forget_cached();
  std::string read;
  const auto compare = [&](std::uint64_t at, ByteSpan part) -> Status {
    read.resize(part.size());
    STELE_TRY(io::read_exactly(*written, at, std::as_writable_bytes(std::span(read)), staged));
    return read == as_text(part) ? Status() : corrupt(staged + " is not what was written; " + path + " stays as it is");
  };
  STELE_TRY(for_each_part(*from, compare));
  STELE_TRY(plain.rename(staged, path));
  STELE_TRY(plain.sync_dir(io::parent_of(path)));
  return true;
}

}  // namespace stele::keyring
