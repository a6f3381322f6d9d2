#include "query/matcher.h"

#include <algorithm>

#include "event/entry.h"
#include "event/mask.h"

namespace stele::query {
namespace {

bool is_scalar_term(Term::Kind kind) { return kind == Term::Kind::kField || kind == Term::Kind::kAnywhere; }

bool within(const Term& term, UnixNanos time) {
  return (!term.from || time >= *term.from) && (!term.before || time < *term.before);
}

}  // namespace

bool is_anywhere(const Term& term, std::string_view path) {
  return !event::is_masked(path, term.paths) && path != "time" && path != "original" && !path.starts_with("original.") &&
         !path.starts_with("derived.");
}

Matcher::Matcher(const Term& term) : term_(term) { find_leaves(term); }

void Matcher::find_leaves(const Term& term) {
  if (is_scalar_term(term.kind)) leaves_.push_back({&term, {}, false});
  wants_time_ = wants_time_ || term.kind == Term::Kind::kTime;
  for (const Term& one : term.terms) find_leaves(one);
}

bool Matcher::wants(Leaf& leaf, event::PathNumber path) const {
  if (path >= leaf.wanted.size()) leaf.wanted.resize(scalars_.paths(), -1);
  std::int8_t& known = leaf.wanted[path];
  if (known < 0) {
    const std::string& name = scalars_.path(path);
    const auto& paths = leaf.term->paths;
    const bool wanted = leaf.term->kind == Term::Kind::kAnywhere ? is_anywhere(*leaf.term, name)
                                                                 : std::find(paths.begin(), paths.end(), name) != paths.end();
    known = wanted ? 1 : 0;
  }
  return known == 1;
}

void Matcher::look(std::string_view entry) {
  const auto& scalars = scalars_.read(entry);
  if (scalars_.generation() != generation_) {
    for (Leaf& leaf : leaves_) leaf.wanted.clear();
    generation_ = scalars_.generation();
  }
  for (Leaf& leaf : leaves_) {
    leaf.holds = std::any_of(scalars.begin(), scalars.end(),
                             [&](const auto& one) { return wants(leaf, one.path) && (*leaf.term->test)(one.text); });
  }
  time_.reset();
  if (!wants_time_) return;
  for (const auto& one : scalars) {
    if (scalars_.path(one.path) == "time" && !time_) time_ = parse_time(one.text);
  }
}

bool Matcher::matches(std::uint64_t index, std::string_view entry) {
  if (!leaves_.empty() || wants_time_) look(entry);
  std::size_t leaf = 0;
  return holds(term_, index, entry, leaf);
}

// `leaf` counts the leaves passed: each is passed, whatever came of those in front.
bool Matcher::holds(const Term& term, std::uint64_t index, std::string_view entry, std::size_t& leaf) const {
  switch (term.kind) {
    case Term::Kind::kAll: return true;
    case Term::Kind::kAnd:
    case Term::Kind::kOr: {
      const bool all = term.kind == Term::Kind::kAnd;
      bool out = all;
      for (const Term& one : term.terms) {
        const bool held = holds(one, index, entry, leaf);
        out = all ? out && held : out || held;
      }
      return out;
    }
    case Term::Kind::kNot: return !holds(term.terms[0], index, entry, leaf);
    case Term::Kind::kField:
    case Term::Kind::kAnywhere: return leaves_[leaf++].holds;
    case Term::Kind::kTime: return time_ && within(term, *time_);
    case Term::Kind::kReceived: {
      const auto received = event::read_received(entry);
      return received && within(term, *received);
    }
    case Term::Kind::kIndex: return index >= term.first && index < term.end;
    case Term::Kind::kEntryId:
      return entry.size() > event::kIdAt + event::kIdWidth && entry.substr(event::kIdAt, event::kIdWidth) == term.id;
  }
  return false;
}

}  // namespace stele::query
