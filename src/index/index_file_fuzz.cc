// Index files with any bytes under right checksums: opening, asking and merging end without harm, whatever they answer. An input
// is a list of changes to a file that is right: where (four bytes, from the end when the highest bit is set), and what.
#include <xxhash.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "index/index_file.h"
#include "index/live_chunk.h"
#include "index/merge.h"
#include "query/parse.h"

namespace {

namespace si = stele::index;
namespace sq = stele::query;

constexpr std::size_t kTrailer = si::kTrailerBytes;

void require(bool holds) {
  if (!holds) std::abort();
}

void write_file(const std::string& path, std::string_view bytes) {
  auto file = stele::io::posix().open_write(path, 0600);
  require(file.ok());
  require((*file)->truncate(0).ok());
  const auto part = stele::as_byte_span(bytes);
  require((*file)->write_at(0, {&part, 1}).ok());
}

// Columns of every form, small.
std::string entry(std::uint32_t row) {
  const std::string number = std::to_string(row);
  std::string out = R"({"event":{"time":"2026-11-23T16:20:)" + std::to_string(10 + row % 50) +
                    R"(Z","action":"login","actor":{"id":"u)" + std::to_string(row % 5) + R"("})";
  if (row % 3 == 0) out += R"(,"outcome":"denied")";
  if (row % 50 == 0)
    out += R"(,"id":"evt-)" + number + R"(","message":"failed )" + number + R"( times","attributes":{"n":)" + number + "}";
  if (row % 400 == 0)
    out += R"(,"origin":{"ip":"10.0.)" + std::to_string(row % 256) + R"(.1"},"targets":[{"id":"a"},{"id":"b"}])";
  if (row % 9000 == 0) out += R"(,"long":")" + std::string(5000, 'x') + '"';
  return out + "}}";
}

class File {
 public:
  File() {
    require(::mkdtemp(folder_.data()) != nullptr);
    si::LiveChunk chunk(0);
    for (std::uint32_t row = 0; !chunk.full(); ++row) chunk.append(entry(row));
    auto file = stele::io::posix().open_write(path(), 0600);
    require(file.ok());
    si::ImageWriter out(**file);
    require(chunk.write(out, {}, {}).ok());
    auto size = (*file)->size();
    require(size.ok());
    bytes_.resize(*size);
    require((*file)->read_at(0, std::as_writable_bytes(std::span(bytes_))).ok());
    while ((content_ + si::kBlockBytes - 1) / si::kBlockBytes * 8 + content_ + kTrailer < bytes_.size()) ++content_;
    for (const char* const text :
         {"actor.id:u3", "outcome=denied", "n>5000", "id:evt-5000", "message:\"failed 50\"", "~\"tim\"", "login",
          "origin.ip:10.0.0.0/12", "targets.id:*", "message:f*0", "since:2026-11-23T16:20:30", "long:x"}) {
      auto parsed = sq::parse_query(text, 0);
      auto* query = std::get_if<sq::Query>(&parsed);
      require(query != nullptr);
      questions_.push_back(std::move(query->term));
    }
  }

  ~File() { std::filesystem::remove_all(folder_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  void change(std::string_view changes) {
    std::string bytes = bytes_;
    for (; changes.size() >= 5; changes.remove_prefix(5)) {
      const auto where = stele::load_le<std::uint32_t>(changes.data());
      const std::size_t at = (where & 0x7fffffffU) % (content_ + 56);
      const std::size_t place = (where >> 31) != 0 ? content_ + 55 - at : at;
      // The trailer follows the checksums.
      bytes[place < content_ ? place : bytes.size() - kTrailer + (place - content_)] = changes[4];
    }
    for (std::size_t block = 0; block * si::kBlockBytes < content_; ++block) {
      const std::string_view part = std::string_view(bytes).substr(0, content_).substr(block * si::kBlockBytes, si::kBlockBytes);
      put(bytes, content_ + 8 * block, XXH3_64bits(part.data(), part.size()));
    }
    put(bytes, bytes.size() - 8, XXH3_64bits(bytes.data() + bytes.size() - kTrailer, kTrailer - 8));
    write_file(path(), bytes);
  }

  void ask() const {
    auto opened = si::IndexFile::open(stele::io::posix(), path());
    if (!opened) return;
    const si::IndexFile& file = **opened;
    const auto chunks = static_cast<std::uint32_t>(file.directory().chunks.size());
    for (const sq::Term& term : questions_) {
      for (const sq::Term& leaf : term.terms.empty() ? std::vector<sq::Term>{term} : term.terms) {
        if (!leaf.terms.empty()) continue;
        const si::IndexFile::Question question(file, leaf);
        si::Answer answer;
        for (std::uint32_t chunk = 0; chunk < chunks && chunk < 2; ++chunk) question.answer(chunk, answer);
      }
    }
    for (const si::FieldPlace& field : file.directory().fields) {
      const auto values = file.values_of_codes(field);
      require(values.size() == chunks);
      const si::Column column = file.column(field, 0);
      if (!column.ok()) continue;
      std::vector<std::uint16_t> codes(si::kChunkRows);
      if (column.has_codes()) {
        column.codes(std::span<std::uint16_t, si::kChunkRows>(codes));
        (void)column.extras();
      }
      if (column.form() != si::Form::kIntegers) continue;
      column.for_each_integer([](std::uint32_t row, std::int64_t) { require(row < si::kChunkRows); });
      if (!column.is_listed()) (void)column.bounds(7);
    }
    const si::IndexFile* const one[] = {&file};
    auto merged = stele::io::posix().open_write(folder_ + "/merged", 0600);
    require(merged.ok());
    require((*merged)->truncate(0).ok());
    si::ImageWriter out(**merged);
    (void)si::merge(one, out, [] { return true; });
  }

 private:
  [[nodiscard]] std::string path() const { return folder_ + "/file"; }
  static void put(std::string& bytes, std::size_t at, std::uint64_t value) { std::memcpy(&bytes[at], &value, sizeof value); }

  std::string folder_ = (std::filesystem::temp_directory_path() / "stele-index-XXXXXX").string();
  std::string bytes_;
  std::size_t content_ = 0;  // bytes that have checksums
  std::vector<sq::Term> questions_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static File file;
  file.change({reinterpret_cast<const char*>(data), size});
  file.ask();
  return 0;
}
