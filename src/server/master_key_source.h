// Where the master key comes from: the setting master_key.
#pragma once

#include <string>

#include "base/result.h"
#include "keyring/master_key.h"
#include "server/config.h"

namespace stele::server {

// Whether `source` has a form: nothing, file:PATH, env:NAME or command:WORDS. The error never repeats it: it may be the key
// itself.
Status check_master_key_source(const std::string& source);

// The keys: of a file that is not in the directory that they close, nor open to everybody; of a variable; or what `sh -c WORDS`
// prints, which must end with 0. None when the source is empty. An error says what to do, and never shows a key. Of a process
// that has read one no core is dumped, and root alone looks into it.
Result<keyring::MasterKeys> read_master_keys(const std::string& source, const std::string& data);

}  // namespace stele::server
