// The values that a log keeps apart from its entries: written before their entries, read, erased.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/file.h"
#include "log/apart_file.h"

namespace stele::log {

// Calls f(offset, header) for each value of a file, in order, until it returns false. Bytes that are none, as a crash leaves
// them, are passed over; `damaged` gets how many of them there are that are not zero.
Status for_each_apart(const io::File& file, const std::function<bool(std::uint64_t, const ApartHeader&)>& f,
                      std::uint64_t& damaged);

// Writes a file of values anew with its plain attachments encrypted, durably; what is damaged or cut off stays as it is. How many
// were encrypted: none, and nothing is written. Nobody else has the file; the keys have a ring.
Result<std::uint64_t> encrypt_attachments(io::FileSystem& fs, const std::string& path, const ApartKeys& keys);

// The files of values in `dir`, sorted by age.
Result<std::vector<std::string>> list_apart_files(io::FileSystem& fs, const std::string& dir);

// write() belongs to one thread; all else may be called by any.
class ApartStore {
 public:
  static constexpr std::uint64_t kFileBytesMax = 256U << 20;  // from which another one is begun

  // The directory need not be there. Without a sealing key no sealed value can be written or read.
  static Result<std::unique_ptr<ApartStore>> open(io::FileSystem& fs, std::string dir, ApartKeys keys);

  // Makes all of them durable. After an error what was written is uncertain, and the store must be opened anew.
  Status write(std::span<const event::ApartValue> values);

  // kNotFound when there is none, or no longer (the message says which); kDenied when it is sealed under another key; kCorrupt
  // when it is damaged.
  [[nodiscard]] Result<event::ApartValue> read(event::ApartKind kind, const Hash& commitment) const;

  // Whether bytes of it are there still: not when it was erased, but after an erasure that was cut short. kNotFound when there
  // never was one.
  [[nodiscard]] Result<bool> holds(event::ApartKind kind, const Hash& commitment) const;

  // What whoever has the sealing key can make again, for one purpose, and nobody else. Of no worth without such a key.
  [[nodiscard]] Hash secret_for(std::string_view purpose) const;

  // Overwrites salt and bytes and makes that durable; of one that was erased before as well. kNotFound when there is none.
  Status erase(event::ApartKind kind, const Hash& commitment);

 private:
  struct Place {
    std::uint64_t fingerprint = 0;  // of the commitment: its first 8 bytes
    std::uint64_t offset = 0;
  };
  enum class PackState { kUnread, kSorted, kWritten };
  struct Pack {
    std::string name;
    std::vector<Place> places;  // known and sorted when kSorted; in the order of offsets while it is written
    PackState state = PackState::kUnread;
  };
  struct Found {
    std::unique_ptr<io::File> file;
    std::uint64_t offset = 0;
    ApartHeader header;
  };

  ApartStore(io::FileSystem& fs, std::string dir, ApartKeys keys) : fs_(fs), dir_(std::move(dir)), keys_(std::move(keys)) {}
  Status begin_pack();
  [[nodiscard]] std::string name_of(std::size_t i) const;
  [[nodiscard]] Result<std::vector<Place>> read_places(const std::string& name) const;
  // The places of pack `i` that may be the commitment's.
  [[nodiscard]] Result<std::vector<Place>> candidates(std::size_t i, std::uint64_t fingerprint) const;
  [[nodiscard]] Result<Found> find(event::ApartKind kind, const Hash& commitment, bool to_write) const;

  io::FileSystem& fs_;
  std::string dir_;
  ApartKeys keys_;
  std::unique_ptr<io::File> file_;  // that is written
  std::uint64_t end_ = 0;           // of it
  std::uint64_t next_number_ = 1;

  mutable std::mutex read_mutex_;  // held by who reads a pack for the first time, before the other
  mutable std::mutex mutex_;       // guards what follows; never held while a file is read
  mutable std::vector<Pack> packs_;
};

}  // namespace stele::log
