#include "log/apart_store.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "crypto/hmac.h"

namespace stele::log {
namespace {

constexpr std::string_view kSuffix = ".values";
constexpr unsigned kNameDigits = 12;
constexpr std::size_t kChunkBytes = 1U << 20;
constexpr std::array<std::byte, 4096> kZeros{};

std::uint64_t fingerprint_of(const Hash& commitment) { return load_le<std::uint64_t>(commitment.data()); }

// Reads forward through a file, a chunk at a time.
class Reader {
 public:
  explicit Reader(const io::File& file) : file_(file) {}

  // What stands at `offset`, at least `bytes` of it unless the file ends before.
  Result<std::string_view> at(std::uint64_t offset, std::size_t bytes) {
    if (offset < begin_ || offset + bytes > begin_ + held_.size()) {
      held_.resize(kChunkBytes + bytes);
      STELE_ASSIGN(const std::size_t got, file_.read_at(offset, std::as_writable_bytes(std::span(held_))));
      held_.resize(got);
      begin_ = offset;
    }
    return std::string_view(held_).substr(offset - begin_);
  }

 private:
  const io::File& file_;
  std::uint64_t begin_ = 0;
  std::string held_;
};

}  // namespace

Status for_each_apart(const io::File& file, const std::function<bool(std::uint64_t, const ApartHeader&)>& f,
                      std::uint64_t& damaged) {
  STELE_ASSIGN(const std::uint64_t size, file.size());
  Reader reader(file);
  for (std::uint64_t offset = 0; offset < size;) {
    STELE_ASSIGN(const std::string_view bytes, reader.at(offset, kApartHeaderBytes));
    if (bytes.empty()) break;
    const auto header = decode_apart_header(bytes);
    if (header) {
      if (!f(offset, *header)) return {};
      offset += header->extent();
      continue;
    }
    const std::string_view unit = bytes.substr(0, kApartAlignment);
    damaged += static_cast<std::uint64_t>(std::count_if(unit.begin(), unit.end(), [](char c) { return c != '\0'; }));
    offset += kApartAlignment;
  }
  return {};
}

Result<std::uint64_t> encrypt_attachments(io::FileSystem& fs, const std::string& path, const ApartKeys& keys) {
  STELE_ASSIGN(const auto file, fs.open_read(path));
  const std::string staged = path + ".new";
  if (fs.exists(staged)) STELE_TRY(fs.remove(staged));
  constexpr unsigned kOwnerOnly = 0600;
  STELE_ASSIGN(const auto out, fs.open_write(staged, kOwnerOnly));
  std::uint64_t encrypted = 0;
  std::uint64_t from = 0;  // what is before it is copied
  std::uint64_t end = 0;
  STELE_ASSIGN(const std::uint64_t size, file->size());
  const auto put = [&](std::string_view bytes) {
    const ByteSpan part = as_byte_span(bytes);
    end += bytes.size();
    return out->write_at(end - bytes.size(), {&part, 1});
  };
  const auto copy_until = [&](std::uint64_t to) -> Status {
    std::string bytes;
    for (; from < to; from += bytes.size()) {
      bytes.resize(std::min<std::uint64_t>(kChunkBytes, to - from));
      STELE_TRY(io::read_exactly(*file, from, std::as_writable_bytes(std::span(bytes)), path));
      STELE_TRY(put(bytes));
    }
    return {};
  };
  Status done;
  const auto renew = [&](std::uint64_t offset, const ApartHeader& header) -> Status {
    const bool is_plain = header.kind == event::ApartKind::kAttachment && header.key_id == 0 && !header.erased;
    if (!is_plain || header.extent() > size - offset) return {};
    std::string payload(header.payload_bytes, '\0');
    STELE_TRY(io::read_exactly(*file, offset + kApartHeaderBytes, std::as_writable_bytes(std::span(payload)), path));
    if (!has_checksum(header, payload)) return {};
    STELE_TRY(copy_until(offset));
    STELE_TRY(put(encrypt_attachment(header, payload, *keys.ring)));
    from += header.extent();
    ++encrypted;
    return {};
  };
  const auto renew_next = [&](std::uint64_t offset, const ApartHeader& header) {
    done = renew(offset, header);
    return done.ok();
  };
  std::uint64_t damaged = 0;
  STELE_TRY(for_each_apart(*file, renew_next, damaged));
  STELE_TRY(std::move(done));
  if (encrypted > 0) STELE_TRY(copy_until(size));
  if (encrypted == 0) {
    STELE_TRY(fs.remove(staged));
    return encrypted;
  }
  STELE_TRY(out->sync());
  STELE_TRY(fs.rename(staged, path));
  STELE_TRY(fs.sync_dir(io::parent_of(path)));
  return encrypted;
}

Result<std::vector<std::string>> list_apart_files(io::FileSystem& fs, const std::string& dir) {
  std::vector<std::string> out;
  if (!fs.exists(dir)) return out;
  STELE_ASSIGN(const auto names, fs.list(dir));
  for (const std::string& name : names) {
    if (name.ends_with(kSuffix) && parse_zero_padded(name.substr(0, name.size() - kSuffix.size()))) out.push_back(name);
  }
  return out;
}

Result<std::unique_ptr<ApartStore>> ApartStore::open(io::FileSystem& fs, std::string dir, ApartKeys keys) {
  std::unique_ptr<ApartStore> out(new ApartStore(fs, std::move(dir), std::move(keys)));
  STELE_ASSIGN(const auto names, list_apart_files(fs, out->dir_));
  for (const std::string& name : names) {
    out->packs_.push_back({name, {}, PackState::kUnread});
    out->next_number_ = *parse_zero_padded(name.substr(0, name.size() - kSuffix.size())) + 1;
  }
  return out;
}

// What a crash left at the end of a file stays; what comes goes into a new one.
Status ApartStore::begin_pack() {
  const std::string name = zero_padded(next_number_++, kNameDigits) + std::string(kSuffix);
  STELE_TRY(fs_.make_dirs(dir_));
  STELE_ASSIGN(file_, fs_.open_write(dir_ + "/" + name, 0600));
  STELE_TRY(fs_.sync_dir(dir_));
  end_ = 0;
  const std::lock_guard lock(mutex_);
  if (!packs_.empty() && packs_.back().state == PackState::kWritten) {
    auto& places = packs_.back().places;
    std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) { return a.fingerprint < b.fingerprint; });
    packs_.back().state = PackState::kSorted;
  }
  packs_.push_back({name, {}, PackState::kWritten});
  return {};
}

Status ApartStore::write(std::span<const event::ApartValue> values) {
  if (values.empty()) return {};
  if (file_ == nullptr || end_ >= kFileBytesMax) STELE_TRY(begin_pack());
  std::vector<std::string> records;
  std::vector<ByteSpan> parts;
  std::vector<Place> places;
  std::uint64_t end = end_;
  for (const event::ApartValue& value : values) {
    if (value.kind == event::ApartKind::kSealed && !keys_.sealing)
      return Error{Code::kUnavailable, "there is no key to seal values with"};
    records.push_back(encode_apart(value, keys_));
    places.push_back({fingerprint_of(value.commitment), end});
    end += records.back().size();
  }
  for (const std::string& record : records) parts.push_back(as_byte_span(record));
  STELE_TRY(file_->write_at(end_, parts));
  STELE_TRY(file_->sync());
  end_ = end;
  const std::lock_guard lock(mutex_);
  packs_.back().places.insert(packs_.back().places.end(), places.begin(), places.end());
  return {};
}

Result<std::vector<ApartStore::Place>> ApartStore::read_places(const std::string& name) const {
  STELE_ASSIGN(const auto file, fs_.open_read(dir_ + "/" + name));
  std::uint64_t damaged = 0;
  std::vector<Place> places;
  STELE_TRY(for_each_apart(
      *file,
      [&](std::uint64_t offset, const ApartHeader& header) {
        places.push_back({fingerprint_of(header.commitment), offset});
        return true;
      },
      damaged));
  std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) { return a.fingerprint < b.fingerprint; });
  return places;
}

Result<std::vector<ApartStore::Place>> ApartStore::candidates(std::size_t i, std::uint64_t fingerprint) const {
  const auto is_unread = [&] {
    const std::lock_guard lock(mutex_);
    return packs_[i].state == PackState::kUnread;
  };
  if (is_unread()) {
    const std::lock_guard reading(read_mutex_);
    if (is_unread()) {
      // Nobody writes it, and its name stays.
      STELE_ASSIGN(auto places, read_places(name_of(i)));
      const std::lock_guard lock(mutex_);
      packs_[i].places = std::move(places);
      packs_[i].state = PackState::kSorted;
    }
  }
  const std::lock_guard lock(mutex_);
  const Pack& pack = packs_[i];
  std::vector<Place> out;
  auto place = pack.places.cbegin();
  const bool sorted = pack.state == PackState::kSorted;
  if (sorted)
    place = std::lower_bound(place, pack.places.cend(), fingerprint,
                             [](const Place& one, std::uint64_t value) { return one.fingerprint < value; });
  for (; place != pack.places.cend() && (!sorted || place->fingerprint == fingerprint); ++place) {
    if (place->fingerprint == fingerprint) out.push_back(*place);
  }
  return out;
}

std::string ApartStore::name_of(std::size_t i) const {
  const std::lock_guard lock(mutex_);
  return packs_[i].name;
}

Result<ApartStore::Found> ApartStore::find(event::ApartKind kind, const Hash& commitment, bool to_write) const {
  std::size_t packs = 0;
  {
    const std::lock_guard lock(mutex_);
    packs = packs_.size();
  }
  // The latest first: what is asked for is mostly new.
  for (std::size_t i = packs; i-- > 0;) {
    STELE_ASSIGN(const auto places, candidates(i, fingerprint_of(commitment)));
    for (const Place& place : places) {
      const std::string path = dir_ + "/" + name_of(i);
      STELE_ASSIGN(auto file, to_write ? fs_.open_write(path, 0600) : fs_.open_read(path));
      std::string bytes(kApartHeaderBytes, '\0');
      STELE_TRY(io::read_exactly(*file, place.offset, std::as_writable_bytes(std::span(bytes)), path));
      const auto header = decode_apart_header(bytes);
      if (!header) return corrupt(path + ": the header of a kept value was changed");
      if (header->commitment == commitment && header->kind == kind) return Found{std::move(file), place.offset, *header};
    }
  }
  return Error{Code::kNotFound, "no value with this commitment is kept"};
}

Result<bool> ApartStore::holds(event::ApartKind kind, const Hash& commitment) const {
  STELE_ASSIGN(const Found found, find(kind, commitment, false));
  if (!found.header.erased) return true;
  std::string payload(found.header.payload_bytes, '\0');
  STELE_TRY(io::read_exactly(*found.file, found.offset + kApartHeaderBytes, std::as_writable_bytes(std::span(payload)), dir_));
  return payload.find_first_not_of('\0') != std::string::npos;
}

Result<event::ApartValue> ApartStore::read(event::ApartKind kind, const Hash& commitment) const {
  STELE_ASSIGN(const Found found, find(kind, commitment, false));
  std::string payload(found.header.payload_bytes, '\0');
  if (!found.header.erased)
    STELE_TRY(io::read_exactly(*found.file, found.offset + kApartHeaderBytes, std::as_writable_bytes(std::span(payload)), dir_));
  return decode_apart(found.header, payload, keys_);
}

Hash ApartStore::secret_for(std::string_view purpose) const {
  const crypto::AeadKey none{};
  return crypto::hmac_sha256(as_byte_span(keys_.sealing ? keys_.sealing->key : none), as_byte_span(purpose));
}

Status ApartStore::erase(event::ApartKind kind, const Hash& commitment) {
  STELE_ASSIGN(Found found, find(kind, commitment, true));
  found.header.erased = true;
  const std::string header = encode_apart_header(found.header);
  const std::array<ByteSpan, 1> mark{as_byte_span(header)};
  STELE_TRY(found.file->write_at(found.offset, mark));
  std::uint64_t at = found.offset + kApartHeaderBytes;
  for (std::uint64_t left = found.header.payload_bytes; left > 0;) {
    const std::size_t bytes = std::min<std::uint64_t>(left, kZeros.size());
    const std::array<ByteSpan, 1> zeros{ByteSpan(kZeros).first(bytes)};
    STELE_TRY(found.file->write_at(at, zeros));
    at += bytes;
    left -= bytes;
  }
  return found.file->sync();
}

}  // namespace stele::log
