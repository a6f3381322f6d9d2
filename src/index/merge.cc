#include "index/merge.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "index/dictionary.h"
#include "index/hash_table.h"

namespace stele::index {
namespace {

// The next record of one file's dictionary.
struct Source {
  Dictionary dictionary;
  std::uint32_t chunks_before;  // of the files in front
  std::uint32_t next = 0;
  Dictionary::Record record{};

  bool read() {
    if (next == dictionary.count()) return false;
    record = dictionary.record(next++);
    return true;
  }
};

void append_values(std::string_view list, std::uint32_t chunks_before, std::uint32_t& last, std::string& out) {
  for (ValuePart part : read_value_list(list)) {
    part.chunk += chunks_before;
    put_value_part(out, part, last);
    last = part.chunk;
  }
}

void append_words(std::string_view list, std::uint32_t chunks_before, std::uint32_t& last, std::string& out) {
  for (WordPart part : read_word_list(list)) {
    part.chunk += chunks_before;
    put_word_part(out, part, last);
    last = part.chunk;
  }
}

class Merger {
 public:
  Merger(std::span<const IndexFile* const> files, ImageWriter& out, const std::function<bool()>& go_on)
      : files_(files), out_(out), go_on_(go_on) {}

  Status run() {
    directory_.log = files_.front()->directory().log;
    directory_.first_index = files_.front()->first_index();
    std::set<std::string> paths;
    std::size_t chunks = 0;
    for (const IndexFile* file : files_) {
      if (file->first_index() != directory_.first_index + chunks * kChunkRows)
        return Error{Code::kInternal, "index files that are to be merged do not follow one another"};
      chunks += file->directory().chunks.size();
      for (const FieldPlace& field : file->directory().fields) paths.insert(field.path);
    }
    if (chunks > kChunksMax || paths.size() > kFieldsMax)
      return Error{Code::kTooLarge, "these index files are too large to be one"};
    for (const std::string& path : paths) directory_.fields.emplace_back().path = path;
    STELE_TRY(copy_columns());
    for (FieldPlace& field : directory_.fields) STELE_TRY(merge_field(field));
    STELE_TRY(check());
    return finish_file(out_, directory_);
  }

 private:
  Status copy_columns() {
    for (const IndexFile* file : files_) {
      for (const ChunkPlace& chunk : file->directory().chunks) {
        ChunkPlace& place = directory_.chunks.emplace_back();
        place.root = chunk.root;
        place.time_low = chunk.time_low;
        place.time_high = chunk.time_high;
        for (const ColumnPlace& column : chunk.columns) {
          const FieldPlace* field = directory_.field(file->directory().fields[column.field].path);
          place.columns.push_back({static_cast<std::uint32_t>(field - directory_.fields.data()), out_.offset(), column.size});
          out_.append(file->image().at(column.at, column.size));
        }
        STELE_TRY(check());
      }
    }
    return {};
  }

  Status merge_field(FieldPlace& field) {
    std::vector<Source> values;
    std::vector<Source> words;
    std::vector<std::pair<HashTable, std::uint32_t>> hashes;
    std::uint32_t chunks = 0;
    for (const IndexFile* file : files_) {
      if (const FieldPlace* place = file->directory().field(field.path)) {
        field.has_texts = field.has_texts || place->has_texts;
        values.push_back({Dictionary(file->image(), place->values), chunks});
        words.push_back({Dictionary(file->image(), place->words), chunks});
        if (place->hashes.count > 0) hashes.emplace_back(HashTable(file->image(), place->hashes), chunks);
      }
      chunks += static_cast<std::uint32_t>(file->directory().chunks.size());
    }
    STELE_TRY(merge_dictionaries(values, append_values, field.values));
    STELE_TRY(merge_dictionaries(words, append_words, field.words));
    return hashes.empty() ? Status() : merge_hashes(hashes, field.hashes);
  }

  template <typename Append>
  Status merge_dictionaries(std::vector<Source>& sources, Append&& append, DictionaryPlace& place) {
    DictionaryWriter writer(out_);
    std::erase_if(sources, [](Source& source) { return !source.read(); });
    std::string list;
    while (!sources.empty()) {
      const auto least = std::min_element(sources.begin(), sources.end(), [](const Source& a, const Source& b) {
        return text_less(a.record.text, b.record.text);
      });
      const std::string_view text = least->record.text;
      list.clear();
      std::uint32_t last = 0;
      bool ended = false;
      for (Source& source : sources) {  // in the order of the log
        if (source.record.text != text) continue;
        append(source.record.list, source.chunks_before, last, list);
      }
      writer.add(text, list);
      for (Source& source : sources) {
        if (&source == &*least || source.record.text != text) continue;
        if (!source.read()) ended = mark(source);
      }
      if (!least->read()) ended = mark(*least);
      if (ended) std::erase_if(sources, [](const Source& source) { return source.record.text.data() == nullptr; });
      STELE_TRY(check());
    }
    auto written = writer.finish();
    if (!written) return written.error();
    place = *written;
    return {};
  }

  // That a source has ended.
  static bool mark(Source& source) {
    source.record = {};
    return true;
  }

  Status merge_hashes(std::span<const std::pair<HashTable, std::uint32_t>> tables, HashTablePlace& place) {
    struct Head {
      HashTable::Cursor cursor;
      std::uint32_t chunks_before;
      HashedRow row;
      bool read() {
        if (!cursor.next(row)) return false;
        row.chunk += chunks_before;
        return true;
      }
    };
    std::vector<Head> heads;
    std::uint64_t rows = 0;
    for (const auto& [table, chunks_before] : tables) {
      rows += table.count();
      heads.push_back({HashTable::Cursor(table), chunks_before, {}});
    }
    std::erase_if(heads, [](Head& head) { return !head.read(); });
    HashTableWriter writer(out_, rows);
    while (!heads.empty()) {
      const auto least = std::min_element(heads.begin(), heads.end(), [](const Head& a, const Head& b) { return a.row < b.row; });
      writer.add(least->row);
      if (!least->read()) heads.erase(least);
      STELE_TRY(check());
    }
    place = writer.finish();
    return {};
  }

  // Whether to go on; asked for each record.
  Status check() {
    constexpr std::uint32_t kRecords = 1024;
    if (++records_ % kRecords != 0) return {};
    for (const IndexFile* file : files_) {
      if (file->damaged()) return corrupt("an index file that was to be merged is damaged");
    }
    if (!go_on_()) return Error{Code::kUnavailable, "merging was told to stop"};
    return {};
  }

  std::span<const IndexFile* const> files_;
  ImageWriter& out_;
  const std::function<bool()>& go_on_;
  Directory directory_;
  std::uint32_t records_ = 0;
};

}  // namespace

Status merge(std::span<const IndexFile* const> files, ImageWriter& out, const std::function<bool()>& go_on) {
  STELE_TRY(Merger(files, out, go_on).run());
  for (const IndexFile* file : files) {
    if (file->damaged()) return corrupt("an index file that was to be merged is damaged");
  }
  return {};
}

}  // namespace stele::index
