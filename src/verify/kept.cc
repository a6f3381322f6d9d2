#include "verify/kept.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <optional>

#include "base/parallel.h"
#include "log/checkpoints.h"
#include "merkle/checkpoint.h"

namespace stele::verify {
namespace {

using log::kCheckpointRecordBytes;
using log::PublishedCheckpoint;
using RecordSpan = std::span<const std::byte, kCheckpointRecordBytes>;

constexpr std::string_view kMagic = "STELECP1";
constexpr std::size_t kSizeAt = 8;
constexpr std::size_t kRootAt = 16;
constexpr std::size_t kSignatureAt = 48;
constexpr std::size_t kChecksumAt = 120;

constexpr std::uint64_t kChunkRecords = 8192;  // read and held at once, however many there are

enum class State : std::uint8_t { kGood, kDamaged, kForged };

struct Record {
  PublishedCheckpoint checkpoint;
  State state = State::kGood;
};

// Neighbours in one state.
struct Run {
  State state = State::kGood;
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  std::uint64_t size_first = 0;
  std::uint64_t size_last = 0;

  // "records 3 (size 7) to 4 (size 9), bytes 384 to 639, are"
  [[nodiscard]] std::string text() const {
    const auto one = [&](std::uint64_t number, std::uint64_t size) {
      return std::to_string(number) + (state == State::kDamaged ? "" : " (size " + std::to_string(size) + ")");
    };
    const std::string bytes = ", bytes " + std::to_string(from * kCheckpointRecordBytes) + " to " +
                              std::to_string(to * kCheckpointRecordBytes - 1) + ",";
    if (to - from == 1) return "record " + one(from, size_first) + bytes + " is";
    return "records " + one(from, size_first) + " to " + one(to - 1, size_last) + bytes + " are";
  }
};

class KeptReader {
 public:
  KeptReader(const LogPlace& place, const std::string& origin, const merkle::VerifierKey& key, std::vector<Claim>& claims,
             Report& report)
      : path_(place.path("checkpoints")), place_(place), origin_(origin), key_(key), claims_(claims), report_(report) {}

  KeptCheckpoints run() {
    const Status read = read_all();
    if (!read && read.error().code != Code::kNotFound) report_.add("unreadable", path_, read.error().message);
    report_run();
    if (torn_from_ != torn_to_) report_.leave(path_, "a record that was never finished", torn_from_, torn_to_);
    if (kept_.records > 0) {
      report_.leave(path_,
                    "when each was published, which a checksum covers and no signature; and whether whole records behind the "
                    "first were taken out");
    }
    return kept_;
  }

 private:
  Status read_all() {
    STELE_ASSIGN(file_, place_.fs.open_read(path_));
    STELE_ASSIGN(const std::uint64_t records, find_end());
    for (std::uint64_t first = 0; first < records; first += kChunkRecords) {
      STELE_ASSIGN(auto chunk, read_chunk(first, std::min(kChunkRecords, records - first)));
      check_signatures(chunk);
      for (const Record& record : chunk) judge(record);
    }
    return {};
  }

  Result<std::vector<Record>> read_chunk(std::uint64_t first, std::uint64_t count) const {
    std::vector<std::byte> bytes(count * kCheckpointRecordBytes);
    STELE_TRY(io::read_exactly(*file_, first * kCheckpointRecordBytes, bytes, path_));
    std::vector<Record> out;
    out.reserve(count);
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto record =
          log::decode_checkpoint_record(ByteSpan(bytes).subspan(i * kCheckpointRecordBytes).first<kCheckpointRecordBytes>());
      out.push_back(record ? Record{*record, State::kGood} : Record{{}, State::kDamaged});
    }
    return out;
  }

  // How many records are to be judged. What a live server is writing at this moment is whole a moment later.
  Result<std::uint64_t> find_end() {
    constexpr int kTries = 3;
    for (int tries = 1;; ++tries) {
      STELE_ASSIGN(const std::uint64_t bytes, file_->size());
      std::uint64_t records = bytes / kCheckpointRecordBytes;
      std::array<std::byte, kCheckpointRecordBytes> last{};
      bool whole = true;
      if (records > 0) {
        STELE_TRY(io::read_exactly(*file_, (records - 1) * kCheckpointRecordBytes, last, path_));
        whole = log::decode_checkpoint_record(last).ok();
      }
      torn_from_ = records * kCheckpointRecordBytes;
      torn_to_ = bytes;
      if (tries < kTries && (torn_from_ != torn_to_ || !whole)) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        continue;
      }
      // One append is under way at a time: with part of another behind it, the last record was whole.
      if (torn_from_ == torn_to_ && !whole && never_finished(last)) {
        --records;
        torn_from_ -= kCheckpointRecordBytes;
      }
      return records;
    }
  }

  // Whether a last record looks like one whose writing stopped short, and not like one that was changed afterwards: that
  // would still have its checksum, and its magic or a valid signature.
  [[nodiscard]] bool never_finished(RecordSpan record) const {
    const std::byte* p = record.data();
    if (load_le<std::uint64_t>(p + kChecksumAt) == 0) return true;
    if (as_text(record.first(kMagic.size())) == kMagic) return false;
    PublishedCheckpoint checkpoint;
    checkpoint.size = load_le<std::uint64_t>(p + kSizeAt);
    std::memcpy(checkpoint.root.data(), p + kRootAt, checkpoint.root.size());
    std::memcpy(checkpoint.signature.data(), p + kSignatureAt, checkpoint.signature.size());
    return !is_signed(checkpoint);
  }

  [[nodiscard]] bool is_signed(const PublishedCheckpoint& checkpoint) const {
    const std::string text = merkle::Checkpoint{origin_, checkpoint.size, checkpoint.root}.text();
    return crypto::verify_ed25519(key_.key, as_byte_span(text), checkpoint.signature);
  }

  // Tens of microseconds each, and there may be millions: on all processors.
  void check_signatures(std::vector<Record>& records) const {
    constexpr std::size_t kTogether = 64;
    for_each_in_parallel((records.size() + kTogether - 1) / kTogether, [&](std::size_t part) {
      const std::size_t end = std::min(records.size(), (part + 1) * kTogether);
      for (std::size_t i = part * kTogether; i < end; ++i) {
        if (records[i].state == State::kGood && !is_signed(records[i].checkpoint)) records[i].state = State::kForged;
      }
    });
  }

  void judge(const Record& record) {
    const std::uint64_t number = kept_.records++;
    const std::uint64_t size = record.checkpoint.size;
    if (record.state != run_.state) {
      report_run();
      run_ = {record.state, number, number, size, size};
    }
    run_.to = number + 1;
    run_.size_last = size;
    if (record.state == State::kDamaged) return;
    ++kept_.good;
    if (record.state == State::kForged) ++kept_.forged;
    if (number == 0 && size != 0) {
      report_.add("missing", path_,
                  "the first record is of size " + std::to_string(size) +
                      ", but every log publishes one of size 0 when it is made: earlier ones were taken away");
    }
    if (size_before_ && size <= *size_before_) {
      report_.add("rewritten", path_,
                  "record " + std::to_string(number) + " is of size " + std::to_string(size) + ", but one before it is of size " +
                      std::to_string(*size_before_));
    }
    size_before_ = size;
    if (record.state == State::kGood) claims_.push_back({size, record.checkpoint.root, kOwnCheckpoint});
  }

  // One finding for each run of neighbours that are damaged, or forged.
  void report_run() {
    if (run_.state == State::kDamaged)
      report_.add("changed", path_, run_.text() + " not what was written: the checksum does not match");
    if (run_.state == State::kForged) report_.add("forged", path_, run_.text() + " not signed by " + key_.text());
    run_ = {};
  }

  std::string path_;
  const LogPlace& place_;
  const std::string& origin_;
  const merkle::VerifierKey& key_;
  std::vector<Claim>& claims_;
  Report& report_;
  std::unique_ptr<io::File> file_;
  KeptCheckpoints kept_;
  Run run_;
  std::optional<std::uint64_t> size_before_;
  std::uint64_t torn_from_ = 0;
  std::uint64_t torn_to_ = 0;
};

}  // namespace

KeptCheckpoints read_kept(const LogPlace& place, const std::string& origin, const merkle::VerifierKey& key,
                          std::vector<Claim>& claims, Report& report) {
  return KeptReader(place, origin, key, claims, report).run();
}

}  // namespace stele::verify
