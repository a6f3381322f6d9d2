// The accounts under which users acted, and whose these are, as JSON.
#pragma once

#include <string>

#include "people/directory.h"
#include "sources/ledger.h"

namespace stele::api {

// {"accounts":[…]} and a newline. An account has a row for each owner that it has, with what was done where it is that one's.
std::string accounts_json(const sources::Ledger& ledger, const people::Directory& directory);

}  // namespace stele::api
