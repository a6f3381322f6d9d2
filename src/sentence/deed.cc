#include "sentence/deed.h"

#include <algorithm>
#include <vector>

#include "base/ascii.h"
#include "sentence/past_tense.h"

namespace stele::sentence {
namespace {

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

std::string lowered(std::string_view word) {
  std::string out(word);
  for (char& c : out) {
    if (is_upper(c)) c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// "AttachUserPolicy" → "attach", "user", "policy"; "member_add" → "member", "add"; a word of capitals stays as it is.
std::vector<std::string> words_of(std::string_view segment) {
  std::vector<std::string> out;
  std::string word;
  const auto end_word = [&] {
    const bool capitals = word.size() > 1 && std::none_of(word.begin(), word.end(), is_lower) && word != segment;
    if (!word.empty()) out.push_back(capitals ? word : lowered(word));
    word.clear();
  };
  for (std::size_t i = 0; i < segment.size(); ++i) {
    const char c = segment[i];
    if (c == '_' || c == '-' || c == ' ') {
      end_word();
      continue;
    }
    const bool after_lower = i > 0 && (is_lower(segment[i - 1]) || is_digit(segment[i - 1]));
    const bool before_lower = i > 0 && is_upper(segment[i - 1]) && i + 1 < segment.size() && is_lower(segment[i + 1]);
    if (is_upper(c) && (after_lower || before_lower)) end_word();
    word.push_back(c);
  }
  end_word();
  return out;
}

// "v1" of "com.example.order.created.v1" says nothing to people.
bool is_version(std::string_view segment) {
  return segment.size() > 1 && segment[0] == 'v' && std::all_of(segment.begin() + 1, segment.end(), is_digit);
}

std::vector<std::string_view> segments_of(std::string_view action) {
  std::vector<std::string_view> out;
  while (!action.empty()) {
    const std::size_t end = action.find_first_of(".:/");
    if (const std::string_view one = action.substr(0, end); !one.empty()) out.push_back(one);
    action.remove_prefix(end == std::string_view::npos ? action.size() : end + 1);
  }
  if (out.size() > 1 && is_version(out.back())) out.pop_back();
  return out;
}

// "login" of "log", "in".
bool is_phrase(const std::vector<std::string>& words) {
  return words.size() == 2 && is_verb(words[0] + words[1]) &&
         (words[1] == "in" || words[1] == "out" || words[1] == "on" || words[1] == "off" || words[1] == "up" ||
          words[1] == "down" || words[1] == "back" || words[1] == "over");
}

// Which of the words is the verb. Names like AddUser and "Add User" begin with it, those like member_add end with it.
std::size_t verb_at(std::string_view segment, const std::vector<std::string>& words) {
  const std::size_t last = words.size() - 1;
  const bool titled = is_upper(segment[0]) || std::any_of(segment.begin(), segment.end(), is_upper);
  if (is_verb(words[titled ? 0 : last])) return titled ? 0 : last;
  if (is_verb(words[titled ? last : 0])) return titled ? last : 0;
  return titled ? 0 : last;
}

bool can_be_verb(std::string_view word) {
  if (is_verb(word)) return true;
  if (word.size() < 2 || !std::all_of(word.begin(), word.end(), is_lower)) return false;
  for (const std::string_view end : {"ion", "ment", "ness", "ity", "ance", "ence", "ure"}) {
    if (word.ends_with(end)) return false;
  }
  constexpr std::string_view kNouns[] = {"alert",   "api",    "attempt", "error",  "event", "info",   "key",    "log",
                                         "message", "metric", "notice",  "record", "state", "status", "warning"};
  return std::find(std::begin(kNouns), std::end(kNouns), word) == std::end(kNouns);
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

// Whose logins are meant anyway.
bool goes_without_saying(std::string_view noun) {
  constexpr std::string_view kNouns[] = {"account", "auth", "authentication", "session", "user"};
  return std::find(std::begin(kNouns), std::end(kNouns), noun) != std::end(kNouns);
}

}  // namespace

Deed deed_of(std::string_view action) {
  Deed out;
  const auto segments = segments_of(action);
  std::vector<std::string> words = segments.empty() ? std::vector<std::string>() : words_of(segments.back());
  if (words.empty()) return {"did something", "", false, {}};
  if (is_phrase(words)) words = {words[0] + words[1]};
  const std::size_t at = verb_at(segments.back(), words);
  const std::string verb = words[at];
  const std::string before = segments.size() > 1 ? joined(words_of(segments[segments.size() - 2])) : "";
  if (!can_be_verb(verb)) {
    const std::string all = joined(words);
    return {"reported", before.empty() ? all : before + " " + all, true, {}};
  }
  words.erase(words.begin() + static_cast<std::ptrdiff_t>(at));
  out.verb = past_tense(verb);
  out.preposition = preposition(verb);
  out.detailed = !words.empty();
  out.noun = out.detailed ? joined(words) : before;
  if (!out.preposition.empty() && goes_without_saying(out.noun)) out.noun.clear();
  return out;
}

}  // namespace stele::sentence
