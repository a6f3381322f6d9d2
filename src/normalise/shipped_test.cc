// The shipped normalisers: each sample of each, and all of them together.
#include "normalise/shipped.h"

#include <gtest/gtest.h>

#include "normalise/samples.h"

namespace stele::normalise {
namespace {

std::vector<Normaliser> shipped() {
  std::vector<Normaliser> out;
  for (const ShippedFile& file : shipped_files()) {
    auto normaliser = read_normaliser(file.yaml, std::string(file.name));
    EXPECT_TRUE(normaliser.ok()) << normaliser.error().message;
    if (!normaliser) continue;
    EXPECT_EQ(normaliser->name + ".yaml", file.name);
    out.push_back(std::move(*normaliser));
  }
  return out;
}

// Goal: what every sample says comes out, concluded by its own rule though all are loaded, and is an event by the schema.
TEST(ShippedNormalisers, give_what_their_samples_say) {
  std::vector<Sample> samples;
  for (const Normaliser& normaliser : shipped())
    samples.insert(samples.end(), normaliser.samples.begin(), normaliser.samples.end());
  const auto rules = Ruleset::make(shipped());
  ASSERT_TRUE(rules.ok()) << rules.error().message;
  ASSERT_GT(samples.size(), 50U);
  for (const Sample& sample : samples) {
    const Tried tried = try_sample(sample, *rules);
    for (const std::string& failure : tried.failures) ADD_FAILURE() << sample.where << ": " << failure << "\n" << tried.event;
  }
}

}  // namespace
}  // namespace stele::normalise
