#include "apart/secrets.h"

#include <re2/re2.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <optional>

#include "apart/marks.h"
#include "apart/shipped.h"

namespace stele::apart {
namespace {

constexpr std::int64_t kMemoryMax = 64 << 20;  // of one expression
constexpr int kGroupsMax = 6;                  // of one expression, the whole match counted

struct Pattern {
  std::unique_ptr<re2::RE2> match;
  std::unique_ptr<re2::RE2> except;
  std::vector<int> groups;  // of which one has the secret
};

// UTF-8 is of no matter to what is looked for.
re2::RE2::Options options() {
  re2::RE2::Options out;
  out.set_encoding(re2::RE2::Options::EncodingLatin1);
  out.set_log_errors(false);
  out.set_max_mem(kMemoryMax);
  return out;
}

Result<std::unique_ptr<re2::RE2>> compile(const std::string& pattern) {
  auto out = std::make_unique<re2::RE2>(pattern, options());
  if (!out->ok()) return invalid("\"" + pattern + "\": " + out->error());
  return out;
}

}  // namespace

void merge_spans(std::vector<Span>& spans, std::size_t from) {
  const auto begin = spans.begin() + static_cast<std::ptrdiff_t>(from);
  std::sort(begin, spans.end(), [](Span a, Span b) { return a.from < b.from; });
  std::size_t kept = from;
  for (std::size_t i = from; i < spans.size(); ++i) {
    if (kept > from && spans[i].from <= spans[kept - 1].to)
      spans[kept - 1].to = std::max(spans[kept - 1].to, spans[i].to);
    else
      spans[kept++] = spans[i];
  }
  spans.resize(kept);
}

struct SecretFinder::Compiled {
  std::vector<Pattern> patterns;
  Marks marks;
};

SecretFinder::SecretFinder(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
SecretFinder::SecretFinder(SecretFinder&&) noexcept = default;
SecretFinder& SecretFinder::operator=(SecretFinder&&) noexcept = default;
SecretFinder::~SecretFinder() = default;

Result<SecretFinder> SecretFinder::make(std::string_view yaml) {
  auto compiled = std::make_unique<Compiled>();
  std::vector<SecretSample> samples;
  std::vector<std::vector<std::string>> marks;
  try {
    for (const auto& node : YAML::Load(std::string(yaml))) {
      const auto name = node["secret"].as<std::string>();
      Pattern pattern;
      marks.push_back(node["marks"].as<std::vector<std::string>>());
      STELE_ASSIGN(pattern.match, compile(node["match"].as<std::string>()));
      if (node["except"]) {
        STELE_ASSIGN(pattern.except, compile("(?i)" + node["except"].as<std::string>()));
      }
      for (const auto& [group, number] : pattern.match->NamedCapturingGroups()) {
        if (group.starts_with("secret") && number < kGroupsMax) pattern.groups.push_back(number);
      }
      if (pattern.groups.empty()) return invalid(name + ": the expression has no group \"secret\"");
      compiled->patterns.push_back(std::move(pattern));
      for (const auto& sample : node["samples"])
        samples.push_back({name, sample["text"].as<std::string>(), sample["secret"].as<std::string>()});
      for (const auto& text : node["innocent"]) samples.push_back({name, text.as<std::string>(), ""});
    }
  } catch (const YAML::Exception& e) {
    return invalid("line " + std::to_string(e.mark.line + 1) + ": " + e.msg);
  }
  STELE_ASSIGN(compiled->marks, Marks::make(marks));
  SecretFinder out(std::move(compiled));
  out.samples_ = std::move(samples);
  return out;
}

void SecretFinder::find(std::string_view text, std::vector<Span>& out) const {
  const re2::StringPiece piece(text.data(), text.size());
  const std::uint64_t marked = compiled_->marks.find(text);
  const std::size_t before = out.size();
  for (std::uint64_t left = marked; left != 0; left &= left - 1) {
    const Pattern& pattern = compiled_->patterns[static_cast<std::size_t>(std::countr_zero(left))];
    re2::StringPiece groups[kGroupsMax];
    const int wanted = 1 + *std::max_element(pattern.groups.begin(), pattern.groups.end());
    for (std::size_t at = 0; at < text.size();) {
      if (!pattern.match->Match(piece, at, text.size(), re2::RE2::UNANCHORED, groups, wanted)) break;
      const auto group = std::find_if(pattern.groups.begin(), pattern.groups.end(),
                                      [&](int number) { return groups[number].data() != nullptr; });
      if (group == pattern.groups.end()) break;
      const re2::StringPiece secret = groups[*group];
      const auto from = static_cast<std::size_t>(secret.data() - text.data());
      at = std::max(from + secret.size(), at + 1);
      if (!pattern.except || !re2::RE2::FullMatch(secret, *pattern.except)) out.push_back({from, from + secret.size()});
    }
  }
  merge_spans(out, before);
}

const SecretFinder& shipped_secrets() {
  static const SecretFinder finder = [] {
    auto made = SecretFinder::make(shipped_files().front().yaml);
    if (!made) std::abort();  // a test makes it
    return std::move(*made);
  }();
  return finder;
}

}  // namespace stele::apart
