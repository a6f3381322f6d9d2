#include "agent/spool.h"

#include <algorithm>
#include <chrono>

#include "agent/spool_files.h"

namespace stele::agent {

std::string_view SpoolBatch::line(std::size_t i) const { return part(i, 1); }

std::string_view SpoolBatch::part(std::size_t from, std::size_t count) const {
  const std::size_t begin = lines[from].at;
  const std::size_t end = from + count < lines.size() ? lines[from + count].at : text.size();
  return std::string_view(text).substr(begin, end - begin);
}

std::string Spool::path_of(std::uint64_t number) const { return options_.dir + "/" + spool_file_name(number); }

std::uint64_t Spool::bytes_held() const {
  std::uint64_t sum = 0;
  for (const FileInfo& file : files_) sum += file.bytes;
  return sum;
}

bool Spool::has_room() const {
  const std::lock_guard lock(mutex_);
  return bytes_held() < options_.bytes_max || acknowledged_ + 1 >= end_seq_;
}

std::uint64_t Spool::batch_bytes_max() const { return std::min<std::uint64_t>(1U << 20, options_.bytes_max / 8); }

Spool::Waiting Spool::waiting() const {
  const std::lock_guard lock(mutex_);
  return {end_seq_ - 1 - std::min(acknowledged_, end_seq_ - 1), bytes_held()};
}

Status Spool::append(std::uint32_t count, std::string_view lines, const Positions& changed) {
  Positions after = positions_;
  for (const auto& [key, value] : changed) {
    if (value.empty())
      after.erase(key);
    else
      after.insert_or_assign(key, value);
  }
  bool written = false;
  if (file_ == nullptr) {
    const Status begun = begin_file(next_seq_, count, lines, after);
    if (!begun && !use_reserve()) return begun;
    written = begun.ok();
    if (written) keep_reserve();
  }
  if (!written) STELE_TRY(append_frame(count, lines, changed));
  positions_ = std::move(after);
  next_seq_ += count;
  const std::lock_guard lock(mutex_);
  if (files_.back().bytes >= file_bytes_max()) file_.reset();
  return {};
}

Status Spool::append_frame(std::uint32_t count, std::string_view lines, const Positions& changed) {
  const std::uint64_t seed = frame_seed(sequence_id_, next_number_ - 1);
  STELE_ASSIGN(const std::string frame, encode_spool_frame(seed, next_seq_, count, changed, lines));
  std::uint64_t at = 0;
  {
    const std::lock_guard lock(mutex_);
    at = files_.back().bytes;
  }
  const ByteSpan parts[] = {as_byte_span(frame)};
  Status written = file_->write_at(at, parts);
  if (written) written = file_->sync();
  if (!written) {  // what that file holds now is uncertain: the next one says it anew
    file_.reset();
    return written;
  }
  take_in(next_seq_, count, frame.size());
  return {};
}

// A file begins with all positions, so that those before it are needed for their records alone.
Status Spool::begin_file(std::uint64_t first_seq, std::uint32_t count, std::string_view lines, const Positions& positions) {
  const std::uint64_t number = next_number_++;
  const std::uint64_t seed = frame_seed(sequence_id_, number);
  STELE_ASSIGN(const std::string frame, encode_spool_frame(seed, first_seq, count, positions, lines));
  const std::string header = encode_spool_header({sequence_id_, number, first_seq});
  const auto write = [&]() -> Status {
    STELE_ASSIGN(file_, fs_.open_write(path_of(number), 0600));
    const ByteSpan parts[] = {as_byte_span(header), as_byte_span(frame)};
    STELE_TRY(file_->write_at(0, parts));
    STELE_TRY(file_->sync());
    return fs_.sync_dir(options_.dir);
  };
  if (Status written = write(); !written) {
    file_.reset();
    (void)fs_.remove(path_of(number));  // it may be what keeps the disk full; where this fails too, recovery knows it
    return written;
  }
  {
    const std::lock_guard lock(mutex_);
    if (!files_.empty()) files_.back().end_seq = std::min(files_.back().end_seq, first_seq);
    files_.push_back({number, first_seq, first_seq, header.size(), false});
  }
  take_in(first_seq, count, frame.size());
  return {};
}

void Spool::take_in(std::uint64_t first_seq, std::uint32_t count, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  FileInfo& file = files_.back();
  file.bytes += bytes;
  file.end_seq = first_seq + count;
  end_seq_ = first_seq + count;
  waiting_.notify_all();
}

bool Spool::wait(std::int64_t millis) {
  std::unique_lock lock(mutex_);
  const auto waits = [this] { return acknowledged_ + 1 < end_seq_; };
  waiting_.wait_for(lock, std::chrono::milliseconds(millis), [&] { return waits() || woken_; });
  woken_ = false;
  return waits();
}

void Spool::wake() {
  const std::lock_guard lock(mutex_);
  woken_ = true;
  waiting_.notify_all();
}

Result<SpoolBatch> Spool::read(std::size_t lines_max, std::size_t bytes_max) {
  const std::lock_guard reading(reading_mutex_);
  SpoolBatch out;
  std::deque<FileInfo> files;
  std::uint64_t after = 0;
  {
    const std::lock_guard lock(mutex_);
    files = files_;
    after = acknowledged_;
  }
  for (const FileInfo& file : files) {
    if (file.end_seq <= after + 1 || file.number < cursor_.number) continue;
    STELE_TRY(read_frames(file, after, lines_max, bytes_max, out));
    if (out.lines.size() >= lines_max || out.text.size() >= bytes_max) break;
  }
  return out;
}

namespace {

constexpr std::size_t kFillBytes = 1U << 20;

// Takes lines of `frame` that come after `after`. False when there is no room for more.
bool take_lines(const SpoolFrame& frame, std::uint64_t after, std::size_t lines_max, std::size_t bytes_max, SpoolBatch& out) {
  std::uint64_t seq = frame.first_seq;
  std::string_view rest = frame.lines;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n') + 1);
    rest.remove_prefix(line.size());
    if (seq > after) {
      const bool full = out.lines.size() >= lines_max || out.text.size() + line.size() > bytes_max;
      if (full && !out.lines.empty()) return false;
      out.lines.push_back({seq, out.text.size()});
      out.text += line;
    }
    ++seq;
  }
  return out.lines.size() < lines_max && out.text.size() < bytes_max;
}

}  // namespace

Status Spool::read_frames(const FileInfo& info, std::uint64_t after, std::size_t lines_max, std::size_t bytes_max,
                          SpoolBatch& out) {
  if (reading_ == nullptr || reading_number_ != info.number) {
    STELE_ASSIGN(reading_, fs_.open_read(path_of(info.number)));
    reading_number_ = info.number;
  }
  std::uint64_t offset = cursor_.number == info.number ? cursor_.offset : kSpoolHeaderBytes;
  const std::uint64_t seed = frame_seed(sequence_id_, info.number);
  std::string buffer;
  const auto fill = [&](std::size_t bytes) -> Status {
    buffer.resize(std::min<std::uint64_t>(bytes, info.bytes - offset));
    return io::read_exactly(*reading_, offset, std::as_writable_bytes(std::span(buffer)), path_of(info.number));
  };
  while (offset < info.bytes) {
    STELE_TRY(fill(kFillBytes));
    std::string_view rest = buffer;
    if (const auto size = spool_frame_size(rest); size && *size > rest.size()) {
      STELE_TRY(fill(*size));
      rest = buffer;
    }
    const std::uint64_t begun_at = offset;
    for (auto frame = parse_spool_frame(rest, seed); frame; frame = parse_spool_frame(rest, seed)) {
      if (frame->first_seq + frame->count <= after + 1) {
        cursor_ = {info.number, offset + frame->size};
      } else if (frame->first_seq < info.end_seq && !take_lines(*frame, after, lines_max, bytes_max, out)) {
        return {};
      }
      offset += frame->size;
      rest.remove_prefix(frame->size);
    }
    if (offset != begun_at) continue;
    // Damage, which opening went around too.
    STELE_TRY(fill(info.bytes - offset));
    const auto next = find_spool_frame(buffer, 1, seed);
    if (!next) return {};
    offset += *next;
  }
  return {};
}

Status Spool::acknowledge(std::uint64_t seq) {
  {
    const std::lock_guard lock(mutex_);
    acknowledged_ = std::max(acknowledged_, seq);
  }
  const Status written = write_acknowledged(seq);
  delete_acknowledged();
  return written;
}

Status Spool::write_acknowledged(std::uint64_t seq) {
  if (acknowledged_file_ == nullptr) {
    STELE_ASSIGN(acknowledged_file_, fs_.open_write(options_.dir + "/acknowledged", 0600));
    STELE_TRY(fs_.sync_dir(options_.dir));
  }
  const auto bytes = encode_acknowledged(sequence_id_, seq);
  const ByteSpan parts[] = {std::as_bytes(std::span(bytes))};
  Status written = acknowledged_file_->write_at(acknowledged_writes_++ % 2 * kAcknowledgedStride, parts);
  if (written) written = acknowledged_file_->sync();
  if (!written) acknowledged_file_.reset();
  return written;
}

void Spool::delete_acknowledged() {
  for (;;) {
    FileInfo first;
    {
      const std::lock_guard lock(mutex_);
      if (files_.size() < 2 || files_.front().end_seq > acknowledged_ + 1) return;
      first = files_.front();
      files_.pop_front();
    }
    {
      const std::lock_guard lock(reading_mutex_);
      if (reading_number_ == first.number) {
        reading_.reset();
        reading_number_ = 0;
      }
    }
    // A name that comes back after a power cut does no harm: it is known to be acknowledged.
    if (first.damaged)
      (void)keep_damaged(fs_, options_.dir, first.number);
    else
      (void)fs_.remove(path_of(first.number));
  }
}

}  // namespace stele::agent
