// LiveChunk::write: a chunk becomes a file. Each field takes the form that suits its values.
#include <algorithm>
#include <limits>
#include <map>
#include <numeric>

#include "index/column.h"
#include "index/encoding.h"
#include "index/live_chunk.h"
#include "query/text.h"

namespace stele::index {
namespace {

constexpr std::uint32_t kFewValues = 256;    // stand as codes whatever they are
constexpr std::uint32_t kHashedFrom = 1000;  // values
constexpr std::size_t kCodesMax = 65'534;    // of 16 bits, without 0
constexpr std::size_t kShortBytes = 12;      // a value that is no longer costs a dictionary little

// The first bytes of a text, folded, as a number that compares as they do.
std::uint64_t head_of(std::string_view text) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < 8; ++i) out = out << 8 | (i < text.size() ? static_cast<unsigned char>(query::fold(text[i])) : 0U);
  return out;
}

// Numbers of the table's values in the order of texts, each behind its head.
std::vector<std::pair<std::uint64_t, std::uint32_t>> sorted(const ValueTable& values) {
  std::vector<std::pair<std::uint64_t, std::uint32_t>> out(values.count());
  for (std::uint32_t i = 0; i < out.size(); ++i) out[i] = {head_of(values.text(i + 1)), i + 1};
  std::sort(out.begin(), out.end(), [&](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : text_less(values.text(a.second), values.text(b.second));
  });
  return out;
}

// By hash: by its upper bits first, which leaves little to sort.
void sort_rows(std::vector<HashedRow>& rows) {
  constexpr unsigned kShift = 35 - 16;
  std::vector<std::uint32_t> begins((1U << 16) + 1, 0);
  for (const HashedRow& row : rows) ++begins[(row.hash >> kShift) + 1];
  std::partial_sum(begins.begin(), begins.end(), begins.begin());
  std::vector<HashedRow> out(rows.size());
  auto next = begins;
  for (const HashedRow& row : rows) out[next[row.hash >> kShift]++] = row;
  for (std::size_t i = 0; i + 1 < begins.size(); ++i) {
    if (begins[i + 1] - begins[i] > 1) std::sort(out.begin() + begins[i], out.begin() + begins[i + 1]);
  }
  rows = std::move(out);
}

Bits bits_of(const std::vector<std::uint16_t>& rows) {
  Bits out;
  for (const std::uint16_t row : rows) out.set(row);
  return out;
}

// Words of texts and the rows that have them.
struct Words {
  ValueTable texts;
  std::vector<std::vector<std::uint16_t>> rows;  // by number - 1

  // False when a word is too long to be one here.
  bool add(std::string_view text, std::uint16_t row) {
    for (std::string_view rest = text, word = query::next_word(rest); !word.empty(); word = query::next_word(rest)) {
      if (word.size() > kWordBytesMax) return false;
      const std::uint32_t number = texts.add(query::folded(word));
      if (number > rows.size()) rows.emplace_back();
      if (rows[number - 1].empty() || rows[number - 1].back() != row) rows[number - 1].push_back(row);
    }
    return true;
  }
};

}  // namespace

class ChunkWriter {
 public:
  ChunkWriter(const LiveChunk& chunk, ImageWriter& out) : chunk_(chunk), out_(out) {}

  Status write(const LogId& log, const Hash& root) {
    directory_.log = log;
    directory_.first_index = chunk_.first_index();
    directory_.chunks.resize(1);
    directory_.chunks[0].root = root;
    // Fields by path, and the two that are none of the entries'.
    std::map<std::string_view, const LiveChunk::Field*> fields{{kUnindexed, nullptr}, {kTimeField, nullptr}};
    for (const LiveChunk::Field& field : chunk_.fields_) fields.emplace(field.path, &field);
    for (const auto& [path, field] : fields) {
      FieldPlace& place = directory_.fields.emplace_back();
      place.path = path;
      if (field != nullptr) {
        STELE_TRY(write_field(*field, place));
      } else if (path == kTimeField) {
        write_times();
      } else {
        write_column(encode_codes(std::vector<std::uint16_t>(chunk_.rows_), {}, chunk_.unindexed_));
      }
    }
    return finish_file(out_, directory_);
  }

 private:
  using Field = LiveChunk::Field;

  void write_column(const std::string& bytes) {
    directory_.chunks[0].columns.push_back(
        {static_cast<std::uint32_t>(directory_.fields.size() - 1), out_.offset(), static_cast<std::uint32_t>(bytes.size())});
    out_.append(bytes);
  }

  void write_times() {
    ChunkPlace& chunk = directory_.chunks[0];
    for (const auto& time : chunk_.times_) {
      if (!time) continue;
      chunk.time_low = std::min(chunk.time_low, *time);
      chunk.time_high = std::max(chunk.time_high, *time);
    }
    write_column(encode_integers(Flavour::kTime, chunk_.times_, {}));
  }

  Status write_field(const Field& field, FieldPlace& place) {
    const std::uint32_t values = field.values.count();
    const auto rows = static_cast<std::uint32_t>(
        field.codes.size() - static_cast<std::size_t>(std::count(field.codes.begin(), field.codes.end(), 0U)));
    if (values > kFewValues && field.extras.empty()) {
      for (const Flavour flavour : {Flavour::kDecimal, Flavour::kIpv4}) {
        if (write_integers(field, flavour)) return {};
      }
    }
    const bool differ = values > rows / 4 * 3 && field.values.bytes() > kShortBytes * values;
    const bool texts = field.has_texts && values > rows / 2;
    if (field.values.has_repeats() || values > kCodesMax || (values > kHashedFrom && (differ || texts)))
      return write_hashed(field, place);
    return write_codes(field, place);
  }

  // False when not all values are such integers.
  bool write_integers(const Field& field, Flavour flavour) {
    std::vector<std::optional<std::int64_t>> by_value(field.values.count() + 1);
    std::int64_t low = std::numeric_limits<std::int64_t>::max();
    std::int64_t high = std::numeric_limits<std::int64_t>::min();
    for (std::uint32_t number = 1; number < by_value.size(); ++number) {
      const auto integer = integer_of(flavour, field.values.text(number));
      if (!integer) return false;
      low = std::min(low, *integer);
      high = std::max(high, *integer);
      by_value[number] = integer;
    }
    constexpr std::uint64_t kSpanMax = std::uint64_t{1} << 62;
    if (static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) > kSpanMax) return false;
    std::vector<std::optional<std::int64_t>> integers(chunk_.rows_);
    for (std::size_t row = 0; row < field.codes.size(); ++row) integers[row] = by_value[field.codes[row]];
    write_column(encode_integers(flavour, integers, bits_of(field.opaque)));
    return true;
  }

  Status write_codes(const Field& field, FieldPlace& place) {
    const std::uint32_t count = field.values.count();
    const auto order = sorted(field.values);
    std::vector<std::uint16_t> rank(count + 1, 0);
    for (std::uint32_t i = 0; i < count; ++i) rank[order[i].second] = static_cast<std::uint16_t>(i + 1);
    std::vector<std::uint32_t> rows(count + 1, 0);
    std::vector<std::uint16_t> codes(chunk_.rows_, 0);
    for (std::size_t row = 0; row < field.codes.size(); ++row) {
      codes[row] = rank[field.codes[row]];
      ++rows[field.codes[row]];
    }
    // A row's value may have come twice, as a further one.
    std::vector<RowCode> extras;
    for (const auto& [row, number] : field.extras) extras.emplace_back(row, rank[number]);
    std::sort(extras.begin(), extras.end());
    extras.erase(std::unique(extras.begin(), extras.end()), extras.end());
    for (const RowCode& one : extras) ++rows[order[one.second - 1U].second];
    write_column(encode_codes(codes, extras, bits_of(field.opaque)));

    DictionaryWriter dictionary(out_);
    std::string list;
    for (std::uint32_t i = 0; i < count; ++i) {
      list.clear();
      put_value_part(list, {0, static_cast<std::uint16_t>(i + 1), rows[order[i].second]}, 0);
      dictionary.add(field.values.text(order[i].second), list);
    }
    place.has_texts = field.has_texts;
    auto written = dictionary.finish();
    if (!written) return written.error();
    place.values = *written;
    return {};
  }

  Status write_hashed(const Field& field, FieldPlace& place) {
    Bits present;
    Bits opaque = bits_of(field.opaque);
    Pairs pairs;
    Words words;
    std::vector<HashedRow> hashed;
    const auto take = [&](std::uint16_t row, std::uint32_t number) {
      const std::string_view text = field.values.text(number);
      present.set(row);
      if (query::is_text(text)) {
        if (!words.add(text, row)) opaque.set(row);
        return;
      }
      pairs.add(text);
      hashed.push_back({value_hash(text), 0, row});
    };
    for (std::size_t row = 0; row < field.codes.size(); ++row) {
      if (field.codes[row] != 0) take(static_cast<std::uint16_t>(row), field.codes[row]);
    }
    // Further values, in the order of rows as words want them: behind the first ones, so rows of a word are sorted once more.
    for (const auto& [row, number] : field.extras) take(row, number);
    write_column(encode_hashed(present, pairs, opaque));
    if (!hashed.empty()) {
      sort_rows(hashed);
      HashTableWriter table(out_, hashed.size());
      for (const HashedRow& row : hashed) table.add(row);
      place.hashes = table.finish();
    }
    return write_words(words, place);
  }

  Status write_words(Words& words, FieldPlace& place) {
    const auto order = sorted(words.texts);
    DictionaryWriter dictionary(out_);
    std::string list;
    for (const auto& [head, number] : order) {
      std::vector<std::uint16_t>& rows = words.rows[number - 1];
      std::sort(rows.begin(), rows.end());
      rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
      list.clear();
      const std::string encoded = encode_rows(rows);
      put_word_part(list, {0, static_cast<std::uint32_t>(rows.size()), encoded}, 0);
      dictionary.add(words.texts.text(number), list);
    }
    auto written = dictionary.finish();
    if (!written) return written.error();
    place.words = *written;
    return {};
  }

  const LiveChunk& chunk_;
  ImageWriter& out_;
  Directory directory_;
};

Status LiveChunk::write(ImageWriter& out, const LogId& log, const Hash& root) const {
  return ChunkWriter(*this, out).write(log, root);
}

}  // namespace stele::index
