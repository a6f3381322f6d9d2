// The record of use: what is looked at is an entry of the log "audit" before it is seen, and so is who was refused.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "audit/look.h"
#include "base/clock.h"
#include "base/histogram.h"
#include "base/metrics_text.h"
#include "log/sequencer.h"

namespace stele::audit {

struct RecorderOptions {
  std::int64_t gather = 600'000'000'000;   // ns; what is gathered is counted for so long
  std::int64_t pages = 3'600'000'000'000;  // ns; for so long further pages belong to a search
  std::int64_t refusals = 60'000'000'000;  // ns; refusals are counted for so long
  std::uint64_t refusals_in_full = 10;     // of them
  std::uint64_t strangers_in_full = 300;   // of all that are refused without being known
  std::size_t told_apart_max = 4'096;      // looks that are gathered, searches with pages, and who is refused, each
};

// Thread-safe. The log and the clock outlive it.
class Recorder {
 public:
  Recorder(log::Sequencer& audit, const Clock& clock, RecorderOptions options = {})
      : audit_(audit), clock_(clock), options_(options) {}

  // Whether what is looked at may be shown now, since a durable entry stands for it. If not, one is written, and `done` is called
  // once it is durable, from this thread or another; it must not block. With an error nothing is to be shown: kUnavailable,
  // kBusy.
  bool look(const Look& look, std::function<void(const Status&)> done);
  // That he, who looked at this log, was given the first page of `pages`: the others are of the same look. `instead_of`: what he
  // was given before, where each page begins others; empty: it stays.
  void begin_pages(const Doer& doer, const std::string& log, const std::string& pages, const std::string& instead_of = {});
  // Notes who was refused. Nobody waits for it; while the log takes no entries it is counted.
  void refuse(const Refusal& refusal);

  // Makes the entry durable, then calls `done`, as look() does.
  void record(const event::InternalEvent& event, std::function<void(const Status&)> done) { write(event, std::move(done)); }
  // Notes what the server itself did. Nobody waits for it; it is lost, and counted, while the log takes no entries.
  void note(const event::InternalEvent& event);

  // Makes entries of what was counted for long enough, if the log takes them. Cheap; every second or so.
  void gather();
  // Of all that was counted; at the end.
  void close();

  void append_metrics(MetricsText& out) const;

 private:
  struct Looks {
    Look first;
    UnixNanos since = 0;
    std::int64_t until = 0;  // monotonic
    std::uint64_t more = 0;
  };
  struct Refusals {
    Refusal last;
    std::string prefix;
    UnixNanos since = 0;
    std::int64_t until = 0;  // monotonic
    std::uint64_t in_full = 0;
    std::uint64_t more = 0;
  };
  void write(const event::InternalEvent& event, std::function<void(const Status&)> done);
  bool is_told(const Look& look, const std::string& key);
  void remember_pages(const std::string& key);
  void tell(const Look& look, const std::string& key);
  void gather_until(std::int64_t monotonic);

  log::Sequencer& audit_;
  const Clock& clock_;
  const RecorderOptions options_;
  std::atomic<std::uint64_t> entries_{0};
  std::atomic<std::uint64_t> refused_{0};
  std::atomic<std::uint64_t> unwritten_{0};
  Histogram waits_;  // of looks, for their entry

  std::mutex mutex_;  // guards what follows
  std::map<std::string, Looks> gathered_;
  std::map<std::string, std::int64_t> pages_;  // until when
  std::map<std::string, Refusals> refusals_;
  std::uint64_t strangers_ = 0;  // in full since `strangers_until_` began
  std::int64_t strangers_until_ = 0;
};

}  // namespace stele::audit
