#include "cli/flags.h"

#include <cstdlib>

namespace stele::cli {

namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

std::string environment_token() { return variable("STELE_TOKEN"); }

std::string environment_master_key() { return variable("STELE_MASTER_KEY"); }

net::Trust trust_of(const net::Trust& flags) {
  if (!flags.ca_file.empty() || !flags.pin.empty()) return flags;
  return {variable("STELE_CA_FILE"), variable("STELE_PIN")};
}

Status check_trust(const net::Trust& flags, const std::string& url) {
  if ((flags.ca_file.empty() && flags.pin.empty()) || url.starts_with("https://")) return {};
  return invalid("--ca-file and --pin are for an https server, not for " + url);
}

void add_trust_options(const Command& command, net::Trust& trust) {
  command
      .add_option("--ca-file", trust.ca_file,
                  "PEM file of the certificates to trust, for an https server. Default: STELE_CA_FILE, else the machine's.")
      .type_name("FILE");
  command
      .add_option("--pin", trust.pin,
                  "Key of an https server, as it prints it at its start: who has it is believed. Default: STELE_PIN.")
      .type_name("sha256//…");
}

void add_where_options(const Command& command, Where& where) {
  Option url = command.add_option("--url", where.url, "Server, as in http://127.0.0.1:7373.").type_name("URL");
  const Option data =
      command
          .add_option("--data", where.data,
                      "Data directory. If no server runs there, this command opens it. Default: STELE_DATA, else stele-data.")
          .type_name("DIR");
  url.excludes(data);
  add_trust_options(command, where.trust);
}

void add_approval_option(const Command& command, Where& where) {
  command.add_option("--approval", where.approval, "What a second person has approved: its id, as the first try printed it.")
      .type_name("ID");
}

}  // namespace stele::cli
