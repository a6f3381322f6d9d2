#include "index/index_file.h"

#include <algorithm>

#include "query/matcher.h"
#include "query/text.h"

namespace stele::index {
namespace {

using Kind = query::Condition::Kind;

}  // namespace

Result<std::unique_ptr<IndexFile>> IndexFile::open(io::FileSystem& fs, const std::string& path) {
  auto file = open_file(fs, path);
  if (!file) return file.error();
  return std::unique_ptr<IndexFile>(new IndexFile(std::move(*file)));
}

// One that is not ok for a field that the chunk does not have.
Column IndexFile::column(const FieldPlace& field, std::uint32_t chunk) const {
  const auto number = static_cast<std::uint32_t>(&field - file_.directory.fields.data());
  const auto& columns = file_.directory.chunks[chunk].columns;
  const auto it = std::lower_bound(columns.begin(), columns.end(), number,
                                   [](const ColumnPlace& column, std::uint32_t wanted) { return column.field < wanted; });
  if (it == columns.end() || it->field != number) return {};
  Column out = Column::open(file_.image->at(it->at, it->size), kChunkRows);
  if (!out.ok()) file_.image->set_damaged();
  return out;
}

std::vector<std::vector<std::uint32_t>> IndexFile::values_of_codes(const FieldPlace& field) const {
  std::vector<std::vector<std::uint32_t>> out(file_.directory.chunks.size());
  const Dictionary values(image(), field.values);
  for (std::uint32_t number = 0; number < values.count() && !damaged(); ++number) {
    for (const ValuePart& part : read_value_list(values.record(number).list)) {
      if (part.chunk >= out.size()) continue;
      auto& codes = out[part.chunk];
      if (codes.size() <= part.code) codes.resize(std::size_t{part.code} + 1);
      codes[part.code] = number;
    }
  }
  return out;
}

IndexFile::Question::Question(const IndexFile& file, const query::Term& leaf) : file_(file), leaf_(leaf) {
  if (leaf.kind == query::Term::Kind::kTime) return;
  if (leaf.kind == query::Term::Kind::kAnywhere) {
    for (const FieldPlace& place : file.directory().fields) {
      if (place.path != kUnindexed && query::is_anywhere(leaf, place.path)) ask(place);
    }
    return;
  }
  for (const std::string& path : leaf.paths) {
    unknown_ = unknown_ || is_original(path) || path == kTimeField;
    const FieldPlace* place = path == kUnindexed || path == kTimeField ? nullptr : file.directory().field(path);
    if (place != nullptr) ask(*place);
  }
}

void IndexFile::Question::ask(const FieldPlace& place) {
  Field field;
  field.place = &place;
  field.codes.resize(file_.directory().chunks.size());
  field.hashed.resize(field.codes.size());
  ask_values(field);
  ask_hashed(field);
  fields_.push_back(std::move(field));
}

// Which codes pass, by chunk.
void IndexFile::Question::ask_values(Field& field) {
  const query::Condition& test = *leaf_.test;
  const Dictionary values(file_.image(), field.place->values);
  const auto look = [&](std::uint32_t first, std::uint32_t end, bool texts_only) {
    for (std::uint32_t i = first; i < end && !file_.damaged(); ++i) {
      const Dictionary::Record record = values.record(i);
      if ((texts_only && !query::is_text(record.text)) || !test(record.text)) continue;
      for (const ValuePart& part : read_value_list(record.list)) {
        if (part.chunk < field.codes.size()) field.codes[part.chunk].push_back(part.code);
      }
    }
  };
  switch (test.kind()) {
    case Kind::kIs:
    case Kind::kMatch: {
      const auto [first, end] = values.equal(query::folded(test.value()));
      look(first, end, false);
      if (test.kind() == Kind::kMatch && field.place->has_texts && !test.words().empty()) look(0, values.count(), true);
      return;
    }
    case Kind::kWords: return field.place->has_texts ? look(0, values.count(), true) : void();
    case Kind::kLike: {
      const auto [first, end] = values.with_prefix(test.pieces().front());
      return look(first, end, false);
    }
    case Kind::kAny: return;  // columns know
    case Kind::kContains:
    case Kind::kNumber:
    case Kind::kAddress: return look(0, values.count(), false);
  }
}

// What can be said of values of which only words or hashes are known.
void IndexFile::Question::ask_hashed(Field& field) {
  const FieldPlace& place = *field.place;
  if (place.words.count == 0 && place.hashes.count == 0) return;
  const query::Condition& test = *leaf_.test;
  const auto look_up = [&] {
    for (const HashedRow& one : HashTable(file_.image(), place.hashes).find(value_hash(test.value()))) {
      if (one.chunk < field.hashed.size()) field.hashed[one.chunk].push_back(one.row);
    }
  };
  const auto ask_words = [&](const std::vector<std::string>& words) {
    const Dictionary dictionary(file_.image(), place.words);
    for (const std::string& word : words) {
      field.all_of.emplace_back();
      const auto [first, end] = dictionary.equal(word);
      add_words(field, first, end);
    }
  };
  switch (test.kind()) {
    case Kind::kAny: return;  // columns know
    case Kind::kIs: {
      const query::Condition words = query::Condition::words(test.value());
      if (query::is_text(test.value())) return ask_words(words.words());
      field.all_of.emplace_back();  // no text is such a value
      return look_up();
    }
    case Kind::kMatch:
      look_up();
      ask_words(test.words());
      field.words_decide = test.words().size() == 1 && !query::is_text(test.value());
      if (test.words().empty() && !query::is_text(test.value())) field.all_of.emplace_back();
      return;
    case Kind::kWords:
      ask_words(test.words());
      field.words_decide = test.words().size() == 1;
      if (test.words().empty()) field.all_of.emplace_back();  // holds for none
      return;
    case Kind::kContains:
      field.hashed_may = true;
      field.part = test.value();
      field.words_decide = std::all_of(field.part.begin(), field.part.end(), query::is_word_byte);
      return ask_part(field, test.value());
    case Kind::kLike:
      field.hashed_may = true;
      for (const std::string& piece : test.pieces()) {
        if (piece.size() > field.part.size()) field.part = piece;
        if (!piece.empty()) ask_part(field, piece);
      }
      return;
    case Kind::kNumber:
    case Kind::kAddress:
      field.hashed_may = true;
      field.all_of.emplace_back();  // no text is one
      return;
  }
}

// A text that has `part` in it has words that end with its first word, are the ones between, and begin with its last.
void IndexFile::Question::ask_part(Field& field, std::string_view part) {
  const Dictionary dictionary(file_.image(), field.place->words);
  std::string_view rest = part;
  for (std::string_view word = query::next_word(rest); !word.empty(); word = query::next_word(rest)) {
    const bool open_before = word.data() == part.data();
    const bool open_behind = rest.empty();
    field.all_of.emplace_back();
    if (!open_before) {
      const auto [first, end] = open_behind ? dictionary.with_prefix(word) : dictionary.equal(word);
      add_words(field, first, end);
      continue;
    }
    for (std::uint32_t i = 0; i < dictionary.count() && !file_.damaged(); ++i) {
      const std::string_view known = dictionary.record(i).text;
      if (open_behind ? known.find(word) != std::string_view::npos : known.ends_with(word)) add_words(field, i, i + 1);
    }
  }
}

void IndexFile::Question::add_words(Field& field, std::uint32_t first, std::uint32_t end) {
  const Dictionary dictionary(file_.image(), field.place->words);
  for (std::uint32_t i = first; i < end && !file_.damaged(); ++i)
    field.all_of.back().one_of.push_back(read_word_list(dictionary.record(i).list));
}

void IndexFile::Question::answer(std::uint32_t chunk, Answer& out) const {
  if (leaf_.kind == query::Term::Kind::kTime) return answer_time(chunk, out);
  for (const Field& field : fields_) answer_field(field, chunk, out);
  if (unknown_) out.maybe |= Bits::first(kChunkRows);
  if (const FieldPlace* rest = file_.directory().field(kUnindexed)) file_.column(*rest, chunk).add_opaque(out.maybe);
}

void IndexFile::Question::answer_field(const Field& field, std::uint32_t chunk, Answer& out) const {
  const bool any = leaf_.test->kind() == Kind::kAny;
  const auto& codes = field.codes[chunk];
  const Column column = file_.column(*field.place, chunk);
  if (!column.ok()) return;
  column.add_opaque(out.maybe);
  if (any) {
    Bits present;
    column.add_present(present);
    return out.add(present);
  }
  if (column.form() == Form::kHashed) return answer_hashed(field, column, chunk, out);
  if (column.form() == Form::kIntegers) return answer_integers(column, out);
  if (codes.empty()) return;
  Bits found;
  column.scan(CodeSet(codes), found);
  out.add(found);
}

void IndexFile::Question::answer_integers(const Column& column, Answer& out) const {
  const IntegerQuestion question = integer_question(*leaf_.test, column.flavour());
  Bits found;
  if (question.as_texts) {
    column.for_each_integer([&](std::uint32_t row, std::int64_t integer) {
      if ((*leaf_.test)(text_of(column.flavour(), integer))) found.set(row);
    });
  } else {
    column.scan(question.low, question.high, found);
  }
  out.add(found);
}

void IndexFile::Question::answer_hashed(const Field& field, const Column& column, std::uint32_t chunk, Answer& out) const {
  for (const std::uint16_t row : field.hashed[chunk]) out.maybe.set(row);
  Bits present;
  column.add_present(present);
  Bits all = present;
  for (const Words& words : field.all_of) {
    Bits found;
    for (const auto& list : words.one_of) {
      const auto part = std::lower_bound(list.begin(), list.end(), chunk,
                                         [](const WordPart& one, std::uint32_t wanted) { return one.chunk < wanted; });
      if (part != list.end() && part->chunk == chunk) add_rows(*part, found);
    }
    all &= found;
  }
  if (field.words_decide) out.sure |= all;
  out.maybe |= field.hashed_may && Pairs::may_have(column.pairs(), field.part) ? present : all;
}

void IndexFile::Question::answer_time(std::uint32_t chunk, Answer& out) const {
  const ChunkPlace& place = file_.directory().chunks[chunk];
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
  const std::int64_t from = leaf_.from.value_or(kLeast);
  const std::int64_t last = !leaf_.before ? kMost : *leaf_.before == kLeast ? kLeast : *leaf_.before - 1;
  const FieldPlace* times = file_.directory().field(kTimeField);
  if (times == nullptr || place.time_low > last || place.time_high < from || from > last) return;
  const Column column = file_.column(*times, chunk);
  if (!column.ok() || column.form() != Form::kIntegers) return;
  Bits found;
  column.scan(from, last, found);
  out.add(found);
}

}  // namespace stele::index
