// A statement of completeness held against the log it is about: every entry is read, hashed and counted anew.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/connection.h"

namespace stele::cli {

inline constexpr std::size_t kStatementBytesMax = 64U << 20;

// What is proven, in a sentence. `key`: the verifier key as the caller knows it; empty takes the log's own word for it. kCorrupt
// when signature, entries or counts are not what the statement says, with what differs; kInvalid when it is no statement.
Result<std::string> check_statement(Connection& connection, const std::string& log, std::string_view note,
                                    const std::string& key);

}  // namespace stele::cli
