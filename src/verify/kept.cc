#include "verify/kept.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "log/checkpoints.h"
#include "merkle/checkpoint.h"

namespace stele::verify {
namespace {

using log::kCheckpointRecordBytes;
using log::PublishedCheckpoint;
using RecordSpan = std::span<const std::byte, kCheckpointRecordBytes>;

constexpr std::uint64_t kFileBytesMax = std::uint64_t{64} << 30;
constexpr std::string_view kMagic = "STELECP1";
constexpr std::size_t kSizeAt = 8;
constexpr std::size_t kRootAt = 16;
constexpr std::size_t kSignatureAt = 48;
constexpr std::size_t kChecksumAt = 120;

enum class State : std::uint8_t { kGood, kDamaged, kForged };

struct Record {
  PublishedCheckpoint checkpoint;
  State state = State::kGood;
};

class KeptReader {
 public:
  KeptReader(const LogPlace& place, const std::string& origin, const merkle::VerifierKey& key, std::vector<Claim>& claims,
             Report& report)
      : path_(place.path("checkpoints")), place_(place), origin_(origin), key_(key), claims_(claims), report_(report) {}

  KeptCheckpoints run() {
    // What a live server is writing at this moment is whole a moment later.
    for (int tries = 1; tries <= 3; ++tries) {
      if (!read()) return {};
      parse();
      if (torn_from_ == torn_to_ && !any_damaged()) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    check_signatures();
    report_runs(State::kDamaged, "changed", " not what was written: the checksum does not match");
    report_runs(State::kForged, "forged", " not signed by " + key_.text());
    check_sizes();
    if (torn_from_ != torn_to_) report_.leave(path_, "a record that was never finished", torn_from_, torn_to_);
    if (!records_.empty()) {
      report_.leave(path_,
                    "when each was published, which a checksum covers and no signature; and whether whole records behind the "
                    "first were taken out");
    }
    return count();
  }

 private:
  bool read() {
    auto content = io::read_file(place_.fs, path_, kFileBytesMax);
    if (content) {
      content_ = std::move(*content);
      return true;
    }
    if (content.error().code != Code::kNotFound) report_.add("unreadable", path_, content.error().message);
    return false;
  }

  void parse() {
    records_.clear();
    const ByteSpan bytes = as_byte_span(content_);
    const std::uint64_t whole = bytes.size() / kCheckpointRecordBytes;
    for (std::uint64_t i = 0; i < whole; ++i) {
      const auto record = log::decode_checkpoint_record(record_at(i));
      records_.push_back(record ? Record{*record, State::kGood} : Record{{}, State::kDamaged});
    }
    torn_from_ = whole * kCheckpointRecordBytes;
    torn_to_ = bytes.size();
    // One append is under way at a time: with part of another behind it, the last record was whole.
    if (torn_from_ == torn_to_ && whole > 0 && records_.back().state == State::kDamaged && never_finished(record_at(whole - 1))) {
      records_.pop_back();
      torn_from_ -= kCheckpointRecordBytes;
    }
  }

  [[nodiscard]] RecordSpan record_at(std::uint64_t i) const {
    return as_byte_span(content_).subspan(i * kCheckpointRecordBytes).first<kCheckpointRecordBytes>();
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

  [[nodiscard]] bool any_damaged() const {
    return std::any_of(records_.begin(), records_.end(), [](const Record& r) { return r.state == State::kDamaged; });
  }

  // Tens of microseconds each, and there may be millions: on all processors.
  void check_signatures() {
    constexpr std::size_t kWorth = 64;
    const std::size_t processors = std::max(1U, std::thread::hardware_concurrency());
    const std::size_t workers = std::min(processors, records_.size() / kWorth + 1);
    const auto part = [&](std::size_t worker) {
      for (std::size_t i = worker; i < records_.size(); i += workers) {
        if (records_[i].state == State::kGood && !is_signed(records_[i].checkpoint)) records_[i].state = State::kForged;
      }
    };
    std::vector<std::thread> threads;
    for (std::size_t worker = 1; worker < workers; ++worker) threads.emplace_back(part, worker);
    part(0);
    for (std::thread& thread : threads) thread.join();
  }

  [[nodiscard]] std::string record_text(std::uint64_t from, std::uint64_t to) const {
    const auto one = [&](std::uint64_t i) {
      std::string text = std::to_string(i);
      if (records_[i].state != State::kDamaged) text += " (size " + std::to_string(records_[i].checkpoint.size) + ")";
      return text;
    };
    const std::string bytes = ", bytes " + std::to_string(from * kCheckpointRecordBytes) + " to " +
                              std::to_string(to * kCheckpointRecordBytes - 1) + ",";
    return to - from == 1 ? "record " + one(from) + bytes + " is"
                          : "records " + one(from) + " to " + one(to - 1) + bytes + " are";
  }

  // One finding for each run of neighbours in this state.
  void report_runs(State state, const std::string& kind, const std::string& what) {
    for (std::uint64_t i = 0; i < records_.size();) {
      if (records_[i].state != state) {
        ++i;
        continue;
      }
      const std::uint64_t from = i;
      while (i < records_.size() && records_[i].state == state) ++i;
      report_.add(kind, path_, record_text(from, i) + what);
    }
  }

  void check_sizes() {
    const PublishedCheckpoint* before = nullptr;
    for (std::uint64_t i = 0; i < records_.size(); ++i) {
      const PublishedCheckpoint& checkpoint = records_[i].checkpoint;
      if (records_[i].state == State::kDamaged) continue;
      if (i == 0 && checkpoint.size != 0) {
        report_.add("missing", path_,
                    "the first record is of size " + std::to_string(checkpoint.size) +
                        ", but every log publishes one of size 0 when it is made: earlier ones were taken away");
      }
      if (before != nullptr && checkpoint.size <= before->size) {
        report_.add("rewritten", path_,
                    "record " + std::to_string(i) + " is of size " + std::to_string(checkpoint.size) +
                        ", but one before it is of size " + std::to_string(before->size));
      }
      before = &checkpoint;
      if (records_[i].state == State::kGood) claims_.push_back({checkpoint.size, checkpoint.root, kOwnCheckpoint});
    }
  }

  [[nodiscard]] KeptCheckpoints count() const {
    KeptCheckpoints out;
    out.records = records_.size();
    for (const Record& record : records_) {
      if (record.state != State::kDamaged) ++out.good;
      if (record.state == State::kForged) ++out.forged;
    }
    return out;
  }

  std::string path_;
  const LogPlace& place_;
  const std::string& origin_;
  const merkle::VerifierKey& key_;
  std::vector<Claim>& claims_;
  Report& report_;
  std::string content_;
  std::vector<Record> records_;
  std::uint64_t torn_from_ = 0;
  std::uint64_t torn_to_ = 0;
};

}  // namespace

KeptCheckpoints read_kept(const LogPlace& place, const std::string& origin, const merkle::VerifierKey& key,
                          std::vector<Claim>& claims, Report& report) {
  return KeptReader(place, origin, key, claims, report).run();
}

}  // namespace stele::verify
