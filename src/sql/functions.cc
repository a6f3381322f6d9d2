#include "sql/functions.h"

#include <sqlite3.h>
#include <string.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "sql/statement.h"

namespace stele::sql {
namespace {

using namespace std::string_view_literals;

// Sorted.
constexpr std::array kAllowed{
    "->"sv,
    "->>"sv,
    "abs"sv,
    "acos"sv,
    "acosh"sv,
    "asin"sv,
    "asinh"sv,
    "atan"sv,
    "atan2"sv,
    "atanh"sv,
    "avg"sv,
    "ceil"sv,
    "ceiling"sv,
    "char"sv,
    "coalesce"sv,
    "cos"sv,
    "cosh"sv,
    "count"sv,
    "cume_dist"sv,
    "current_date"sv,
    "current_time"sv,
    "current_timestamp"sv,
    "date"sv,
    "datetime"sv,
    "degrees"sv,
    "dense_rank"sv,
    "exp"sv,
    "first_value"sv,
    "floor"sv,
    "format"sv,
    "glob"sv,
    "group_concat"sv,
    "hex"sv,
    "ifnull"sv,
    "iif"sv,
    "instr"sv,
    "json"sv,
    "json_array"sv,
    "json_array_length"sv,
    "json_each"sv,
    "json_extract"sv,
    "json_group_array"sv,
    "json_group_object"sv,
    "json_object"sv,
    "json_quote"sv,
    "json_tree"sv,
    "json_type"sv,
    "json_valid"sv,
    "julianday"sv,
    "lag"sv,
    "last_value"sv,
    "lead"sv,
    "length"sv,
    "like"sv,
    "likelihood"sv,
    "likely"sv,
    "ln"sv,
    "log"sv,
    "log10"sv,
    "log2"sv,
    "lower"sv,
    "ltrim"sv,
    "max"sv,
    "min"sv,
    "mod"sv,
    "nth_value"sv,
    "ntile"sv,
    "nullif"sv,
    "percent_rank"sv,
    "pi"sv,
    "pow"sv,
    "power"sv,
    "printf"sv,
    "quote"sv,
    "radians"sv,
    "random"sv,
    "randomblob"sv,
    "rank"sv,
    "replace"sv,
    "round"sv,
    "row_number"sv,
    "rtrim"sv,
    "sign"sv,
    "sin"sv,
    "sinh"sv,
    "sqrt"sv,
    "strftime"sv,
    "substr"sv,
    "substring"sv,
    "sum"sv,
    "tan"sv,
    "tanh"sv,
    "time"sv,
    "total"sv,
    "trim"sv,
    "trunc"sv,
    "typeof"sv,
    "unicode"sv,
    "unixepoch"sv,
    "unlikely"sv,
    "upper"sv,
    "zeroblob"sv,
};
static_assert(std::is_sorted(kAllowed.begin(), kAllowed.end()));

bool is_character_start(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

std::string_view bytes_of(sqlite3_value* value) {
  const bool blob = sqlite3_value_type(value) == SQLITE_BLOB;
  const void* const at = blob ? sqlite3_value_blob(value) : sqlite3_value_text(value);
  if (at == nullptr) return "";
  return {static_cast<const char*>(at), static_cast<std::size_t>(sqlite3_value_bytes(value))};
}

bool has_null(int count, sqlite3_value** values) {
  return std::any_of(values, values + count, [](sqlite3_value* value) { return sqlite3_value_type(value) == SQLITE_NULL; });
}

std::size_t first_size(std::string_view text) {
  std::size_t size = 1;
  while (size < text.size() && !is_character_start(text[size])) ++size;
  return size;
}

enum class Kind : std::uint8_t { kInstr, kLike, kGlob, kReplace, kTrim, kTrimLeft, kTrimRight };

struct Function {
  Kind kind;
  const View& view;
};

const Function& function_of(sqlite3_context* context) { return *static_cast<const Function*>(sqlite3_user_data(context)); }

// SQLite asks between steps, of which many can come one after the other, each at the limit of what it may do. False once the
// context has an error.
bool goes_on(sqlite3_context* context, std::size_t first, std::size_t second) {
  constexpr std::size_t kMuch = 1U << 16;
  if (first * std::max<std::size_t>(second, 1) < kMuch || function_of(context).view.go_on()) return true;
  sqlite3_result_error_code(context, SQLITE_INTERRUPT);
  return false;
}

// Whether both are there as texts.
bool have_texts(sqlite3_context* context, sqlite3_value** values, int count) {
  for (int i = 0; i < count; ++i) {
    if (sqlite3_value_text(values[i]) == nullptr) {
      sqlite3_result_error_nomem(context);
      return false;
    }
  }
  return true;
}

// From 1, in characters of texts and bytes of blobs; 0: not there.
void instr(sqlite3_context* context, int count, sqlite3_value** values) {
  if (has_null(count, values)) return;
  const bool blobs = sqlite3_value_type(values[0]) == SQLITE_BLOB && sqlite3_value_type(values[1]) == SQLITE_BLOB;
  // Of one blob the text is meant.
  if (!blobs && (sqlite3_value_text(values[0]) == nullptr || sqlite3_value_text(values[1]) == nullptr))
    return sqlite3_result_error_nomem(context);
  const std::string_view whole = bytes_of(values[0]);
  const std::string_view part = bytes_of(values[1]);
  if (!goes_on(context, whole.size(), 1)) return;
  const void* const found = part.empty() ? whole.data() : memmem(whole.data(), whole.size(), part.data(), part.size());
  if (found == nullptr && !part.empty()) return sqlite3_result_int(context, 0);
  const std::string_view before = part.empty()
                                      ? whole.substr(0, 0)
                                      : whole.substr(0, static_cast<std::size_t>(static_cast<const char*>(found) - whole.data()));
  const auto characters =
      blobs ? static_cast<std::ptrdiff_t>(before.size()) : std::count_if(before.begin(), before.end(), is_character_start);
  sqlite3_result_int64(context, characters + 1);
}

void trim(sqlite3_context* context, int count, sqlite3_value** values) {
  if (has_null(count, values) || !have_texts(context, values, count)) return;
  std::string_view text = bytes_of(values[0]);
  if (!goes_on(context, text.size(), bytes_of(values[1]).size())) return;
  std::vector<std::string_view> characters;
  const std::string_view whole = bytes_of(values[1]);
  for (std::string_view rest = whole.substr(0, whole.find('\0')); !rest.empty(); rest.remove_prefix(characters.back().size())) {
    if (characters.size() == kTrimCharactersMax)
      return sqlite3_result_error(context, "trim: at most 64 characters to be taken away", -1);
    characters.push_back(rest.substr(0, first_size(rest)));
  }
  const Kind kind = function_of(context).kind;
  const auto one = [&](auto&& fits) { return std::find_if(characters.begin(), characters.end(), fits); };
  for (auto it = characters.begin(); kind != Kind::kTrimRight && it != characters.end();) {
    it = one([&](std::string_view character) { return text.starts_with(character); });
    if (it != characters.end()) text.remove_prefix(it->size());
  }
  for (auto it = characters.begin(); kind != Kind::kTrimLeft && it != characters.end();) {
    it = one([&](std::string_view character) { return text.ends_with(character); });
    if (it != characters.end()) text.remove_suffix(it->size());
  }
  sqlite3_result_text(context, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
}

// All of a text that are not over each other, from the left.
void replace(sqlite3_context* context, int count, sqlite3_value** values) {
  constexpr int kFirst = 2;
  if (has_null(kFirst, values) || !have_texts(context, values, kFirst)) return;
  std::string_view text = bytes_of(values[0]);
  const std::string_view part = bytes_of(values[1]);
  if (part.empty() || part.front() == '\0') return sqlite3_result_value(context, values[0]);
  if (has_null(count, values) || !have_texts(context, values, count) || !goes_on(context, text.size(), 1)) return;
  const std::string_view by = bytes_of(values[2]);
  std::string out;
  while (const void* const found = memmem(text.data(), text.size(), part.data(), part.size())) {
    const auto before = static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
    out.append(text.substr(0, before)).append(by);
    text.remove_prefix(before + part.size());
    if (out.size() > kValueBytesMax) return sqlite3_result_error_toobig(context);
  }
  out.append(text);
  sqlite3_result_text64(context, out.data(), out.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

// SQLite's own comparison, which looks at each place of the text for the whole pattern.
void like(sqlite3_context* context, int count, sqlite3_value** values) {
  const bool glob = function_of(context).kind == Kind::kGlob;
  if (sqlite3_value_type(values[0]) == SQLITE_BLOB || sqlite3_value_type(values[1]) == SQLITE_BLOB)
    return sqlite3_result_int(context, 0);
  if (has_null(count, values) || !have_texts(context, values, count)) return;
  const std::string_view pattern = bytes_of(values[0]);
  const std::string_view text = bytes_of(values[1]);
  if (pattern.size() > kPatternBytesMax) return sqlite3_result_error(context, "LIKE or GLOB pattern too complex", -1);
  if (!goes_on(context, pattern.size(), text.size())) return;
  unsigned int escape = 0;
  if (count == 3) {
    const std::string_view character = bytes_of(values[2]);
    if (character.size() != 1 || !is_character_start(character[0]) || character[0] == '%' || character[0] == '_')
      return sqlite3_result_error(context, "ESCAPE is one character of ASCII, neither % nor _", -1);
    escape = static_cast<unsigned char>(character[0]);
  }
  const int different =
      glob ? sqlite3_strglob(pattern.data(), text.data()) : sqlite3_strlike(pattern.data(), text.data(), escape);
  sqlite3_result_int(context, different == 0 ? 1 : 0);
}

}  // namespace

bool is_allowed_function(std::string_view name) { return std::binary_search(kAllowed.begin(), kAllowed.end(), name); }

Status add_functions(sqlite3* db, const View& view) {
  constexpr int kFlags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
  const auto add = [&](const char* name, int count, Kind kind, auto* function) {
    const auto free = [](void* data) { delete static_cast<Function*>(data); };
    return sqlite3_create_function_v2(db, name, count, kFlags, new Function{kind, view}, function, nullptr, nullptr, free) ==
           SQLITE_OK;
  };
  if (add("instr", 2, Kind::kInstr, instr) && add("replace", 3, Kind::kReplace, replace) && add("trim", 2, Kind::kTrim, trim) &&
      add("ltrim", 2, Kind::kTrimLeft, trim) && add("rtrim", 2, Kind::kTrimRight, trim) && add("like", 2, Kind::kLike, like) &&
      add("like", 3, Kind::kLike, like) && add("glob", 2, Kind::kGlob, like))
    return {};
  return Error{Code::kInternal, sqlite3_errmsg(db)};
}

}  // namespace stele::sql
