// What an agent follows and where it sends it: agent.yaml.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace stele::agent {

struct FileConfig {
  std::string path;    // or a pattern of glob(7)
  std::string format;  // empty: by its name, see format_of_path
  bool from_end = false;
  bool optional = false;  // found on this machine, not named by anybody
};

struct SocketConfig {
  std::string path;
  bool datagram = false;
  bool acknowledge = false;  // of a stream socket: "ok\n" for each line that is durable
  unsigned mode = 0666;
};

struct Config {
  std::string url = "http://127.0.0.1:7373";
  std::string ca_file;  // net::Trust, like the next
  std::string pin;
  std::string token_file;  // of the token that is shown to the server; empty: none
  std::string token;       // its text
  std::string log = "main";
  std::string source;  // empty: the host's name
  std::string host;    // empty: the machine's
  std::string spool;
  std::uint64_t spool_bytes = 1U << 30;
  std::uint64_t heartbeat_seconds = 60;
  bool compress = true;
  bool discover = true;  // follow what is found on the machine, besides what is named
  bool journal = false;
  std::string journal_directory;  // empty: the machine's own
  std::string audit_socket;       // of audispd's af_unix plugin; empty: none
  std::vector<FileConfig> files;
  std::vector<SocketConfig> sockets;
};

// Sets what the file says; an unknown key or a wrong value is an error that names file and line.
Status read_config_file(const std::string& path, Config& config);
// What contradicts itself or cannot be.
Status check_config(const Config& config);
// The documented file, as an example of every key.
std::string config_template();

// The format that a file of that name usually has: "auditd", "access-log", "postgres-csv", "postgres-json", else "line".
std::string format_of_path(const std::string& path);

}  // namespace stele::agent
