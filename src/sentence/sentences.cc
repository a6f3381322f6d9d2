#include "sentence/sentences.h"

#include <cstdlib>

#include "base/printable.h"
#include "event/entry.h"
#include "sentence/facts.h"
#include "sentence/shipped.h"

namespace stele::sentence {
namespace {

constexpr std::string_view kUnreadable = "An entry that this program cannot read";
constexpr std::string_view kSomeone = "someone";

bool parse(std::string_view entry, event::JsonTape& tape) {
  constexpr std::uint32_t kDepth = 160;  // docs/formats/entry.md
  event::JsonError error;
  return tape.parse(entry, {event::kEntryBytesMax, kDepth, event::kEntryBytesMax}, error);
}

// How it ended, where the sentence does not say.
std::string_view tail_of(const Wording& wording, const std::string& outcome) {
  if (!wording.outcomes.empty()) return "";
  if (outcome == "denied") return ", denied";
  if (outcome == "failure") return ", failed";
  return "";
}

}  // namespace

Sentences::Sentences() {
  for (const ShippedFile& file : shipped_files()) {
    if (!add(file.yaml, std::string(file.name))) std::abort();  // a test reads it
  }
}

Result<Sentences> Sentences::parse(std::span<const TemplateFile> files) {
  Sentences out;
  std::vector<Layer> shipped = std::move(out.layers_);
  out.layers_.clear();
  for (const TemplateFile& file : files) STELE_TRY(out.add(file.yaml, file.name));
  for (Layer& layer : shipped) out.layers_.push_back(std::move(layer));
  return out;
}

Status Sentences::add(std::string_view yaml, const std::string& name) {
  Layer layer;
  STELE_ASSIGN(layer.wordings, read_wordings(yaml, name));
  for (std::size_t i = 0; i < layer.wordings.size(); ++i) {
    const Wording& one = layer.wordings[i];
    if (one.is_pattern())
      layer.patterns.push_back(i);
    else
      layer.exact.emplace(one.action, i);
  }
  layers_.push_back(std::move(layer));
  return {};
}

Sentences::Told Sentences::tell(const Facts& facts) const {
  const auto find = [&](std::string_view name) { return facts.find(name); };
  Told out;
  const auto told = [&](const Wording& wording) {
    if (!wording.fits(facts)) return false;
    auto text = wording.text.fill(find);
    if (text) out = {&wording, std::move(*text)};
    return text.has_value();
  };
  for (const Layer& layer : layers_) {
    const auto [first, last] = layer.exact.equal_range(facts.action());
    for (auto at = first; at != last; ++at) {
      if (told(layer.wordings[at->second])) return out;
    }
    for (const std::size_t at : layer.patterns) {
      if (told(layer.wordings[at])) return out;
    }
  }
  std::abort();  // the last shipped one fits every entry
}

std::string Sentences::of(std::string_view entry) const {
  event::JsonTape tape;
  if (!stele::sentence::parse(entry, tape)) return std::string(kUnreadable);
  const Facts facts(tape);
  Told told = tell(facts);
  if (told.text.starts_with(kSomeone)) told.text[0] = 'S';
  const std::string_view tail = tail_of(*told.wording, facts.outcome());
  // An ellipsis is one of them.
  const std::size_t room = kCharactersMax - tail.size();
  std::string out = printable(told.text);
  if (clipped(out, room) != out) out = clipped(out, room - 1);
  return out + std::string(tail);
}

const Wording* Sentences::wording_of(std::string_view entry) const {
  event::JsonTape tape;
  if (!stele::sentence::parse(entry, tape)) return nullptr;
  return tell(Facts(tape)).wording;
}

std::vector<const Wording*> Sentences::shipped() const {
  std::vector<const Wording*> out;
  for (const Wording& one : layers_.back().wordings) out.push_back(&one);
  return out;
}

}  // namespace stele::sentence
