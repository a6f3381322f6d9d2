// Opening a spool: what is in it, from whatever a crash left.
#include <algorithm>

#include "agent/spool.h"
#include "agent/spool_files.h"

namespace stele::agent {
namespace {

constexpr std::uint64_t kFileBytesMax = 256U << 20;
constexpr std::string_view kSuffix = ".spool";
constexpr unsigned kNumberWidth = 10;

std::string range_text(std::uint64_t from, std::uint64_t end) {
  return from + 1 == end ? "record " + std::to_string(from)
                         : "records " + std::to_string(from) + " to " + std::to_string(end - 1);
}

}  // namespace

std::string spool_file_name(std::uint64_t number) { return zero_padded(number, kNumberWidth) + std::string(kSuffix); }

Result<std::vector<std::uint64_t>> list_spool_files(io::FileSystem& fs, const std::string& dir) {
  STELE_ASSIGN(const auto names, fs.list(dir));
  std::vector<std::uint64_t> out;
  for (const std::string& name : names) {
    if (!name.ends_with(kSuffix)) continue;
    const auto number = parse_zero_padded(std::string_view(name).substr(0, name.size() - kSuffix.size()));
    if (number && spool_file_name(*number) == name) out.push_back(*number);
  }
  std::sort(out.begin(), out.end());
  return out;
}

Status keep_damaged(io::FileSystem& fs, const std::string& dir, std::uint64_t number) {
  STELE_TRY(fs.make_dirs(dir + "/damaged"));
  return fs.rename(dir + "/" + spool_file_name(number), dir + "/damaged/" + spool_file_name(number));
}

// What the files say, one after the other.
struct Spool::Recovered {
  Positions positions;
  std::uint64_t end_seq = 0;  // 0: nothing yet
  // The last frame, for it may be whole here and yet not durable.
  std::uint64_t last_number = 0;  // of its file
  std::uint64_t last_offset = 0;
  std::string last_frame;
};

Result<std::unique_ptr<Spool>> Spool::open(io::FileSystem& fs, Random& random, SpoolOptions options,
                                           std::vector<std::string>& notes) {
  STELE_TRY(fs.make_dirs(options.dir));
  std::unique_ptr<Spool> spool(new Spool(fs, std::move(options)));
  STELE_ASSIGN(spool->lock_, fs.lock(spool->options_.dir + "/lock"));
  STELE_TRY(spool->recover(random, notes));
  spool->keep_reserve();
  if (!fs.exists(spool->options_.dir + "/acknowledged")) {  // both copies have their room from the start
    STELE_TRY(spool->write_acknowledged(spool->acknowledged_));
    STELE_TRY(spool->write_acknowledged(spool->acknowledged_));
  }
  return spool;
}

void Spool::set_sequence(std::uint64_t id) {
  sequence_id_ = id;
  std::string name;
  for (int shift = 60; shift >= 0; shift -= 4) name += "0123456789abcdef"[id >> shift & 15U];
  sequence_ = {name, options_.host};
}

Status Spool::begin_sequence(Random& random) {
  std::array<std::uint8_t, 8> bytes{};
  random.fill(bytes);
  set_sequence(load_le<std::uint64_t>(bytes.data()));
  next_seq_ = 1;
  acknowledged_ = 0;
  files_.clear();
  return begin_file(1, 0, "", positions_);
}

Status Spool::recover(Random& random, std::vector<std::string>& notes) {
  STELE_ASSIGN(const auto numbers, list_spool_files(fs_, options_.dir));
  if (numbers.empty()) return begin_sequence(random);
  next_number_ = numbers.back() + 1;
  // The last file with a frame says which sequence it is.
  bool known = false;
  for (auto number = numbers.rbegin(); number != numbers.rend() && !known; ++number) {
    STELE_ASSIGN(const std::string bytes, io::read_file(fs_, path_of(*number), kFileBytesMax));
    const auto header = parse_spool_header(bytes);
    if (!header && header.error().code == Code::kUnavailable) return header.error().in(path_of(*number));
    known = header && find_spool_frame(bytes, kSpoolHeaderBytes, frame_seed(header->sequence, *number)).has_value();
    if (known) set_sequence(header->sequence);
  }
  // A first start that was cut off leaves one file without a frame.
  if (!known && numbers.size() == 1 && !fs_.exists(options_.dir + "/acknowledged")) {
    STELE_TRY(fs_.remove(path_of(numbers[0])));
    return begin_sequence(random);
  }
  if (!known) {
    return corrupt("no file of the spool " + options_.dir +
                   " can be read. Move the folder away to begin a new one; what it held and the server does not have is lost");
  }
  read_acknowledged();
  Recovered state;
  for (const std::uint64_t number : numbers) STELE_TRY(recover_file(number, state, notes));
  if (!files_.empty()) acknowledged_ = std::max(acknowledged_, files_.front().first_seq - 1);
  positions_ = std::move(state.positions);
  if (acknowledged_ >= state.end_seq) {
    notes.push_back("the spool ends with record " + std::to_string(state.end_seq - 1) + ", and the server has " +
                    std::to_string(acknowledged_) +
                    ": it is damaged, or an older copy. A new sequence begins; some records may "
                    "be read a second time");
    // The new file first: it has the positions, which stand nowhere else once the old ones are away. Until they are, they are
    // known as files of a sequence that was given up.
    const auto old = files_;
    STELE_TRY(begin_sequence(random));
    for (const FileInfo& file : old) STELE_TRY(keep_damaged(fs_, options_.dir, file.number));
    return {};
  }
  STELE_TRY(write_again(state.last_number, state.last_offset, state.last_frame));
  next_seq_ = state.end_seq;
  end_seq_ = state.end_seq;
  delete_acknowledged();
  return {};
}

// The last frame may be in the page cache alone, even after a sync that failed. The same bytes in the same place need no room,
// and a power cut that takes part of them finds what it leaves.
Status Spool::write_again(std::uint64_t number, std::uint64_t offset, std::string_view frame) {
  STELE_ASSIGN(const auto file, fs_.open_write(path_of(number), 0600));
  const ByteSpan parts[] = {as_byte_span(frame)};
  STELE_TRY(file->write_at(offset, parts));
  STELE_TRY(file->sync());
  return fs_.sync_dir(options_.dir);
}

// Room that is given up when a full disk would not let a small new file take the place of large ones that are done with.
void Spool::keep_reserve() {
  constexpr std::size_t kReserveBytes = 128U << 10;
  const std::string path = options_.dir + "/reserve";
  if (fs_.exists(path)) return;
  const std::string zeros(std::min<std::uint64_t>(kReserveBytes, options_.bytes_max / 16), '\0');
  if (!io::write_file(fs_, path, zeros, 0600)) (void)fs_.remove(path);
}

bool Spool::use_reserve() {
  {
    const std::lock_guard lock(mutex_);
    if (acknowledged_ + 1 < end_seq_ || files_.empty()) return false;
  }
  (void)fs_.remove(options_.dir + "/reserve");
  if (!begin_file(next_seq_, 0, "", positions_)) return false;
  delete_acknowledged();
  keep_reserve();
  return true;
}

Status Spool::recover_file(std::uint64_t number, Recovered& state, std::vector<std::string>& notes) {
  STELE_ASSIGN(const std::string bytes, io::read_file(fs_, path_of(number), kFileBytesMax));
  const std::string name = spool_file_name(number);
  const auto header = parse_spool_header(bytes);
  if (header && header->sequence != sequence_id_) {  // of one that was given up
    return keep_damaged(fs_, options_.dir, number);
  }
  FileInfo info{number, 0, 0, 0, !header};
  const std::uint64_t seed = frame_seed(sequence_id_, number);
  std::uint64_t file_end = 0;
  std::size_t at = kSpoolHeaderBytes;
  while (at < bytes.size()) {
    const auto frame = parse_spool_frame(std::string_view(bytes).substr(at), seed);
    if (!frame) {
      const auto next = find_spool_frame(bytes, at, seed);
      if (!next) break;
      info.damaged = true;
      notes.push_back(name + " is damaged from byte " + std::to_string(at) + " to " + std::to_string(*next));
      at = *next;
      continue;
    }
    if (file_end == 0) {
      info.first_seq = frame->first_seq;
      if (at == kSpoolHeaderBytes) state.positions.clear();  // it has them all
      // This file says anew what the one before could not finish.
      if (!files_.empty()) files_.back().end_seq = std::min(files_.back().end_seq, frame->first_seq);
    }
    const std::uint64_t expected = file_end != 0 ? file_end : state.end_seq;
    if (expected != 0 && frame->first_seq > std::max(expected, acknowledged_ + 1))
      notes.push_back("the spool lost " + range_text(expected, frame->first_seq) + " before " + name);
    apply_positions(frame->positions, state.positions);
    file_end = frame->first_seq + frame->count;
    state.end_seq = file_end;
    state.last_number = number;
    state.last_offset = at;
    state.last_frame = bytes.substr(at, frame->size);
    at += frame->size;
    info.bytes = at;
  }
  if (file_end == 0) {  // it was being begun when all ended, and its records stand in the one before or in the next
    return fs_.remove(path_of(number));
  }
  info.end_seq = file_end;
  files_.push_back(info);
  return {};
}

void Spool::read_acknowledged() {
  const auto file = fs_.open_read(options_.dir + "/acknowledged");
  if (!file) return;
  for (std::uint64_t copy = 0; copy < 2; ++copy) {
    std::array<std::uint8_t, kAcknowledgedBytes> bytes{};
    const auto read = (*file)->read_at(copy * kAcknowledgedStride, std::as_writable_bytes(std::span(bytes)));
    if (!read || *read != bytes.size()) continue;
    const auto seq = parse_acknowledged(as_text(std::as_bytes(std::span(bytes))), sequence_id_);
    if (!seq || *seq < acknowledged_) continue;
    acknowledged_ = *seq;
    acknowledged_writes_ = copy + 1;  // the other one goes first
  }
}

}  // namespace stele::agent
