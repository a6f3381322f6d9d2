#include "search/indexer.h"

#include <algorithm>
#include <chrono>
#include <cinttypes>

#include "base/bytes.h"
#include "base/threads.h"
#include "event/entry.h"
#include "index/merge.h"

namespace stele::search {
namespace {

using index::IndexFile;
using index::kChunkRows;

constexpr std::string_view kSuffix = ".index";
constexpr std::string_view kUnfinished = ".new";
constexpr std::uint64_t kMergeFiles = 16;         // of one size become one
constexpr std::uint64_t kStep = 256;              // entries that are taken in at once
constexpr std::size_t kWaitingMax = 4;            // full chunks that wait for a file
constexpr unsigned kTileLevel = 16;               // of the root of 65,536 entries
constexpr std::uint64_t kChunkBytes = 16U << 20;  // more than a file of one chunk takes, as events are mostly

struct Name {
  std::uint64_t first_index;
  std::uint64_t chunks;
};

// "00000000000000065536-1.index"
std::string file_name(std::uint64_t first_index, std::uint64_t chunks) {
  return zero_padded(first_index, 20) + "-" + std::to_string(chunks) + std::string(kSuffix);
}

std::optional<Name> parse_name(std::string_view name) {
  if (!name.ends_with(kSuffix)) return std::nullopt;
  name.remove_suffix(kSuffix.size());
  const auto dash = name.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto first = parse_zero_padded(name.substr(0, dash));
  const auto chunks = parse_decimal(name.substr(dash + 1));
  if (!first || !chunks || *first % kChunkRows != 0 || *chunks == 0 || *chunks > index::kChunksMax) return std::nullopt;
  return Name{*first, *chunks};
}

}  // namespace

std::string index_file_name(const IndexFile& file) { return file_name(file.first_index(), file.directory().chunks.size()); }

Indexer::Indexer(io::FileSystem& fs, const log::Sequencer& log, IndexerOptions options)
    : fs_(fs),
      log_(log),
      options_(std::move(options)),
      log_id_(log.store()->identity().id),
      snapshot_(std::make_shared<Snapshot>()) {}

Result<std::unique_ptr<Indexer>> Indexer::start(io::FileSystem& fs, const log::Sequencer& log, IndexerOptions options) {
  std::unique_ptr<Indexer> self(new Indexer(fs, log, std::move(options)));
  STELE_TRY(fs.make_dirs(self->options_.dir));
  STELE_TRY(self->open_files());
  self->begin_chunk(log.store()->size() / kChunkRows * kChunkRows);
  self->follower_ = std::thread([indexer = self.get()] { indexer->follow(); });
  self->builder_ = std::thread([indexer = self.get()] { indexer->build(); });
  return self;
}

Indexer::~Indexer() { drain(); }

void Indexer::drain() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (follower_.joinable()) follower_.join();
  if (builder_.joinable()) builder_.join();
}

std::string Indexer::path(std::uint64_t first_index, std::uint64_t chunks) const {
  return options_.dir + "/" + file_name(first_index, chunks);
}

// Larger files first: what they cover is left over from a merge.
Status Indexer::open_files() {
  STELE_ASSIGN(const std::vector<std::string> names, fs_.list(options_.dir));
  std::vector<Name> found;
  for (const std::string& name : names) {
    if (name.ends_with(kUnfinished)) STELE_TRY(fs_.remove(options_.dir + "/" + name));
    if (const auto parsed = parse_name(name)) found.push_back(*parsed);
  }
  std::sort(found.begin(), found.end(), [](const Name& a, const Name& b) { return a.chunks > b.chunks; });
  Snapshot opened;
  for (const Name& name : found) {
    const std::string here = path(name.first_index, name.chunks);
    const std::uint64_t end = name.first_index + name.chunks * kChunkRows;
    const bool covered = std::any_of(opened.files.begin(), opened.files.end(), [&](const auto& file) {
      return name.first_index < file->end_index() && end > file->first_index();
    });
    auto file = IndexFile::open(fs_, here);
    Status good = file ? check_file(**file) : Status(file.error());
    if (good && ((*file)->first_index() != name.first_index || (*file)->end_index() != end))
      good = corrupt("it is about other entries than its name says");
    if (good && !covered) {
      opened.files.push_back(std::move(*file));
      continue;
    }
    if (!good) options_.say("index " + here + " is made again: " + good.error().message);
    STELE_TRY(fs_.remove(here));
  }
  std::sort(opened.files.begin(), opened.files.end(),
            [](const auto& a, const auto& b) { return a->first_index() < b->first_index(); });
  snapshot_ = std::make_shared<Snapshot>(std::move(opened));
  return {};
}

// Whether it is an index of this log's very entries.
Status Indexer::check_file(const IndexFile& file) const {
  const auto store = log_.store();
  if (file.directory().log != log_id_) return invalid("it is of another log");
  if (file.end_index() > store->size()) return invalid("it is about entries that the log does not have");
  const merkle::NodeReader nodes = store->node_reader();
  for (std::size_t i = 0; i < file.directory().chunks.size(); ++i) {
    STELE_ASSIGN(const Hash root, nodes(kTileLevel, file.first_index() / kChunkRows + i));
    if (root != file.directory().chunks[i].root) return invalid("it is about other entries than the log has");
  }
  return {};
}

std::shared_ptr<const Snapshot> Indexer::snapshot() const {
  const std::lock_guard lock(mutex_);
  return snapshot_;
}

void Indexer::change(const std::function<void(Snapshot&)>& f) {
  const std::lock_guard lock(mutex_);
  auto next = std::make_shared<Snapshot>(*snapshot_);
  f(*next);
  snapshot_ = std::move(next);
  changed_.notify_all();
}

void Indexer::report_damage(const IndexFile& file) {
  bool there = false;
  change([&](Snapshot& snapshot) {
    there = std::erase_if(snapshot.files, [&](const auto& one) { return one.get() == &file; }) > 0;
    damaged_ += there ? 1 : 0;
  });
  if (!there) return;
  const std::string here = path(file.first_index(), file.directory().chunks.size());
  options_.say("index " + here + " is damaged; it is made again");
  static_cast<void>(fs_.remove(here));  // what is left of it is noticed again
}

void Indexer::take_out(std::uint64_t first_index, std::uint64_t end_index) {
  std::vector<std::shared_ptr<const IndexFile>> files;
  change([&](Snapshot& snapshot) {
    const auto is_about = std::stable_partition(snapshot.files.begin(), snapshot.files.end(), [&](const auto& file) {
      return file->end_index() <= first_index || file->first_index() >= end_index;
    });
    files.assign(is_about, snapshot.files.end());
    snapshot.files.erase(is_about, snapshot.files.end());
  });
  for (const auto& file : files) static_cast<void>(fs_.remove(options_.dir + "/" + index_file_name(*file)));
}

IndexerStatus Indexer::status() const {
  const auto now = snapshot();
  IndexerStatus out;
  for (const auto& file : now->files) {
    out.covered += file->end_index() - file->first_index();
    out.file_bytes += file->image().size();
  }
  // All but the one that grows are full; nobody waits for that one's lock here.
  const std::uint64_t rows = growing_rows_;
  if (!now->chunks.empty()) out.covered += (now->chunks.size() - 1) * kChunkRows + rows;
  out.files = now->files.size();
  const std::lock_guard lock(mutex_);
  out.damaged = damaged_;
  return out;
}

void Indexer::begin_chunk(std::uint64_t first_index) {
  growing_ = std::make_shared<SharedChunk>(first_index);
  growing_first_ = first_index;
  growing_rows_ = 0;
  change([&](Snapshot& snapshot) { snapshot.chunks.push_back(growing_); });
}

void Indexer::follow() {
  name_this_thread("index");
  constexpr std::chrono::milliseconds kBusy{2};
  constexpr std::chrono::milliseconds kIdle{50};
  std::chrono::milliseconds pause = kBusy;
  while (!stopping_) {
    if (follow_some(*log_.store())) {
      pause = kBusy;
      continue;
    }
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, pause, [&] { return stopping_.load(); });
    pause = std::min(2 * pause, kIdle);
  }
}

// Takes in the next entries. False when there are none, or none can be taken now.
bool Indexer::follow_some(log::Store& store) {
  index::LiveChunk& chunk = growing_->chunk;  // others only read it
  if (chunk.full()) {
    const std::uint64_t next = chunk.end_index();
    bool too_many = false;
    {
      std::unique_lock lock(mutex_);
      const auto few = [&] { return snapshot_->chunks.size() < kWaitingMax; };
      changed_.wait(lock, [&] { return stopping_ || few() || cannot_write_; });
      too_many = !few();
    }
    if (stopping_) return false;
    // Where nothing can be written the oldest is given up, and made again later.
    if (too_many) change([](Snapshot& snapshot) { snapshot.chunks.erase(snapshot.chunks.begin()); });
    begin_chunk(next);
    return true;
  }
  const std::uint64_t at = chunk.end_index();
  const std::uint64_t size = store.size();
  if (at >= size) return false;
  const std::uint64_t count = std::min(kStep - at % kStep, size - at);
  const auto bundle = store.read(at, count);
  if (!bundle) {
    rest(bundle.error(), "entries from " + std::to_string(at) + " on cannot be indexed");
    return false;
  }
  // A few at a time, so that searches wait for moments only.
  constexpr std::size_t kBytesAtOnce = 64U << 10;
  std::unique_lock lock(growing_->mutex);
  std::size_t bytes = 0;
  const Status whole = event::for_each_entry(*bundle, [&](std::string_view entry) {
    bytes += entry.size();
    if (bytes > kBytesAtOnce) {
      lock.unlock();
      lock.lock();
      bytes = entry.size();
    }
    chunk.append(entry);
  });
  growing_rows_ = chunk.rows();
  return whole.ok();
}

void Indexer::build() {
  name_this_thread("index-files");
  work_in_background();
  while (!stopping_) {
    give_back_memory();
    if (write_next() || merge_next() || repair_next()) continue;
    std::unique_lock lock(mutex_);
    const auto before = snapshot_;
    changed_.wait_for(lock, std::chrono::seconds(1), [&] { return stopping_ || snapshot_ != before; });
  }
}

// A failure that passes, perhaps: said once, and waited for.
void Indexer::rest(const Error& error, const std::string& what) {
  std::unique_lock lock(mutex_);
  if (!stopping_ && !cannot_write_) options_.say(what + ": " + error.message + "; searching goes on, slower");
  cannot_write_ = true;
  changed_.wait_for(lock, std::chrono::seconds(5), [&] { return stopping_.load(); });
}

Status Indexer::add_file(std::uint64_t first_index, std::uint64_t chunks,
                         const std::function<Status(index::ImageWriter&)>& write) {
  const std::string here = path(first_index, chunks);
  const std::string unfinished = here + std::string(kUnfinished);
  if (fs_.exists(unfinished)) STELE_TRY(fs_.remove(unfinished));
  {
    STELE_ASSIGN(const auto file, fs_.open_write(unfinished, 0600));
    index::ImageWriter out(*file);
    if (Status written = write(out); !written) {
      static_cast<void>(fs_.remove(unfinished));
      return written;
    }
  }
  STELE_TRY(fs_.rename(unfinished, here));
  STELE_TRY(fs_.sync_dir(options_.dir));
  auto opened = IndexFile::open(fs_, here);
  if (!opened) return opened.error();
  const std::shared_ptr<const IndexFile> file = std::move(*opened);
  std::vector<std::shared_ptr<const IndexFile>> replaced;
  change([&](Snapshot& snapshot) {
    const auto inside = [&](const auto& one) {
      return one->first_index() >= file->first_index() && one->end_index() <= file->end_index();
    };
    std::copy_if(snapshot.files.begin(), snapshot.files.end(), std::back_inserter(replaced), inside);
    std::erase_if(snapshot.files, inside);
    std::erase_if(snapshot.chunks, [&](const auto& one) {
      return one->chunk.first_index() >= file->first_index() && one->chunk.first_index() < file->end_index();
    });
    snapshot.files.insert(std::upper_bound(snapshot.files.begin(), snapshot.files.end(), file,
                                           [](const auto& a, const auto& b) { return a->first_index() < b->first_index(); }),
                          file);
    cannot_write_ = false;
  });
  for (const auto& one : replaced) STELE_TRY(fs_.remove(path(one->first_index(), one->directory().chunks.size())));
  return {};
}

// The log stops where the disk ends, and an index can be made at any time.
Status Indexer::room_for(std::uint64_t bytes) const {
  STELE_ASSIGN(const io::Space space, io::space_at(options_.dir));
  if (space.free >= bytes + options_.bytes_left_to_log) return {};
  return unavailable("of the disk of " + options_.dir + " " + std::to_string(space.free >> 20) + " MiB are left, and the last " +
                     std::to_string(options_.bytes_left_to_log >> 20) + " MiB are the log's");
}

Status Indexer::write_chunk(const index::LiveChunk& chunk) {
  STELE_TRY(room_for(kChunkBytes));
  STELE_ASSIGN(const Hash root, log_.store()->node_reader()(kTileLevel, chunk.first_index() / kChunkRows));
  return add_file(chunk.first_index(), 1, [&](index::ImageWriter& out) { return chunk.write(out, log_id_, root); });
}

// A full chunk becomes a file.
bool Indexer::write_next() {
  const auto now = snapshot();
  for (const auto& chunk : now->chunks) {
    if (chunk->chunk.first_index() >= growing_first_) continue;  // it grows
    if (const Status written = write_chunk(chunk->chunk); !written) rest(written.error(), "an index cannot be written");
    return true;
  }
  return false;
}

// Sixteen files of one size become one.
bool Indexer::merge_next() {
  const auto now = snapshot();
  const auto& files = now->files;
  for (std::size_t i = 0; i + kMergeFiles <= files.size(); ++i) {
    const std::uint64_t chunks = files[i]->directory().chunks.size();
    const std::uint64_t merged = chunks * kMergeFiles;
    if (merged > index::kChunksMax || files[i]->first_index() % (merged * kChunkRows) != 0) continue;
    std::vector<const IndexFile*> run;
    for (std::size_t j = i; j < i + kMergeFiles; ++j) {
      const bool next = files[j]->first_index() == files[i]->first_index() + run.size() * chunks * kChunkRows;
      if (next && files[j]->directory().chunks.size() == chunks) run.push_back(files[j].get());
    }
    if (run.size() < kMergeFiles) continue;
    Pacer pacer;
    std::uint64_t bytes = 0;
    bool takes_memory = false;
    for (const IndexFile* file : run) {
      bytes += file->image().size();
      takes_memory = takes_memory || file->image().memory() > 0;
    }
    if (takes_memory && bytes > options_.memory_max) continue;  // they stay as they are: to merge them is to decrypt them all
    const std::function<bool()> go_on = [&] {
      pacer.breathe([] { return 1U; });
      return !stopping_;
    };
    Status done = room_for(bytes);
    if (done)
      done = add_file(files[i]->first_index(), merged, [&](index::ImageWriter& out) { return index::merge(run, out, go_on); });
    if (done) return true;
    for (const IndexFile* file : run) {
      if (file->damaged()) report_damage(*file);
    }
    if (done.error().code == Code::kTooLarge) continue;  // they stay as they are
    if (done.error().code != Code::kCorrupt) rest(done.error(), "index files cannot be merged");
    return true;
  }
  return false;
}

// What was decrypted of a file goes when the file is opened anew and the last search that has the old one ends.
void Indexer::give_back_memory() {
  const auto now = snapshot();
  std::uint64_t memory = 0;
  for (const auto& file : now->files) memory += file->image().memory();
  if (memory <= options_.memory_max) return;
  auto by_memory = now->files;
  std::sort(by_memory.begin(), by_memory.end(),
            [](const auto& a, const auto& b) { return a->image().memory() > b->image().memory(); });
  for (const auto& file : by_memory) {
    constexpr std::uint64_t kWorthIt = 256U << 10;  // what every open file takes is less
    if (memory <= options_.memory_max / 2 || file->image().memory() < kWorthIt) return;
    memory -= file->image().memory();
    auto opened = IndexFile::open(fs_, path(file->first_index(), file->directory().chunks.size()));
    if (!opened && opened.error().code == Code::kCorrupt) report_damage(*file);
    if (!opened) return;
    const std::shared_ptr<const IndexFile> again = std::move(*opened);
    change([&](Snapshot& snapshot) { std::replace(snapshot.files.begin(), snapshot.files.end(), file, again); });
  }
}

// A tile that nothing covers is indexed; the newest first.
bool Indexer::repair_next() {
  const auto now = snapshot();
  for (std::uint64_t first = growing_first_; first >= kChunkRows;) {
    first -= kChunkRows;
    const auto file = std::find_if(now->files.begin(), now->files.end(),
                                   [&](const auto& one) { return first >= one->first_index() && first < one->end_index(); });
    if (file != now->files.end()) {
      first = (*file)->first_index();
      continue;
    }
    if (std::any_of(now->chunks.begin(), now->chunks.end(), [&](const auto& one) { return one->chunk.first_index() == first; }))
      continue;
    if (const Status room = room_for(kChunkBytes); !room) {
      rest(room.error(), "an index cannot be written");
      return true;
    }
    index::LiveChunk chunk(first);
    Pacer pacer;
    const auto store = log_.store();
    while (!chunk.full() && !stopping_) {
      const auto bundle = store->read(chunk.end_index(), kStep);
      Status read =
          bundle ? event::for_each_entry(*bundle, [&](std::string_view entry) { chunk.append(entry); }) : Status(bundle.error());
      if (!read) {
        rest(read.error(), "entries from " + std::to_string(chunk.end_index()) + " on cannot be indexed");
        return true;
      }
      pacer.breathe([] { return 1U; });
    }
    if (stopping_) return false;
    if (const Status written = write_chunk(chunk); !written) rest(written.error(), "an index cannot be written");
    return true;
  }
  return false;
}

}  // namespace stele::search
