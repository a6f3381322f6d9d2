// What understanding a line costs with the shipped rules, and with ten times as many.
#include <benchmark/benchmark.h>

#include "normalise/ruleset.h"
#include "normalise/shipped.h"

namespace {

using namespace stele::normalise;

// The shipped rules, and copies of them under other names that match nothing: each expression gets a prefix of its own.
Ruleset rules(int times) {
  std::vector<Normaliser> all;
  for (const ShippedFile& file : shipped_files()) all.push_back(std::move(*read_normaliser(file.yaml, std::string(file.name))));
  for (int copy = 1; copy < times; ++copy) {
    for (const ShippedFile& file : shipped_files()) {
      std::string yaml(file.yaml);
      for (std::size_t at = 0; (at = yaml.find("match: '^", at)) != std::string::npos; at += 12)
        yaml.insert(at + 9, "(?:vendor " + std::to_string(copy) + " )");
      const auto name = yaml.find("normaliser: ") + 12;
      yaml.insert(name, "copy" + std::to_string(copy) + "-");
      all.push_back(std::move(*read_normaliser(yaml, std::string(file.name))));
    }
  }
  return std::move(*Ruleset::make(std::move(all)));
}

struct Line {
  const char* app;
  const char* text;
};
constexpr Line kLines[] = {
    {"sshd", "Accepted publickey for ada from 203.0.113.9 port 51122 ssh2: ED25519 SHA256:0QxYkTqqa7vQm4"},
    {"sudo", "     ada : TTY=pts/0 ; PWD=/home/ada ; USER=root ; COMMAND=/usr/bin/apt update"},
    {"CRON", "pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)"},
    {"systemd", "Started ssh.service - OpenBSD Secure Shell server."},
    {"billing", "invoice 4711 of customer 42 was paid with 12 lines in 17 ms, nothing that any rule knows"},
};

void BM_conclude(benchmark::State& state) {
  const Ruleset set = rules(static_cast<int>(state.range(0)));
  Draft draft;
  Record record;
  std::string event;
  std::string derived;
  std::size_t i = 0;
  for (auto _ : state) {
    const Line& line = kLines[i++ % std::size(kLines)];
    draft.clear();
    record.clear();
    draft.claim(Part::kTime) = R"("2026-11-23T16:20:00Z")";
    draft.conclude(Part::kActor) = R"({"type":"process","id":"unknown"})";
    record.set("app", line.app);
    record.set("host", "web-1");
    record.set_text(line.text);
    benchmark::DoNotOptimize(set.conclude(record, draft));
    draft.write(event, derived);
    benchmark::DoNotOptimize(event.data());
  }
  state.counters["rules"] = static_cast<double>(set.rules().size());
}
BENCHMARK(BM_conclude)->Arg(1)->Arg(10)->Unit(benchmark::kMicrosecond);

}  // namespace
