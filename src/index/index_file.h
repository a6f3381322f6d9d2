// An index file, open: answers questions about its chunks.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "index/bits.h"
#include "index/column.h"
#include "index/directory.h"
#include "query/term.h"

namespace stele::index {

// Thread-safe. When its file turns out to be damaged, answers are worthless from the first read of that place on, and damaged()
// is true before they are given.
class IndexFile {
 public:
  // kCorrupt for a damaged one.
  static Result<std::unique_ptr<IndexFile>> open(io::FileSystem& fs, const std::string& path);

  [[nodiscard]] const Directory& directory() const { return file_.directory; }
  [[nodiscard]] const Image& image() const { return *file_.image; }
  [[nodiscard]] std::uint64_t first_index() const { return file_.directory.first_index; }
  [[nodiscard]] std::uint64_t end_index() const { return file_.directory.end_index(); }
  [[nodiscard]] bool damaged() const { return file_.image->damaged(); }

  // The field's values in a chunk; not ok where there are none.
  [[nodiscard]] Column column(const FieldPlace& field, std::uint32_t chunk) const;
  // For each chunk, by code, which value of the field's dictionary it is. Reads all of the dictionary.
  [[nodiscard]] std::vector<std::vector<std::uint32_t>> values_of_codes(const FieldPlace& field) const;
  [[nodiscard]] std::string_view value(const FieldPlace& field, std::uint32_t number) const {
    return Dictionary(image(), field.values).record(number).text;
  }

  // A question, looked up in all dictionaries once. Borrows the file and the term. One thread.
  class Question {
   public:
    // For a term of kField, kAnywhere or kTime.
    Question(const IndexFile& file, const query::Term& leaf);
    // Of the chunk of that number in this file. Adds to `out`.
    void answer(std::uint32_t chunk, Answer& out) const;

   private:
    struct Words {
      std::vector<std::vector<WordPart>> one_of;  // lists; a row in one of them has the word
    };
    struct Field {
      const FieldPlace* place = nullptr;
      std::vector<std::vector<std::uint16_t>> codes;   // by chunk
      std::vector<std::vector<std::uint16_t>> hashed;  // rows that may have the value, by chunk
      bool words_decide = false;                       // who has all words passes for sure
      std::vector<Words> all_of;                       // words that a text must have
      std::string part;         // what must stand in one that is hashed, when pairs can tell; empty: cannot
      bool hashed_may = false;  // values that are hashed may pass and are not looked up
    };
    void ask(const FieldPlace& place);
    void ask_values(Field& field);
    void ask_hashed(Field& field);
    void ask_part(Field& field, std::string_view part);
    void add_words(Field& field, std::uint32_t first, std::uint32_t end);
    void answer_field(const Field& field, std::uint32_t chunk, Answer& out) const;
    void answer_integers(const Column& column, Answer& out) const;
    void answer_hashed(const Field& field, const Column& column, std::uint32_t chunk, Answer& out) const;
    void answer_time(std::uint32_t chunk, Answer& out) const;

    const IndexFile& file_;
    const query::Term& leaf_;
    std::vector<Field> fields_;
    bool unknown_ = false;  // the field is one that no index has
  };

 private:
  explicit IndexFile(OpenedFile file) : file_(std::move(file)) {}

  OpenedFile file_;
};

}  // namespace stele::index
