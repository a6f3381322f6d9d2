// The subcommands of bench_load. Each parses its options, measures, prints one JSON line, and returns the exit code:
// 0 done, 1 measured but something was refused, lost or missing, 2 could not measure.
#pragma once

#include "options.h"

namespace stele::bench {

int run_corpus(Options& options);
int run_http(Options& options);
int run_postgres(Options& options);
int run_replay(Options& options);
int run_grpc(Options& options);
int run_syslog(Options& options);
int run_datagrams(Options& options);
int run_fdatasync(Options& options);
int run_sha256(Options& options);

}  // namespace stele::bench
