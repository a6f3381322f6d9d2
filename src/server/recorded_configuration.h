// How the server is set, as it goes on record.
#pragma once

#include <map>
#include <string>

#include "audit/configuration_book.h"
#include "event/internal_event.h"
#include "io/file.h"
#include "server/config.h"

namespace stele::server {

// Every setting by its name; what may be a secret, and what is long, as its SHA-256; of the files that say how events are
// understood and whose they are, and of folders of them, what is in them as SHA-256; and the key that each log is signed with
// (`key_main`). `keys` are such names and what they stand for. kIo: a file cannot be read.
Result<audit::Configuration> recorded_configuration(io::FileSystem& fs, const Config& config,
                                                    const std::map<std::string, std::string>& keys);

event::InternalEvent started_event(UnixNanos now);
event::InternalEvent stopped_event(UnixNanos now);

}  // namespace stele::server
