// What it takes to know who asks: with nothing shown, and with one of many tokens. What a request pays for its authentication.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "access/authorise.h"
#include "access/grants.h"
#include "access/token.h"
#include "crypto/random.h"

namespace stele::access {
namespace {

Grant grant_of(const NewToken& token) {
  return {Holder::kToken, token.id,     "program",    "writer", "",          {"main"}, {}, 1,
          "local:0",      std::nullopt, std::nullopt, "",       token.digest};
}

void shows_nothing(benchmark::State& state) {
  const Grants grants;
  const Authority authority(find_shipped_role("owner"), grants, system_clock());
  const Caller caller{true, "127.0.0.1:50000", "", std::nullopt, ""};
  for (auto _ : state) benchmark::DoNotOptimize(authority.identify(caller));
}
BENCHMARK(shows_nothing);

void shows_a_token(benchmark::State& state) {
  Grants grants;
  std::vector<std::string> shown;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    const NewToken token = make_token(crypto::system_random());
    grants.put(grant_of(token));
    shown.push_back("Bearer " + token.text);
  }
  const Authority authority(nullptr, grants, system_clock());
  constexpr std::size_t kStride = 7919;  // each request another token, as from many machines
  for (std::size_t i = 0; auto _ : state) {
    const Caller caller{false, "203.0.113.9:50000", "", std::nullopt, shown[i]};
    const auto identity = authority.identify(caller);
    if (!identity) return state.SkipWithError(identity.error().message.c_str());
    benchmark::DoNotOptimize(identity);
    i = (i + kStride) % shown.size();
  }
}
BENCHMARK(shows_a_token)->Arg(1)->Arg(10'000);

}  // namespace
}  // namespace stele::access
