#include "apart/marks.h"

#include <hs/hs.h>

#include <cstdlib>
#include <map>

namespace stele::apart {
namespace {

constexpr std::size_t kKindsMax = 64;

// A thread's room to work in; Hyperscan's is for one thread at a time. It serves the database that it was used with last.
class Scratch {
 public:
  Scratch() = default;
  ~Scratch() { hs_free_scratch(scratch_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  hs_scratch_t* of(const hs_database_t* database) {
    if (database_ != database && hs_alloc_scratch(database, &scratch_) != HS_SUCCESS) std::abort();  // no memory
    database_ = database;
    return scratch_;
  }

 private:
  hs_scratch_t* scratch_ = nullptr;
  const hs_database_t* database_ = nullptr;
};

struct Found {
  const std::vector<std::uint64_t>& kinds;
  std::uint64_t bits = 0;
};

int note(unsigned id, unsigned long long /*from*/, unsigned long long /*to*/, unsigned /*flags*/, void* context) {
  auto& found = *static_cast<Found*>(context);
  found.bits |= found.kinds[id];
  return 0;
}

}  // namespace

void Marks::Free::operator()(hs_database* database) const { hs_free_database(database); }

Result<Marks> Marks::make(std::span<const std::vector<std::string>> words_by_kind) {
  if (words_by_kind.size() > kKindsMax) return invalid("there are at most 64 kinds of secrets");
  std::map<std::string, std::uint64_t> words;
  for (std::size_t kind = 0; kind < words_by_kind.size(); ++kind) {
    for (const std::string& word : words_by_kind[kind]) {
      if (word.empty()) return invalid("a mark is empty");
      words[word] |= std::uint64_t{1} << kind;
    }
  }
  Marks out;
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  std::vector<unsigned> flags;
  std::vector<unsigned> ids;
  for (const auto& [word, kinds] : words) {
    ids.push_back(static_cast<unsigned>(out.kinds_.size()));
    out.kinds_.push_back(kinds);
    texts.push_back(word.data());
    sizes.push_back(word.size());
    flags.push_back(HS_FLAG_CASELESS | HS_FLAG_SINGLEMATCH);
  }
  if (texts.empty()) return out;
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  if (hs_compile_lit_multi(texts.data(), flags.data(), ids.data(), sizes.data(), static_cast<unsigned>(texts.size()),
                           HS_MODE_BLOCK, nullptr, &database, &error) != HS_SUCCESS) {
    const std::string why = error->message;
    hs_free_compile_error(error);
    return invalid("the marks of secrets cannot be looked for: " + why);
  }
  out.database_.reset(database);
  return out;
}

std::uint64_t Marks::find(std::string_view text) const {
  if (database_ == nullptr || text.empty()) return 0;
  thread_local Scratch scratch;
  Found found{kinds_};
  const hs_error_t scanned =
      hs_scan(database_.get(), text.data(), static_cast<unsigned>(text.size()), 0, scratch.of(database_.get()), &note, &found);
  if (scanned != HS_SUCCESS) std::abort();  // it fails for wrong arguments alone
  return found.bits;
}

}  // namespace stele::apart
