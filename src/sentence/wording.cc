#include "sentence/wording.h"

#include <algorithm>
#include <span>

#include "base/yaml_reader.h"
#include "event/schema.h"

namespace stele::sentence {
namespace {

using yaml::fail;

std::string text_of(const YAML::Node& node, std::string_view what) {
  if (!node.IsScalar() || node.Scalar().empty()) fail(node, std::string(what) + " is a text");
  return node.Scalar();
}

// One of the words that events have there, or a list of them.
std::vector<std::string> words_of(const YAML::Node& node, std::string_view what, std::span<const std::string_view> words) {
  std::vector<std::string> out;
  if (node.IsSequence()) {
    for (const auto& one : node) out.push_back(text_of(one, what));
  } else {
    out.push_back(text_of(node, what));
  }
  for (const std::string& one : out) {
    if (std::find(words.begin(), words.end(), one) == words.end()) fail(node, "\"" + one + "\" is no " + std::string(what));
  }
  return out;
}

Wording wording_of(const YAML::Node& node, const std::string& file) {
  if (!node.IsMap()) fail(node, "a sentence is a list of \"name: value\"");
  Wording out;
  out.where = file + ":" + std::to_string(node.Mark().line + 1);
  bool has_text = false;
  for (const auto& pair : node) {
    const std::string name = text_of(pair.first, "a name");
    if (name == "action") {
      out.action = text_of(pair.second, name);
    } else if (name == "outcome") {
      out.outcomes = words_of(pair.second, name, event::outcomes());
    } else if (name == "category") {
      out.categories = words_of(pair.second, name, event::categories());
    } else if (name == "text") {
      auto text = Template::parse(text_of(pair.second, name));
      if (!text) fail(pair.second, text.error().message);
      out.text = std::move(*text);
      has_text = true;
    } else {
      fail(pair.first, "a sentence has no \"" + name + "\"; it has action, outcome, category, text");
    }
  }
  if (out.action.empty() || !has_text) fail(node, "a sentence has \"action\" and \"text\"");
  return out;
}

std::vector<Wording> wordings_of(const YAML::Node& root, const std::string& file) {
  if (!root.IsMap() || root.size() != 1 || !root["sentences"] || !root["sentences"].IsSequence())
    fail(root, "the file has \"sentences\", a list");
  std::vector<Wording> out;
  for (const auto& one : root["sentences"]) out.push_back(wording_of(one, file));
  return out;
}

// Whether `pattern` means `text`; a `*` stands for any text, also none.
bool means(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;  // the last one seen, and how far it reaches
  std::size_t reached = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      reached = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++reached;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

bool has(const std::vector<std::string>& list, const std::string& value) {
  return list.empty() || std::find(list.begin(), list.end(), value) != list.end();
}

}  // namespace

bool Wording::fits(const Facts& facts) const {
  return has(outcomes, facts.outcome()) && has(categories, facts.category()) && means(action, facts.action());
}

Result<std::vector<Wording>> read_wordings(std::string_view yaml, const std::string& file) {
  if (yaml.size() > kFileBytesMax)
    return Error{Code::kTooLarge, file + " has more than " + std::to_string(kFileBytesMax) + " bytes"};
  std::vector<Wording> out;
  STELE_TRY(yaml::read(yaml, file, [&](const YAML::Node& root) { out = wordings_of(root, file); }));
  return out;
}

}  // namespace stele::sentence
