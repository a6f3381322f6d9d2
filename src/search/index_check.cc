#include "search/index_check.h"

#include <algorithm>
#include <memory>

#include "base/threads.h"
#include "event/entry.h"
#include "index/merge.h"

namespace stele::search {
namespace {

using index::IndexFile;
using index::kChunkRows;

constexpr std::uint64_t kReadAtOnce = 256;  // entries that are read at once
constexpr unsigned kRootLevel = 16;

// Files that are made again, in a folder of their own.
class Remaker {
 public:
  Remaker(io::FileSystem& fs, const log::Sequencer& log, const std::string& folder, const GoOn& go_on)
      : fs_(fs), store_(log.store()), folder_(folder), go_on_(go_on) {}

  Result<std::unique_ptr<IndexFile>> make(const IndexFile& file) {
    std::vector<std::unique_ptr<IndexFile>> chunks;
    for (std::size_t i = 0; i < file.directory().chunks.size(); ++i) {
      STELE_ASSIGN(std::unique_ptr<IndexFile> chunk, make_chunk(file, i));
      chunks.push_back(std::move(chunk));
    }
    if (chunks.size() == 1) return std::move(chunks.front());
    std::vector<const IndexFile*> all;
    for (const auto& chunk : chunks) all.push_back(chunk.get());
    return write("merged", [&](index::ImageWriter& out) { return index::merge(all, out, go_on_); });
  }

  Status remove_all() {
    STELE_ASSIGN(const std::vector<std::string> names, fs_.list(folder_));
    for (const std::string& name : names) STELE_TRY(fs_.remove(folder_ + "/" + name));
    return {};
  }

 private:
  Result<std::unique_ptr<IndexFile>> make_chunk(const IndexFile& file, std::size_t number) {
    index::LiveChunk chunk(file.first_index() + number * kChunkRows);
    while (!chunk.full()) {
      if (!go_on_()) return Error{Code::kUnavailable, "the check was ended before it was done"};
      STELE_ASSIGN(const std::string bundle, store_->read(chunk.end_index(), kReadAtOnce));
      STELE_TRY(event::for_each_entry(bundle, [&](std::string_view entry) { chunk.append(entry); }));
      pacer_.breathe([] { return 1U; });
    }
    STELE_ASSIGN(const Hash root, store_->node_reader()(kRootLevel, chunk.first_index() / kChunkRows));
    return write(std::to_string(number), [&](index::ImageWriter& out) { return chunk.write(out, file.directory().log, root); });
  }

  Result<std::unique_ptr<IndexFile>> write(const std::string& name, const std::function<Status(index::ImageWriter&)>& write) {
    const std::string path = folder_ + "/" + name;
    {
      STELE_ASSIGN(const auto file, fs_.open_write(path, 0600));
      index::ImageWriter out(*file);
      STELE_TRY(write(out));
    }
    return IndexFile::open(fs_, path);
  }

  io::FileSystem& fs_;
  std::shared_ptr<const log::Store> store_;
  std::string folder_;
  const GoOn& go_on_;
  Pacer pacer_;
};

}  // namespace

Result<IndexCheck> check_index(const log::Sequencer& log, Indexer& indexer, const GoOn& go_on) {
  const auto alone = indexer.begin_check();
  if (!alone) return Error{Code::kBusy, "the index is being checked already"};
  const std::string scratch = indexer.dir() + "/check";
  STELE_TRY(indexer.fs().make_dirs(scratch));
  Remaker remaker(indexer.fs(), log, scratch, go_on);
  STELE_TRY(remaker.remove_all());
  IndexCheck out;
  const auto snapshot = indexer.snapshot();
  std::uint64_t covered = 0;
  for (const auto& file : snapshot->files) {
    const auto again = remaker.make(*file);
    const Status removed = remaker.remove_all();
    if (!again) return again.error();
    STELE_TRY(removed);
    ++out.files;
    out.entries += file->end_index() - file->first_index();
    if (file->image().is_same_as((*again)->image())) {
      covered += file->end_index() - file->first_index();
      continue;
    }
    out.different.push_back(index_file_name(*file));
    indexer.take_out(file->first_index(), file->end_index());  // or what it has been merged into
  }
  const std::uint64_t whole = log.store()->size() / kChunkRows * kChunkRows;
  out.uncovered = whole - std::min(whole, covered);
  return out;
}

}  // namespace stele::search
