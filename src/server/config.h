// The server's configuration: one table of keys, read from a YAML file, the environment and flags.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace stele::server {

struct Config {
  // No setting: a command has the directory open for a moment, and what it is set to is not the server's.
  bool of_command = false;

  std::string data = "stele-data";
  std::vector<std::string> listen{"127.0.0.1:7373"};
  std::vector<std::string> listen_tls;
  bool allow_remote = false;
  std::string loopback_role;
  std::vector<std::string> second_person;
  std::vector<std::string> publish;
  std::vector<std::string> cors_origins;
  std::vector<std::string> trusted_proxies;
  std::vector<std::string> logs;
  std::string origin;
  std::string keys;
  std::string master_key;
  std::uint64_t threads = 2;
  bool confine = true;
  std::string user;

  std::string sources;
  bool watch_sources = true;
  bool watch_clock = true;
  bool index = true;
  std::string people;
  std::string rules;
  std::string sentences;
  std::string github_secret_file;

  std::vector<std::string> otlp_grpc;
  std::vector<std::string> otlp_grpc_tls;

  std::vector<std::string> syslog;
  std::vector<std::string> syslog_tls;
  std::vector<std::string> relp;
  std::vector<std::string> relp_tls;
  std::string syslog_source = "syslog";
  std::uint64_t syslog_message_bytes = 65'536;
  std::vector<std::string> tls_names;
  std::string tls_certificate;
  std::string tls_key;
  std::string tls_client_ca;

  std::string public_url;
  std::string oidc_issuer;
  std::string oidc_client_id;
  std::string oidc_client_secret_file;
  std::string oidc_scopes = "openid profile email";
  std::string oidc_user_claim = "sub";
  std::string oidc_groups_claim = "groups";
  std::string oidc_roles;
  std::string oidc_label = "Log in with the company's account";
  std::string oidc_ca_file;

  std::uint64_t body_bytes = 32U << 20;
  std::uint64_t bodies_bytes = 256U << 20;
  std::uint64_t header_bytes = 16U << 10;
  std::uint64_t decompressed_bytes = 64U << 20;
  std::uint64_t batch_events = 50'000;
  std::uint64_t event_bytes = 16U << 20;
  std::uint64_t attachment_bytes = 16U << 20;
  bool seal_secrets = true;
  std::uint64_t event_depth = 32;
  std::uint64_t connections = 4096;
  std::uint64_t idle_seconds = 120;
  std::uint64_t request_seconds = 30;
  std::uint64_t page_entries = 1000;
  std::uint64_t searches = 4;
  std::uint64_t search_seconds = 60;
  std::uint64_t streams = 256;
  std::uint64_t uploads = 1024;
  std::uint64_t upload_idle_seconds = 3600;
  std::uint64_t queue_bytes = 64U << 20;

  std::uint64_t window_minutes = 10;
  std::uint64_t window_ids = 10'000'000;
  std::uint64_t seal_bytes = 72U << 20;
  std::uint64_t seal_minutes = 10;
  std::uint64_t publish_millis = 900;
  std::uint64_t drain_seconds = 20;

  std::vector<std::string> notify_webhook;
  std::string notify_webhook_secret_file;
  std::string notify_webhook_ca_file;
  std::string notify_mail_server;
  std::string notify_mail_from;
  std::vector<std::string> notify_mail_to;
  std::string notify_mail_credentials_file;
  std::string notify_mail_ca_file;
  std::uint64_t notify_quiet_minutes = 10;
  bool notify_log_stopped = true;
  std::uint64_t disk_warn_percent = 10;
  std::uint64_t verify_hours = 24;
};

// One key: its name in the file ("syslog_source"), on the command line ("--syslog-source") and in the environment
// ("STELE_SYSLOG_SOURCE"), its default as text, and what it means.
struct Setting {
  std::string_view name;
  std::string default_text;
  std::string_view meaning;
  bool list = false;
  // Takes a value as text; kInvalid says what is expected. A list takes one element a call, after a clear.
  std::function<Status(Config&, const std::string&)> set;
  std::function<void(Config&)> clear;
  std::function<std::string(const Config&)> get;  // as text; of a list with ", " between
};
const std::vector<Setting>& settings();

// Sets what the file says; an unknown key or a wrong value is an error that names file and line.
Status read_config_file(const std::string& path, Config& config);

// Sets what the environment says; `lookup` gives a variable's value or nothing.
Status read_config_environment(const std::function<const char*(const std::string&)>& lookup, Config& config);

// One value given by name, as by a flag: lists are replaced at the first element. Checks alone the value's form.
Status set_config(Config& config, std::string_view name, const std::vector<std::string>& values);

// What contradicts itself, or is unsafe without being said in so many words.
Status check_config(const Config& config);

// The documented file with every key at its default.
std::string config_template();

}  // namespace stele::server
