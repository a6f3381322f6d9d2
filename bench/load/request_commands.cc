// bench_load http, postgres and replay: requests that are answered once their events are durable.
#include <cstdio>

#include "commands.h"
#include "corpus.h"
#include "engine.h"
#include "http_protocol.h"
#include "postgres_protocol.h"
#include "relp_protocol.h"
#include "replay.h"

namespace stele::bench {
namespace {

struct Load {
  std::string corpus_path;
  std::uint64_t batch = 1;
  std::uint64_t id_round = 0;
  double events_rate = 0;
  Plan plan;
};

Load read_load(Options& options) {
  Load load;
  load.corpus_path = options.required("corpus");
  load.batch = options.count("batch", 1);
  load.id_round = options.count("id-round", 0);
  load.events_rate = options.real("rate", 0);
  load.plan.endpoint = {options.text("connect", ""), options.text("unix", "")};
  load.plan.connections = options.count("connections", 1);
  load.plan.seconds = options.real("seconds", 5);
  load.plan.events_max = options.count("events", 0);
  if (load.plan.connections == 0 || load.batch == 0) give_up("--connections and --batch must be at least 1");
  load.plan.requests_rate = load.events_rate / static_cast<double>(load.batch);
  return load;
}

double per_second(std::uint64_t count, double seconds) { return seconds > 0 ? static_cast<double>(count) / seconds : 0; }

int run_load(std::string_view bench, const Load& load, Protocol& protocol) {
  const double cpu_before = own_cpu_seconds();
  const Outcome outcome = run_plan(load.plan, protocol);
  const double cpu = own_cpu_seconds() - cpu_before;
  const std::string bad = protocol.bad_answer();
  if (!bad.empty()) std::fprintf(stderr, "bench_load: first bad answer: %s\n", bad.c_str());

  JsonLine line;
  line.text("bench", bench).count("batch", load.batch).count("connections", load.plan.connections);
  if (load.events_rate > 0) line.real("rate", load.events_rate).count("unsent_requests", outcome.unsent);
  line.real("seconds", outcome.seconds)
      .count("events", outcome.events)
      .count("requests", outcome.requests)
      .count("refused_requests", outcome.refused)
      .count("overloaded_requests", outcome.overloaded)
      .count("lost_connections", outcome.lost)
      .real("events_per_second", per_second(outcome.events, outcome.seconds))
      .real("requests_per_second", per_second(outcome.requests, outcome.seconds))
      .quantiles_us("latency_us", outcome.latency)
      .count("sent_bytes", outcome.sent_bytes)
      .count("received_bytes", outcome.received_bytes)
      .real("client_cpu_seconds", cpu);
  if (!bad.empty()) line.text("bad_answer", bad);
  line.print();
  return outcome.refused == 0 && outcome.lost == 0 ? 0 : 1;
}

}  // namespace

int run_http(Options& options) {
  const Load load = read_load(options);
  const std::string path = options.text("path", "/api/v1/events?log=main&source=bench");
  const std::string token = options.text("token", "");
  options.finish();
  Corpus corpus(load.corpus_path, load.batch, load.plan.connections, load.id_round);
  HttpProtocol protocol(path, load.batch > 1 ? "application/x-ndjson" : "application/json", token, load.plan.connections, corpus);
  return run_load("http", load, protocol);
}

int run_replay(Options& options) {
  Load load;
  const std::string requests = options.required("requests");
  const std::string protocol = options.text("protocol", "http");
  load.plan.endpoint = {options.required("connect"), ""};
  load.plan.connections = options.count("connections", 1);
  load.plan.seconds = options.real("seconds", 5);
  load.id_round = options.count("id-round", 0);
  load.events_rate = options.real("rate", 0);
  options.finish();
  if (load.plan.connections == 0) give_up("--connections must be at least 1");
  Replay replay(requests, load.plan.connections, load.id_round);
  load.batch = replay.batch();
  load.plan.requests_rate = load.events_rate / static_cast<double>(load.batch);
  if (protocol == "relp") {
    RelpProtocol relp(load.plan.connections, replay);
    return run_load("relp", load, relp);
  }
  if (protocol != "http") give_up("--protocol is http or relp");
  ReplayedHttp http(load.plan.connections, replay);
  return run_load("replay", load, http);
}

int run_postgres(Options& options) {
  const Load load = read_load(options);
  const std::string user = options.required("user");
  const std::string database = options.required("database");
  const std::string statement = options.required("statement");
  options.finish();
  Corpus corpus(load.corpus_path, load.batch, load.plan.connections, load.id_round);
  PostgresProtocol protocol(user, database, statement, load.plan.connections, corpus);
  return run_load("postgres", load, protocol);
}

}  // namespace stele::bench
