#include "sources/registry.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/json_text.h"
#include "base/yaml_reader.h"
#include "crypto/sha256.h"
#include "event/schema.h"
#include "sources/name.h"

namespace stele::sources {
namespace {

struct Unit {
  char letter;
  UnixNanos nanos;
};
constexpr Unit kUnits[] = {{'d', 86'400'000'000'000}, {'h', 3'600'000'000'000}, {'m', 60'000'000'000}, {'s', 1'000'000'000}};
constexpr UnixNanos kSpanMax = 400 * kUnits[0].nanos;

using yaml::fail;

std::string text_of(const YAML::Node& node, const std::string& what) {
  if (!node.IsScalar()) fail(node, what + " is a text");
  return node.Scalar();
}

template <typename T>
T one_of(const YAML::Node& node, const std::string& what, std::initializer_list<std::pair<const char*, T>> words) {
  const std::string text = text_of(node, what);
  std::string list;
  for (const auto& [word, value] : words) {
    if (text == word) return value;
    list += (list.empty() ? "" : " or ") + std::string(word);
  }
  fail(node, what + " is " + list + ", not \"" + text + "\"");
}

std::vector<std::string> categories_of(const YAML::Node& node) {
  if (!node.IsSequence()) fail(node, "categories is a list");
  std::vector<std::string> out;
  const auto all = event::categories();
  for (const auto& one : node) {
    out.push_back(text_of(one, "a category"));
    if (std::find(all.begin(), all.end(), out.back()) != all.end()) continue;
    std::string list;
    for (const std::string_view name : all) list += (list.empty() ? "" : ", ") + std::string(name);
    fail(one, "\"" + out.back() + "\" is no category; there are " + list);
  }
  return out;
}

void take_member(const std::string& name, const YAML::Node& value, Registered& out) {
  if (name == "owner") {
    out.owner = text_of(value, name);
  } else if (name == "kind") {
    out.kind = text_of(value, name);
  } else if (name == "log") {
    out.log = text_of(value, name);
  } else if (name == "expect") {
    out.expect = parse_span(text_of(value, name));
    if (!out.expect) fail(value, "expect is a time such as 90s, 10m, 24h or 7d, not \"" + value.Scalar() + "\"");
  } else if (name == "categories") {
    out.categories = categories_of(value);
  } else if (name == "delivery") {
    out.delivery = one_of<Delivery>(value, name, {{"acknowledged", Delivery::kAcknowledged}, {"lossy", Delivery::kLossy}});
  } else if (name == "attribution") {
    out.attribution = one_of<Attribution>(value, name, {{"lenient", Attribution::kLenient}, {"strict", Attribution::kStrict}});
  } else {
    fail(value, "a source has no \"" + name + "\"; it has owner, kind, log, expect, categories, delivery, attribution");
  }
}

void read_root(const YAML::Node& root, std::map<std::string, Registered, std::less<>>& out) {
  if (root.IsNull()) return;
  if (!root.IsMap() || root.size() != 1 || !root["sources"]) fail(root, "the file has one member, \"sources\"");
  const YAML::Node sources = root["sources"];
  if (!sources.IsMap()) fail(sources, "sources is a list of \"name: {…}\"");
  for (const auto& pair : sources) {
    const std::string name = text_of(pair.first, "a source's name");
    if (name.empty() || name.size() > kNameBytesMax || !is_utf8(name))
      fail(pair.first, "a source's name has 1 to 256 bytes of UTF-8");
    if (std::string buffer; ledger_name(name, buffer) != name)
      fail(pair.first, "U+FFFD stands in a source's name; it is written " + std::string(ledger_name(name, buffer)));
    const auto [it, fresh] = out.emplace(name, Registered{});
    if (!fresh) fail(pair.first, "\"" + name + "\" stands twice");
    if (out.size() > kRegisteredMax) fail(pair.first, "there are more than " + std::to_string(kRegisteredMax) + " sources");
    if (pair.second.IsNull()) continue;
    if (!pair.second.IsMap()) fail(pair.second, "a source is a list of \"name: value\"");
    for (const auto& member : pair.second) take_member(text_of(member.first, "a name"), member.second, it->second);
  }
}

}  // namespace

std::optional<UnixNanos> parse_span(std::string_view text) {
  if (text.size() < 2) return std::nullopt;
  const auto number = parse_decimal(text.substr(0, text.size() - 1));
  for (const Unit& unit : kUnits) {
    if (text.back() != unit.letter) continue;
    if (!number || *number == 0 || *number > static_cast<std::uint64_t>(kSpanMax / unit.nanos)) return std::nullopt;
    return static_cast<UnixNanos>(*number) * unit.nanos;
  }
  return std::nullopt;
}

std::string span_text(UnixNanos span) {
  for (const Unit& unit : kUnits) {
    if (span % unit.nanos == 0 && span != 0) return std::to_string(span / unit.nanos) + unit.letter;
  }
  return std::to_string(span / 1'000'000) + "ms";
}

Result<Registry> Registry::parse(const std::string& yaml, const std::string& file) {
  Registry out;
  STELE_TRY(yaml::read(yaml, file, [&](const YAML::Node& root) { read_root(root, out.sources_); }));
  out.digest_ = hex_encode(as_byte_span(crypto::sha256(as_byte_span(yaml))));
  return out;
}

Registry Registry::of_log(std::string_view log) const {
  Registry out = *this;
  std::erase_if(out.sources_, [log](const auto& source) { return source.second.log != log; });
  return out;
}

const Registered* Registry::find(std::string_view name) const {
  const auto it = sources_.find(name);
  return it == sources_.end() ? nullptr : &it->second;
}

}  // namespace stele::sources
