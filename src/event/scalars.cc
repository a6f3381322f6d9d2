#include "event/scalars.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "event/json_tape.h"

namespace stele::event {
namespace {

constexpr std::size_t kDepthMax = 512;        // an entry has at most 160
constexpr std::string_view kEvent = "event";  // its members are paths of their own

bool stands_apart(std::string_view name) { return name == "stele" || name == "id" || name == "received"; }

// Where the first quote or backslash is from `at` on; `end` when there is none.
const char* find_quote(const char* at, const char* end) {
  constexpr std::uint64_t kOnes = 0x0101010101010101U;
  constexpr std::uint64_t kHighs = kOnes << 7;
  const auto zeros = [](std::uint64_t word) { return (word - kOnes) & ~word & kHighs; };
  for (; end - at >= 8; at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    const std::uint64_t found = zeros(word ^ (kOnes * '"')) | zeros(word ^ (kOnes * '\\'));
    if (found == 0) continue;
    static_assert(std::endian::native == std::endian::little);
    return at + std::countr_zero(found) / 8;
  }
  while (at < end && *at != '"' && *at != '\\') ++at;
  return at;
}

}  // namespace

struct Scalars::Walk {
  Scalars& self;
  const char* at;
  const char* end;

  [[nodiscard]] bool take(char c) {
    if (at == end || *at != c) return false;
    ++at;
    return true;
  }

  [[nodiscard]] bool string(std::string_view& out) {
    if (!take('"')) return false;
    const char* const begin = at;
    bool escaped = false;
    for (at = find_quote(at, end); at < end && *at == '\\'; at = find_quote(at, end)) {
      escaped = true;
      if (end - at < 2) return false;
      at += 2;
    }
    if (at == end) return false;
    out = {begin, static_cast<std::size_t>(at - begin)};
    ++at;
    if (!escaped) return true;
    out = self.unescaped_.emplace_back(json_unescape(out));
    return true;
  }

  [[nodiscard]] bool value(PathNumber path, std::size_t depth) {
    if (at == end || depth > kDepthMax) return false;
    if (*at == '{') return object(path, depth);
    if (*at == '[') return elements(path, depth);
    std::string_view text;
    if (*at == '"') {
      if (!string(text)) return false;
    } else {
      const char* const begin = at;
      while (at < end && *at != ',' && *at != '}' && *at != ']') ++at;
      if (at == begin) return false;
      text = {begin, static_cast<std::size_t>(at - begin)};
    }
    self.scalars_.push_back({path, text});
    return true;
  }

  [[nodiscard]] bool elements(PathNumber path, std::size_t depth) {
    ++at;
    if (take(']')) return true;
    do {
      if (!value(path, depth + 1)) return false;
    } while (take(','));
    return take(']');
  }

  // Whether at `at` stands an object that is the only member of the one around it.
  [[nodiscard]] bool is_only_object() const {
    const char* c = at;
    if (c == end || *c != '{') return false;
    std::size_t open = 0;
    do {
      if (*c == '"') {
        for (c = find_quote(c + 1, end); c < end && *c == '\\'; c = find_quote(c, end)) c += std::min<std::ptrdiff_t>(2, end - c);
        if (c == end) return false;
      } else if (*c == '{') {
        ++open;
      } else if (*c == '}') {
        --open;
      }
      ++c;
    } while (open > 0 && c < end);
    return c < end && *c == '}';
  }

  // What `$literal` stands around is an ordinary object, also when its only name looks reserved.
  [[nodiscard]] bool object(PathNumber path, std::size_t depth) {
    constexpr std::string_view kBefore = R"({"$literal":)";
    if (std::string_view(at, static_cast<std::size_t>(end - at)).starts_with(kBefore)) {
      const char* const begin = at;
      at += kBefore.size();
      if (is_only_object()) return members(path, depth + 1) && take('}');
      at = begin;
    }
    return members(path, depth);
  }

  // Sources send the same shape again and again: the name behind the one that came last is looked for before any is read.
  [[nodiscard]] bool members(PathNumber path, std::size_t depth) {
    ++at;
    if (take('}')) return true;
    do {
      PathNumber child = self.expected(path);
      std::string_view name = self.nodes_[child].name;
      if (child != 0 && self.nodes_[child].is_plain && static_cast<std::size_t>(end - at) > name.size() + 3 &&
          std::memcmp(at + 1, name.data(), name.size()) == 0 && *at == '"' && at[name.size() + 1] == '"' &&
          at[name.size() + 2] == ':') {
        ++self.nodes_[path].next;
        at += name.size() + 3;
      } else {
        if (!string(name) || !take(':')) return false;
        child = self.child(path, name);
      }
      if (!value(child, depth + 1)) return false;
    } while (take(','));
    return take('}');
  }

  // The envelope.
  [[nodiscard]] bool entry() {
    if (!take('{')) return false;
    do {
      std::string_view name;
      if (!string(name) || !take(':')) return false;
      const std::size_t before = self.scalars_.size();
      const bool apart = stands_apart(name);
      if (!value(apart || name == kEvent ? 0 : self.child(0, name), 1)) return false;
      if (apart) self.scalars_.resize(before);
    } while (take(','));
    return take('}') && at == end;
  }
};

const std::vector<Scalars::Scalar>& Scalars::read(std::string_view entry) {
  if (nodes_.size() > kPathsMax || name_bytes_ > kNameBytesMax) begin_anew();
  scalars_.clear();
  unescaped_.clear();
  nodes_[0].next = 0;
  if (!Walk{*this, entry.data(), entry.data() + entry.size()}.entry()) scalars_.clear();
  return scalars_;
}

void Scalars::begin_anew() {
  nodes_.clear();
  nodes_.emplace_back();
  ++generation_;
  name_bytes_ = 0;
}

PathNumber Scalars::expected(PathNumber parent) {
  Node& node = nodes_[parent];
  if (node.next >= node.children.size()) node.next = 0;
  return node.children.empty() ? 0 : node.children[node.next];
}

// The child behind the one that came last is looked at first.
PathNumber Scalars::child(PathNumber parent, std::string_view name) {
  Node& node = nodes_[parent];
  if (node.by_name.empty()) {
    for (std::size_t tried = 0; tried < node.children.size(); ++tried) {
      if (node.next >= node.children.size()) node.next = 0;
      const PathNumber number = node.children[node.next++];
      if (nodes_[number].name == name) return number;
    }
  } else if (const auto found = node.by_name.find(name); found != node.by_name.end()) {
    return found->second;
  }
  return add(parent, name);
}

PathNumber Scalars::add(PathNumber parent, std::string_view name) {
  constexpr std::size_t kFew = 16;
  const auto number = static_cast<PathNumber>(nodes_.size());
  Node child;
  child.name = name;
  child.path = nodes_[parent].path;
  if (parent != 0) child.path.push_back('.');  // a name may be empty too
  child.path += name;
  if (child.path.size() > kPathBytesMax) child.path.resize(kPathBytesMax);
  child.is_plain = name.find_first_of("\\\"") == std::string_view::npos;
  name_bytes_ += name.size() + child.path.size();
  nodes_.push_back(std::move(child));
  Node& node = nodes_[parent];
  node.children.push_back(number);
  node.next = node.children.size();
  if (node.children.size() == kFew) {
    for (const PathNumber one : node.children) node.by_name.emplace(nodes_[one].name, one);
  } else if (node.children.size() > kFew) {
    node.by_name.emplace(name, number);
  }
  return number;
}

}  // namespace stele::event
