// Brings what waits in the spool to the server, in order, one request at a time, for as long as it takes.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>

#include "agent/own_event.h"
#include "agent/spool.h"
#include "net/http_client.h"

namespace stele::agent {

struct ShipperOptions {
  std::string url;  // "http://127.0.0.1:7373"
  net::Trust trust;
  std::string token;   // that is shown; empty: none
  std::string source;  // under which the records stand
  std::string log = "main";
  bool compress = true;
  std::string refused_dir;  // where records are kept that the server does not take
};

// What the server says decides:
// - 200 that says of each record that it is stored: the spool lets go of them;
// - no answer, 429, 5xx, what only an operator can mend (401, 403, 404), or any other 200: the same records again, after a while;
// - 413: fewer records at once;
// - 400, 422: one by one. A record that is refused alone is kept in `refused_dir`, and in its place, under its number, goes an
//   event that says so: it is no gap. Where that is refused too, somebody says no to everything: the record waits.
class Shipper {
 public:
  Shipper(Spool& spool, io::FileSystem& fs, const Clock& clock, Speaker speaker, ShipperOptions options);

  // Until drain(): to be called on a thread of its own.
  void run();
  // Lets run() return once nothing waits, a try fails, or `millis` have passed.
  void drain(std::int64_t millis);

  struct State {
    std::uint64_t sent = 0;  // records, in this run
    std::uint64_t refused = 0;
    std::string trouble;  // why it does not go on; empty when it does
  };
  [[nodiscard]] State state() const;

 private:
  enum class Outcome { kStored, kAgain, kFewer, kRefused };
  struct Answer {
    Outcome outcome = Outcome::kAgain;
    std::string words;
    std::int64_t retry_after = 0;
  };
  void step();
  Answer post(std::string_view lines, std::size_t count);
  void stored(std::uint64_t seq, std::uint64_t count);
  void wait_again(const Answer& answer);
  void refuse(const SpoolBatch& batch, const Answer& answer);
  Result<std::string> keep_refused(const std::string& path, std::uint64_t seq, std::string_view line, const std::string& why);
  [[nodiscard]] bool is_over() const;

  Spool& spool_;
  io::FileSystem& fs_;
  const Clock& clock_;
  Speaker speaker_;
  ShipperOptions options_;
  net::HttpClient client_;
  std::string target_;

  std::size_t lines_max_;
  std::uint64_t careful_until_ = 0;  // up to this number they are sent one by one
  std::string in_doubt_;             // where a record is kept whose event was not taken
  unsigned failures_ = 0;            // tries without success since the last one that had

  mutable std::mutex mutex_;
  std::condition_variable ended_;
  State state_;
  bool draining_ = false;
  bool done_ = false;
  std::atomic<bool> cancelled_ = false;
};

}  // namespace stele::agent
