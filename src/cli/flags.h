// Flags that several commands share.
#pragma once

#include <string>

#include "cli/command_line.h"
#include "net/http_client.h"

namespace stele::cli {

// Where a log is, as the flags say. Both empty: the data directory of the environment (STELE_DATA), else "stele-data".
// With --url the token of the environment (STELE_TOKEN) is shown.
struct Where {
  std::string url;
  net::Trust trust;
  std::string data;
  std::string approval;  // of a second person, for the act that the command asks for; empty: none
};

// The token of the environment; empty: none.
std::string environment_token();
// Where the master key of the environment is (STELE_MASTER_KEY); empty: none.
std::string environment_master_key();

// What the flags say of servers to believe, and else the environment: STELE_CA_FILE, STELE_PIN.
net::Trust trust_of(const net::Trust& flags);

// kInvalid: --ca-file or --pin is given, and the URL is without TLS: a token would be sent to whoever it is.
Status check_trust(const net::Trust& flags, const std::string& url);

// Adds --ca-file and --pin.
void add_trust_options(const Command& command, net::Trust& trust);
// Adds --url, --data, --ca-file and --pin.
void add_where_options(const Command& command, Where& where);
// Adds --approval.
void add_approval_option(const Command& command, Where& where);

}  // namespace stele::cli
