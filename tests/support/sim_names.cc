#include "support/sim_names.h"

#include <algorithm>
#include <array>
#include <utility>

#include "support/prng.h"

namespace stele::testing {
namespace {

// Takes the next name off the front of `rest`; empty at the end. Skips empty names and ".".
std::string_view next_name(std::string_view& rest) {
  while (!rest.empty()) {
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    const std::string_view name = rest.substr(0, slash);
    rest.remove_prefix(std::min(slash + 1, rest.size()));
    if (!name.empty() && name != ".") return name;
  }
  return {};
}

void set_entry(SimNode& dir, const std::string& name, const NodePtr& node) {
  if (node != nullptr) {
    dir.entries.insert_or_assign(name, node);
  } else {
    dir.entries.erase(name);
  }
}

bool leads_to(const SimNode& dir, const std::string& name, const NodePtr& node) {
  const auto found = dir.entries.find(name);
  return found != dir.entries.end() && found->second == node;
}

// The directories met on a walk from the newest pending change to the oldest.
class Reached {
 public:
  [[nodiscard]] bool any(const NodePtr& dir, const NodePtr& from_dir) const { return has(dir) || has(from_dir); }
  void add(const NodePtr& dir) {
    if (dir != nullptr) dirs_.push_back(dir.get());
  }

 private:
  [[nodiscard]] bool has(const NodePtr& dir) const {
    return dir != nullptr && std::find(dirs_.begin(), dirs_.end(), dir.get()) != dirs_.end();
  }
  std::vector<const SimNode*> dirs_;
};

}  // namespace

Result<Place> SimNames::locate(std::string_view path) const {
  Place place{nullptr, "", root_};
  for (std::string_view name = next_name(path); !name.empty(); name = next_name(path)) {
    if (place.node == nullptr) return Error{Code::kNotFound, place.name + ": no such directory"};
    if (!place.node->directory) return Error{Code::kIo, place.name + ": not a directory"};
    const auto found = place.node->entries.find(name);
    const bool exists = found != place.node->entries.end();
    NodePtr child = exists ? found->second : nullptr;
    place = {std::move(place.node), std::string(name), std::move(child)};
  }
  return place;
}

NodePtr SimNames::create(const Place& place, bool directory) {
  auto node = std::make_shared<SimNode>(next_id_++, directory);
  apply({place.dir, place.name, nullptr, node, nullptr, ""});
  return node;
}

void SimNames::remove(const Place& place) { apply({place.dir, place.name, place.node, nullptr, nullptr, ""}); }

void SimNames::rename(const Place& from, const Place& to) { apply({to.dir, to.name, to.node, from.node, from.dir, from.name}); }

void SimNames::apply(Change change) {
  change.redo();
  pending_.push_back(std::move(change));
}

void SimNames::sync(const NodePtr& dir) {
  // A rename into or out of `dir` needs what was pending before it in the other directory.
  Reached reached;
  reached.add(dir);
  for (auto change = pending_.rbegin(); change != pending_.rend(); ++change) {
    if (!reached.any(change->dir, change->from_dir)) continue;
    reached.add(change->dir);
    reached.add(change->from_dir);
    change->dir = nullptr;
  }
  std::erase_if(pending_, [](const Change& change) { return change.dir == nullptr; });
}

SimNames::Survival SimNames::power_cut(std::uint64_t salt, bool reorder) {
  Survival survival{0, pending_.size()};
  if (pending_.empty()) return survival;
  Prng prng(salt);
  const std::uint64_t odds = std::array<std::uint64_t, 4>{0, 2, 4, 8}[prng.below(4)];  // in 8, for each to be kept
  std::vector<bool> keep(pending_.size());
  Reached reached;  // by a change that is kept: what came before it there is kept too
  for (std::size_t i = pending_.size(); i-- > 0;) {
    const Change& change = pending_[i];
    change.undo();
    keep[i] = prng.chance(odds, 8) || (!reorder && reached.any(change.dir, change.from_dir));
    if (!keep[i]) continue;
    reached.add(change.dir);
    reached.add(change.from_dir);
  }
  for (std::size_t i = 0; i < pending_.size(); ++i) {
    if (!keep[i] || !pending_[i].stands()) continue;
    pending_[i].redo();
    ++survival.kept;
  }
  pending_.clear();
  return survival;
}

bool SimNames::Change::stands() const {
  if (from_dir != nullptr) return leads_to(*from_dir, from_name, after);
  return after != nullptr || leads_to(*dir, name, before);
}

void SimNames::Change::redo() const {
  if (from_dir != nullptr) from_dir->entries.erase(from_name);
  set_entry(*dir, name, after);
}

void SimNames::Change::undo() const {
  set_entry(*dir, name, before);
  if (from_dir != nullptr) set_entry(*from_dir, from_name, after);
}

}  // namespace stele::testing
