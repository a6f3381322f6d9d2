// bench_load corpus: writes the events that all benches send.
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "commands.h"
#include "events.h"
#include "measure.h"

namespace stele::bench {

int run_corpus(Options& options) {
  const std::uint64_t events = options.count("events", 1'000'000);
  const std::uint64_t seed = options.count("seed", 1);
  const std::string path = options.required("out");
  const bool with_ids = options.flag("ids");
  options.finish();

  std::FILE* file = std::fopen(path.c_str(), "we");
  if (file == nullptr) give_up_errno("cannot create " + path);
  EventMaker maker(seed, with_ids);
  std::string line;
  std::uint64_t bytes = 0;
  std::size_t longest = 0;
  for (std::uint64_t i = 0; i < events; ++i) {
    line.clear();
    maker.append(line);
    line += '\n';
    bytes += line.size();
    longest = std::max(longest, line.size() - 1);
    if (std::fwrite(line.data(), 1, line.size(), file) != line.size()) give_up_errno("cannot write " + path);
  }
  // Written back now rather than under the first measurement.
  if (std::fflush(file) != 0 || ::fsync(::fileno(file)) != 0) give_up_errno("cannot sync " + path);
  if (std::fclose(file) != 0) give_up_errno("cannot write " + path);

  const double mean = events == 0 ? 0 : static_cast<double>(bytes - events) / static_cast<double>(events);
  JsonLine()
      .text("bench", "corpus")
      .count("events", events)
      .count("seed", seed)
      .text("ids", with_ids ? "yes" : "no")
      .count("bytes", bytes)
      .real("event_bytes_mean", mean)
      .count("event_bytes_max", longest)
      .print();
  return 0;
}

}  // namespace stele::bench
