// How the server is set, as it goes on record.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "audit/configuration_book.h"
#include "event/internal_event.h"
#include "io/file.h"
#include "server/config.h"

namespace stele::server {

// A file that a setting names, or one of a folder that it names.
struct NamedFile {
  std::string setting;
  std::string name;        // without the folder
  bool in_folder = false;  // the setting names that
  std::string text;
};
// All there are, of those that say how events are understood and who may what. kIo: one cannot be read.
Result<std::vector<NamedFile>> read_named_files(io::FileSystem& fs, const Config& config);

// Every setting by its name; what may be a secret, and what is long, as its SHA-256; what is in the files of a setting as SHA-256
// (`rules_content`); and the key that each log is signed with (`key_main`). `keys` are such names and what they stand for.
audit::Configuration recorded_configuration(const Config& config, const std::vector<NamedFile>& files,
                                            const std::map<std::string, std::string>& keys);

// What is in the files whose settings have another content in `now` than in `before`, in parts: docs/formats/access.md. Without
// the file of people, for what is in an entry cannot be taken out of it.
std::vector<event::InternalEvent> file_events(const std::vector<NamedFile>& files, const audit::Configuration& before,
                                              const audit::Configuration& now, UnixNanos time);

event::InternalEvent started_event(UnixNanos now);
event::InternalEvent stopped_event(UnixNanos now);

}  // namespace stele::server
