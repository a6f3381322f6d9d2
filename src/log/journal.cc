#include "log/journal.h"

#include <algorithm>
#include <array>

#include "base/parallel.h"
#include "base/threads.h"
#include "log/frame_cipher.h"

namespace stele::log {
namespace {

constexpr std::string_view kSuffix = ".journal";
constexpr std::uint64_t kFileBytesMax = std::uint64_t{1} << 30;  // on what is read back

std::string file_name(std::uint64_t number) { return zero_padded(number, 10) + std::string(kSuffix); }

std::uint64_t file_number(std::string_view name) {
  return parse_zero_padded(name.substr(0, name.size() - kSuffix.size())).value_or(0);
}

Result<std::vector<std::string>> journal_files(io::FileSystem& fs, const std::string& dir) {
  STELE_ASSIGN(auto names, fs.list(dir));
  std::erase_if(names, [](const std::string& name) { return !name.ends_with(kSuffix); });
  return names;
}

std::string describe(const FrameHeader& header) {
  return "commit " + std::to_string(header.commit) + " (entries " + std::to_string(header.first_index) + " to " +
         std::to_string(header.end_index()) + ", epoch " + std::to_string(header.epoch) + ")";
}

// All whole frames of one file, and the commit numbers of those whose header is right and payload is not.
struct FileScan {
  std::uint64_t bytes = 0;
  std::vector<FoundFrame> frames;
  std::vector<FrameHeader> broken;
};

// Payloads of frames that end before `sealed` are checked, not kept.
Result<FileScan> scan_file(io::FileSystem& fs, const std::string& dir, const std::string& name, const LogId& log_id,
                           std::uint64_t sealed, const keyring::Keyring* ring) {
  const auto content = io::read_file(fs, dir + "/" + name, kFileBytesMax);
  if (!content && content.error().code == Code::kNotFound) return FileScan();  // freed by the live server since the listing
  if (!content) return content.error();
  const ByteSpan bytes = as_byte_span(*content);
  FileScan out;
  out.bytes = bytes.size();
  std::uint64_t at = 0;
  while (at + kFrameHeaderBytes <= bytes.size()) {
    const auto head = bytes.subspan(at).first<kFrameHeaderBytes>();
    const auto header = decode_frame_header(head, log_id);
    if (!header) {
      if (header.error().code == Code::kInvalid) return header.error().in(name);
      at += kFrameAlignment;
      continue;
    }
    const std::uint64_t payload_at = at + kFrameHeaderBytes;
    if (header->payload_bytes > bytes.size() - payload_at) {
      out.broken.push_back(*header);
      at += kFrameAlignment;
      continue;
    }
    const std::array<ByteSpan, 1> payload{bytes.subspan(payload_at, header->payload_bytes)};
    if (payload_checksum(payload) != header->payload_checksum) {
      out.broken.push_back(*header);
      at += kFrameAlignment;
      continue;
    }
    FrameHeaderBytes raw{};
    std::copy(head.begin(), head.end(), raw.begin());
    const bool needed = header->end_index() >= sealed;
    std::string plain;
    if (needed && header->encryption) {
      auto opened = open_payload(*header, payload[0], ring);
      // A checksum that fits bytes which do not decrypt is nothing that a crash leaves.
      if (!opened) return opened.error().in(name + ", " + describe(*header));
      plain = std::move(*opened);
    } else if (needed) {
      plain = as_text(payload[0]);
    }
    out.frames.push_back({*header, frame_digest(raw), std::move(plain), name, at});
    at += frame_extent(header->payload_bytes);
  }
  return out;
}

// The valid frames by commit number; among those of one number the one of the highest epoch comes last.
using ByCommit = std::multimap<std::uint64_t, FoundFrame>;

FoundFrame* find_next(ByCommit& frames, std::uint64_t commit, const FoundFrame* previous) {
  FoundFrame* best = nullptr;
  const auto [begin, end] = frames.equal_range(commit);
  for (auto it = begin; it != end; ++it) {
    FoundFrame& frame = it->second;
    if (previous != nullptr && frame.header.previous != previous->digest) continue;
    if (best == nullptr || frame.header.epoch > best->header.epoch) best = &frame;
  }
  return best;
}

// The commit to start from: the one that holds the entry `sealed`, or the last of all when every entry is sealed.
std::uint64_t start_commit(const ByCommit& frames, std::uint64_t sealed) {
  std::uint64_t start = 0;
  for (const auto& [commit, frame] : frames) {
    if (frame.header.first_index <= sealed) start = std::max(start, commit);
  }
  return start;
}

}  // namespace

Result<JournalScan> scan_journal(io::FileSystem& fs, const std::string& dir, const LogId& log_id, std::uint64_t sealed,
                                 const keyring::Keyring* ring) {
  JournalScan scan;
  ByCommit frames;
  struct Seen {
    std::uint64_t commit;
    std::uint64_t end_index;
    std::string file;
  };
  std::vector<Seen> places;  // of each frame
  std::vector<FrameHeader> broken;
  STELE_ASSIGN(const auto names, journal_files(fs, dir));
  std::vector<Result<FileScan>> files(names.size(), FileScan());
  for_each_in_parallel(names.size(), [&](std::size_t i) { files[i] = scan_file(fs, dir, names[i], log_id, sealed, ring); });
  for (std::size_t i = 0; i < names.size(); ++i) {
    STELE_ASSIGN(FileScan file, std::move(files[i]));
    scan.bytes += file.bytes;
    for (FoundFrame& frame : file.frames) {
      scan.epoch_max = std::max(scan.epoch_max, frame.header.epoch);
      scan.has_plain = scan.has_plain || !frame.header.encryption;
      places.push_back({frame.header.commit, frame.header.end_index(), names[i]});
      frames.emplace(frame.header.commit, std::move(frame));
    }
    for (const FrameHeader& header : file.broken) {
      scan.epoch_max = std::max(scan.epoch_max, header.epoch);
      scan.has_plain = scan.has_plain || !header.encryption;
    }
    broken.insert(broken.end(), file.broken.begin(), file.broken.end());
  }
  scan.free_bytes = scan.bytes;
  if (frames.empty()) return scan;

  const std::uint64_t commit_max = frames.rbegin()->first;
  std::uint64_t commit = start_commit(frames, sealed);
  if (commit == 0) {
    scan.damage.push_back("the journal holds no frame for entry " + std::to_string(sealed) + ", but later ones up to " +
                          describe(frames.rbegin()->second.header));
    return scan;
  }
  const FoundFrame* previous = nullptr;
  while (FoundFrame* next = find_next(frames, commit, previous)) {
    scan.free_bytes -= std::min(scan.free_bytes, frame_extent(next->header.payload_bytes));
    scan.chain.push_back(std::move(*next));
    previous = &scan.chain.back();
    ++commit;
  }
  for (const Seen& seen : places) {
    const bool is_late = seen.commit + 2 >= commit;  // commit - 1 is the last
    const bool is_repeated = !scan.chain.empty() && seen.end_index > scan.chain.back().header.first_index;
    if (is_late || is_repeated) scan.held.push_back(seen.file);
  }
  if (commit <= commit_max) {
    std::string sentence = "the journal breaks at commit " + std::to_string(commit) + " while later ones are there, up to " +
                           describe(frames.rbegin()->second.header);
    for (const FrameHeader& header : broken) {
      if (header.commit == commit) sentence += "; the payload of " + describe(header) + " is damaged";
    }
    scan.damage.push_back(sentence);
  }
  if (!scan.chain.empty() && scan.chain.front().header.first_index > sealed) {
    scan.damage.push_back("the journal starts at entry " + std::to_string(scan.chain.front().header.first_index) +
                          ", after the last sealed one, " + std::to_string(sealed));
  }
  return scan;
}

Result<std::unique_ptr<Journal>> Journal::open(io::FileSystem& fs, std::string dir, Limits limits,
                                               std::map<std::string, std::uint64_t> kept, const std::vector<std::string>& held) {
  std::unique_ptr<Journal> journal(new Journal(fs, std::move(dir), limits));
  journal->next_file_bytes_ = limits.first_file_bytes;
  // A crash may have come between the creation of a file and the sync of its name.
  STELE_TRY(fs.sync_dir(journal->dir_));
  STELE_ASSIGN(const auto names, journal_files(fs, journal->dir_));
  for (const std::string& name : names) {
    journal->next_number_ = std::max(journal->next_number_, file_number(name) + 1);
    if (kept.contains(name)) continue;
    if (std::find(held.begin(), held.end(), name) != held.end()) {
      journal->held_.push_back(name);
      continue;
    }
    STELE_ASSIGN(const auto file, fs.open_read(journal->dir_ + "/" + name));
    STELE_ASSIGN(const std::uint64_t bytes, file->size());
    if (bytes < limits.first_file_bytes)
      journal->held_.push_back(name);  // it was cut, or never finished: of little use, and it would stand for room that is there
    else
      journal->free_.push_back({name, bytes / kFrameAlignment * kFrameAlignment});
  }
  journal->used_ = std::move(kept);
  return journal;
}

// They are not recycled: a start that comes to nothing would leave one more such file each time.
Status Journal::let_go() {
  if (held_.empty()) return {};
  for (const std::string& name : held_) STELE_TRY(fs_.remove(dir_ + "/" + name));
  held_.clear();
  return fs_.sync_dir(dir_);
}

Status Journal::remove_free() {
  for (const JournalFile& file : free_) STELE_TRY(fs_.remove(dir_ + "/" + file.name));
  free_.clear();
  return fs_.sync_dir(dir_);
}

Status Journal::append(const FrameHeaderBytes& header, std::span<const ByteSpan> payload, std::uint64_t payload_bytes,
                       std::uint64_t end_index) {
  static constexpr std::array<std::byte, kFrameAlignment> kZeros{};
  const std::uint64_t extent = frame_extent(payload_bytes);
  if (file_ == nullptr || extent > bytes_ - at_) STELE_TRY(use_file_for(extent));
  std::vector<ByteSpan> parts;
  parts.reserve(payload.size() + 2);
  parts.emplace_back(header);
  parts.insert(parts.end(), payload.begin(), payload.end());
  parts.push_back(ByteSpan(kZeros).first(extent - kFrameHeaderBytes - payload_bytes));
  STELE_TRY(file_->write_at(at_, parts));
  STELE_TRY(file_->sync());
  at_ += extent;
  used_[name_] = end_index;
  return {};
}

Status Journal::use_file_for(std::uint64_t extent) {
  auto fits = std::find_if(free_.begin(), free_.end(), [&](const JournalFile& file) { return file.bytes >= extent; });
  if (fits == free_.end()) {
    const JournalFile made = new_file(extent);
    STELE_TRY(make_file(fs_, dir_, made, Haste::kNow));
    fits = free_.insert(free_.end(), made);
  }
  const JournalFile next = *fits;
  free_.erase(fits);
  STELE_ASSIGN(file_, fs_.open_write(dir_ + "/" + next.name, 0600));
  file_->write_in_blocks();
  name_ = next.name;
  bytes_ = next.bytes;
  at_ = 0;
  asked_ = false;
  return {};
}

JournalFile Journal::new_file(std::uint64_t bytes_least) {
  const std::uint64_t bytes = std::max(bytes_least, next_file_bytes_);
  next_file_bytes_ = std::min(next_file_bytes_ * 2, limits_.file_bytes_max);
  return {file_name(next_number_++), bytes};
}

std::optional<JournalFile> Journal::next_file() {
  if (asked_ || !free_.empty() || at_ < bytes_ / 4 || file_ == nullptr) return std::nullopt;
  asked_ = true;
  return new_file(0);
}

// Space is written once before it is used: a sync into written space is cheaper than one that grows a file.
Status Journal::make_file(io::FileSystem& fs, const std::string& dir, const JournalFile& file, Haste haste) {
  const std::string path = dir + "/" + file.name;
  const auto fill = [&]() -> Status {
    STELE_ASSIGN(const auto out, fs.open_write(path, 0600));
    out->write_in_blocks();
    constexpr std::uint64_t kPieceBytes = 1U << 20;
    const std::string zeros(std::min(file.bytes, kPieceBytes), '\0');
    Pacer pacer;
    for (std::uint64_t done = 0; done < file.bytes; done += zeros.size()) {
      const std::array<ByteSpan, 1> part{as_byte_span(zeros).first(std::min<std::uint64_t>(zeros.size(), file.bytes - done))};
      STELE_TRY(out->write_at(done, part));
      if (haste == Haste::kNow) continue;
      STELE_TRY(out->sync());
      pacer.breathe([] { return 1U; });
    }
    STELE_TRY(out->sync());
    return fs.sync_dir(dir);
  };
  const Status filled = fill();
  if (!filled) (void)fs.remove(path);  // a full disk is not to be filled up with what is of no use
  return filled;
}

void Journal::release(std::uint64_t sealed) {
  for (auto it = used_.begin(); it != used_.end();) {
    if (it->first == name_ || it->second > sealed) {
      ++it;
      continue;
    }
    auto file = fs_.open_read(dir_ + "/" + it->first);
    const auto bytes = file ? (*file)->size() : Result<std::uint64_t>(file.error());
    if (bytes) free_.push_back({it->first, *bytes / kFrameAlignment * kFrameAlignment});
    it = used_.erase(it);
  }
}

Status Journal::cut() {
  if (file_ != nullptr) STELE_TRY(file_->truncate(at_));
  return remove_free();
}

}  // namespace stele::log
