#include "verify/sealed.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace stele::verify {
namespace {

using log::kBlockEntries;
using log::kBundleEntries;

constexpr std::string_view kMagic = "STELESEG";
constexpr std::size_t kLogIdAt = 16;
constexpr int kTries = 20;  // where a live server seals or merges at the same moment

std::uint64_t end_of(const log::SegmentName& name) { return name.first_index + name.count; }

// The file that holds all of [first, end), when there is one.
std::optional<log::SegmentName> holder(const LogPlace& place, std::uint64_t first, std::uint64_t end) {
  const auto list = list_sealed(place);
  if (!list) return std::nullopt;
  for (const SealedPiece& piece : list->pieces) {
    if (piece.file && piece.first <= first && end <= piece.end) return piece.file;
  }
  return std::nullopt;
}

// Opens the piece's segment. One that a merge took away meanwhile is looked for again in the larger one.
Result<std::unique_ptr<log::SegmentReader>> open_piece(const LogPlace& place, SealedPiece& piece) {
  for (int tries = 1;; ++tries) {
    auto reader = log::SegmentReader::open(place.fs, piece_path(place, piece), place.id);
    if (reader || reader.error().code != Code::kNotFound || tries == kTries) return reader;
    const auto other = holder(place, piece.first, piece.end);
    if (!other) return reader;
    piece.file = other;
  }
}

// Reads the entries of one piece, and says which it cannot read or which are not what they were.
class PieceReader {
 public:
  PieceReader(const LogPlace& place, const SealedPiece& piece, const Wanted& wanted)
      : place_(place), piece_(piece), wanted_(wanted), range_(entries_text(piece.first, piece.end)) {}

  EntryRun run() {
    if (!piece_.file) {
      fail("missing", "no segment holds " + range_);
      return std::move(run_);
    }
    auto reader = open_piece(place_, piece_);
    path_ = piece_path(place_, piece_);
    if (!reader) {
      const Code code = reader.error().code;
      fail(code == Code::kNotFound ? "missing"
           : code == Code::kIo     ? "unreadable"
                                   : "changed",
           range_ + ": " + reader.error().message);
      run_.foreign = of_another_log();
      return std::move(run_);
    }
    segment_ = std::move(*reader);
    if (segment_->info().first_index != piece_.file->first_index || segment_->info().count != piece_.file->count) {
      fail("rewritten", "the file holds " + entries_text(segment_->info().first_index, segment_->info().end_index()) +
                            ", not those that its name says");
      return std::move(run_);
    }
    run_.file_bytes = segment_->file_bytes();
    const Status bytes_fit = segment_->check_bytes();
    kind_ = bytes_fit ? "rewritten" : "changed";
    read_entries();
    check_roots(bytes_fit.ok());
    if (!bytes_fit && run_.findings.empty()) {
      fail(bytes_fit.error().code == Code::kIo ? "unreadable" : "changed", range_ + ": " + bytes_fit.error().message);
    }
    const log::SegmentInfo& info = segment_->info();
    if (run_.findings.empty() && piece_.end == info.end_index() && run_.received_last != info.received_last)
      fail("rewritten", "the last time of receipt is not the one that the segment keeps");
    return std::move(run_);
  }

 private:
  void fail(std::string kind, std::string message) {
    run_.add(std::move(kind), path_.empty() ? piece_path(place_, piece_) : path_, std::move(message), piece_.first, piece_.end);
  }

  [[nodiscard]] bool of_another_log() const {
    const auto file = place_.fs.open_read(path_);
    std::array<std::byte, kLogIdAt + sizeof(log::LogId)> head{};
    if (!file || !io::read_exactly(**file, 0, head, "segment header")) return false;
    return as_text(head).starts_with(kMagic) && std::memcmp(&head[kLogIdAt], place_.id.data(), sizeof(log::LogId)) != 0;
  }

  void read_entries() {
    constexpr std::uint64_t kStep = 16 * kBundleEntries;
    for (std::uint64_t at = piece_.first; at < piece_.end; at += kStep) {
      const std::uint64_t end = std::min(at + kStep, piece_.end);
      if (add_entries(at, end)) continue;
      for (std::uint64_t bundle = at; bundle < end; bundle += kBundleEntries) {
        if (!add_entries(bundle, bundle + kBundleEntries)) stand_in(bundle);
      }
    }
  }

  bool add_entries(std::uint64_t first, std::uint64_t end) {
    const auto bytes = segment_->read(first, end - first);
    return bytes && hash_entries(*bytes, first, wanted_, path_, run_);
  }

  // A bundle that cannot be read: which of its blocks, and what the segment itself keeps as its root.
  void stand_in(std::uint64_t bundle) {
    std::string message;
    for (std::uint64_t at = bundle; at < bundle + kBundleEntries; at += kBlockEntries) {
      const auto block = segment_->read(at, kBlockEntries);
      if (!block) message += block.error().message + "; ";
    }
    const std::uint64_t end = bundle + kBundleEntries;
    run_.add(kind_, path_, message + "without them, none of " + entries_text(bundle, end) + " is proven", bundle, end);
    run_.bundles.push_back({kept_root(bundle), kBundleEntries, {}});
  }

  [[nodiscard]] const Hash& kept_root(std::uint64_t bundle) const {
    return segment_->bundle_roots()[(bundle - segment_->info().first_index) / kBundleEntries];
  }

  void check_roots(bool bytes_fit) {
    for (std::size_t i = 0; i < run_.bundles.size(); ++i) {
      const std::uint64_t first = piece_.first + i * kBundleEntries;
      if (run_.bundles[i].root == kept_root(first)) continue;
      run_.add(kind_, path_,
               entries_text(first, first + kBundleEntries) + " do not hash to the bundle's root that the segment keeps", first,
               first + kBundleEntries);
      // What a fault of the disk changed says nothing of the rest: the root that was kept lets it be judged.
      if (!bytes_fit) run_.bundles[i] = {kept_root(first), kBundleEntries, {}};
    }
  }

  const LogPlace& place_;
  SealedPiece piece_;
  const Wanted& wanted_;
  std::string range_;
  std::string path_;
  std::string kind_;
  std::unique_ptr<log::SegmentReader> segment_;
  EntryRun run_;
};

SealedList arrange(std::vector<log::SegmentName> found) {
  std::sort(found.begin(), found.end(), [](const log::SegmentName& a, const log::SegmentName& b) {
    return a.first_index != b.first_index ? a.first_index < b.first_index : a.count > b.count;
  });
  SealedList list;
  for (const log::SegmentName& name : found) {
    if (end_of(name) <= list.end()) {
      list.spare.push_back(log::segment_name(name.first_index, name.count));
      continue;
    }
    if (name.first_index > list.end()) list.pieces.push_back({list.end(), name.first_index, std::nullopt});
    list.pieces.push_back({list.end(), end_of(name), name});
  }
  return list;
}

}  // namespace

Result<SealedList> list_sealed(const LogPlace& place, Patience patience) {
  for (int tries = 1;; ++tries) {
    const auto names = place.fs.list(place.path("segments"));
    if (!names) {
      if (names.error().code == Code::kNotFound) return SealedList();
      return names.error();
    }
    std::vector<log::SegmentName> found;
    for (const std::string& name : *names) {
      if (const auto segment = log::parse_segment_name(name)) found.push_back(*segment);
    }
    SealedList list = arrange(std::move(found));
    const bool whole =
        std::all_of(list.pieces.begin(), list.pieces.end(), [](const SealedPiece& p) { return p.file.has_value(); });
    if (whole || patience == Patience::kNone || tries == 3) return list;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

std::string piece_path(const LogPlace& place, const SealedPiece& piece) {
  const std::string dir = place.path("segments");
  return piece.file ? dir + "/" + log::segment_name(piece.file->first_index, piece.file->count) : dir;
}

void read_sealed(const LogPlace& place, const SealedList& list, std::uint64_t from, const Wanted& wanted,
                 const std::function<void(const SealedPiece&, EntryRun)>& take) {
  std::vector<SealedPiece> pieces;
  for (SealedPiece piece : list.pieces) {
    piece.first = std::max(piece.first, from);  // the rest was read before a merge
    if (piece.first < piece.end) pieces.push_back(piece);
  }
  constexpr std::size_t kAhead = 8;
  std::vector<std::optional<EntryRun>> runs(pieces.size());
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t taken = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < pieces.size(); i = next++) {
      {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return i < taken + kAhead; });
      }
      EntryRun run = PieceReader(place, pieces[i], wanted).run();
      const std::lock_guard lock(mutex);
      runs[i] = std::move(run);
      changed.notify_all();
    }
  };
  std::vector<std::thread> workers;
  const std::size_t processors = std::max(1U, std::thread::hardware_concurrency());
  for (std::size_t i = 0; i < std::min(processors, pieces.size()); ++i) workers.emplace_back(work);
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    std::optional<EntryRun> run;
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return runs[i].has_value(); });
      run.swap(runs[i]);
      taken = i + 1;
    }
    changed.notify_all();
    take(pieces[i], std::move(*run));
  }
  for (std::thread& worker : workers) worker.join();
}

Result<std::string> sealed_entries(const LogPlace& place, std::uint64_t first, std::uint64_t end) {
  STELE_ASSIGN(const SealedList list, list_sealed(place));
  std::string out;
  for (SealedPiece piece : list.pieces) {
    if (piece.end <= first || piece.first >= end) continue;
    piece.first = std::max(piece.first, first);
    piece.end = std::min(piece.end, end);
    if (!piece.file) return Error{Code::kNotFound, "no segment holds " + entries_text(piece.first, piece.end)};
    STELE_ASSIGN(const auto reader, open_piece(place, piece));
    if (reader->info().first_index > piece.first || reader->info().end_index() < piece.end)
      return corrupt(piece_path(place, piece) + " holds other entries than its name says");
    STELE_ASSIGN(const std::string part, reader->read(piece.first, piece.end - piece.first));
    out += part;
  }
  return out;
}

}  // namespace stele::verify
