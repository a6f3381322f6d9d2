// Where in the log "audit" the entries of one kind stand, so that a start need not read all of it.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "event/internal_event.h"
#include "io/file.h"
#include "log/sequencer.h"

namespace stele::audit {

struct KnownPlaces {
  std::string log;  // its id
  std::uint64_t size = 0;
  std::vector<std::uint64_t> changes;  // of all entries before `size`, ascending
};

// The file's text, there and back (docs/formats/access.md); `kind` is what it is of: "grants". kCorrupt when it is none.
std::string places_text(const KnownPlaces& places, std::string_view kind);
Result<KnownPlaces> parse_places(std::string_view text, std::string_view kind);

// Thread-safe but for read(). The file is derived: whoever loses it reads the log once.
class Places {
 public:
  // Calls `take` with each entry of the kind, in the log's order, and with others, of which it says no; with all from the first
  // on again where the file turns out to be wrong. The log and the file system outlive it.
  using Take = std::function<Result<bool>(std::string_view entry)>;
  Places(io::FileSystem& fs, std::string file, std::string kind, log::Sequencer& audit)
      : fs_(fs), file_(std::move(file)), kind_(std::move(kind)), audit_(audit) {}
  Status read(const Take& take);

  // Writes an entry of the kind; `done` is called once it is durable, under no lock, and then that it is there is noted.
  void write(const event::InternalEvent& event, std::function<void(const Status&)> done);

  // Those received up to `time`, in the log's order, until `take` fails.
  Status read_until(UnixNanos time, const Take& take);

  // Notes where they stand, if the log is much longer than when that was noted last. Cheap otherwise.
  void keep();
  // The same in any case; at the end.
  void close();

 private:
  Result<bool> read_some(const log::Store& store, std::uint64_t first, std::uint64_t end, bool all, const Take& take);
  void save();  // under the mutex

  io::FileSystem& fs_;
  const std::string file_;
  const std::string kind_;
  log::Sequencer& audit_;

  std::mutex mutex_;  // guards what follows
  KnownPlaces places_;
  std::uint64_t being_written_ = 0;  // changes whose place is not known yet
};

}  // namespace stele::audit
