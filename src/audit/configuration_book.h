// How the server is set, as entries of its log "audit": what it was first, and each change of it (docs/formats/access.md).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "audit/places.h"
#include "base/clock.h"
#include "event/internal_event.h"

namespace stele::audit {

// Values by setting. What is long is cut at kSettingBytesMax by whoever makes one, so that all of it fits an entry.
using Configuration = std::map<std::string, std::string, std::less<>>;
inline constexpr std::size_t kSettingBytesMax = 2'000;

// What is different, before and after; the two are.
event::InternalEvent configuration_event(const Configuration& before, const Configuration& after, UnixNanos now);
// Makes `configuration` what it is after the entry; false when the entry is about something else.
Result<bool> take_configuration(std::string_view entry, Configuration& configuration);

// Thread-safe.
class ConfigurationBook {
 public:
  // Reads what was last. The log and the file system outlive it.
  static Result<std::unique_ptr<ConfigurationBook>> open(io::FileSystem& fs, std::string places_file, log::Sequencer& audit);

  // Puts on record what is different now, if anything; `done` is called once that is durable. With an error it is not, and the
  // next start finds the difference again.
  void set(const Configuration& now, UnixNanos time, std::function<void(const Status&)> done);

  // As it is, by what is on record.
  [[nodiscard]] Configuration last() const;
  // As it was at `time`, by the entries received up to then.
  [[nodiscard]] Result<Configuration> as_of(UnixNanos time);

  void keep() { places_.keep(); }
  void close() { places_.close(); }

 private:
  ConfigurationBook(io::FileSystem& fs, std::string places_file, log::Sequencer& audit)
      : places_(fs, std::move(places_file), "configuration", audit) {}

  Places places_;
  mutable std::mutex mutex_;
  Configuration last_;  // guarded by it
};

}  // namespace stele::audit
