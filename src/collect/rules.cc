#include "collect/rules.h"

#include "normalise/samples.h"
#include "normalise/shipped.h"

namespace stele::collect {
namespace {

Result<std::vector<normalise::Normaliser>> read_folder(io::FileSystem& fs, const std::string& dir) {
  std::vector<normalise::Normaliser> out;
  if (dir.empty()) return out;
  STELE_ASSIGN(const auto names, fs.list(dir));
  for (const std::string& name : names) {
    if (!name.ends_with(".yaml")) continue;
    const std::string path = dir + "/" + name;
    STELE_ASSIGN(const std::string yaml, io::read_file(fs, path, normalise::kNormaliserBytesMax));
    STELE_ASSIGN(out.emplace_back(), normalise::read_normaliser(yaml, path));
  }
  return out;
}

}  // namespace

Result<normalise::Ruleset> load_rules(io::FileSystem& fs, const std::string& dir) {
  auto own = read_folder(fs, dir);
  if (!own) return own.error().in("rules");
  std::vector<normalise::Sample> samples;
  for (const normalise::Normaliser& normaliser : *own)
    samples.insert(samples.end(), normaliser.samples.begin(), normaliser.samples.end());
  std::vector<normalise::Normaliser> all = std::move(*own);
  for (const normalise::ShippedFile& file : normalise::shipped_files()) {
    STELE_ASSIGN(all.emplace_back(), normalise::read_normaliser(file.yaml, std::string(file.name)));
  }
  STELE_ASSIGN(normalise::Ruleset rules, normalise::Ruleset::make(std::move(all)));
  for (const normalise::Sample& sample : samples) {
    const normalise::Tried tried = normalise::try_sample(sample, rules);
    if (!tried.failures.empty()) return invalid(sample.where + ": the sample of " + sample.rule + ": " + tried.failures.front());
  }
  return rules;
}

}  // namespace stele::collect
