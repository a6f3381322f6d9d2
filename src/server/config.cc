#include "server/config.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>

#include "access/permission.h"
#include "base/bytes.h"
#include "base/json_text.h"
#include "base/list_text.h"
#include "log/names.h"
#include "merkle/note.h"
#include "net/http_server.h"
#include "server/master_key_source.h"
#include "server/notify_config.h"
#include "server/oidc_config.h"

namespace stele::server {
namespace {

Setting text(std::string_view name, std::string Config::*member, std::string_view meaning) {
  Setting s;
  s.name = name;
  s.default_text = Config{}.*member;
  s.meaning = meaning;
  s.get = [member](const Config& c) { return c.*member; };
  s.set = [member](Config& c, const std::string& value) -> Status {
    if (std::any_of(value.begin(), value.end(), [](char ch) { return ch >= 0 && ch < 0x20; }))
      return invalid("has a line end or another control character in it; is a quote not closed?");
    c.*member = value;
    return {};
  };
  s.clear = [member](Config& c) { (c.*member).clear(); };
  return s;
}

Setting number(std::string_view name, std::uint64_t Config::*member, std::uint64_t least, std::uint64_t most,
               std::string_view meaning) {
  Setting s;
  s.name = name;
  s.default_text = std::to_string(Config{}.*member);
  s.meaning = meaning;
  s.get = [member](const Config& c) { return std::to_string(c.*member); };
  s.set = [member, least, most](Config& c, const std::string& value) -> Status {
    const auto n = parse_decimal(value);
    if (!n || *n < least || *n > most) {
      return invalid("is a whole number from " + std::to_string(least) + " to " + std::to_string(most) + ", not \"" + value +
                     "\"");
    }
    c.*member = *n;
    return {};
  };
  s.clear = [](Config&) {};
  return s;
}

Setting truth(std::string_view name, bool Config::*member, std::string_view meaning) {
  Setting s;
  s.name = name;
  s.default_text = Config{}.*member ? "true" : "false";
  s.meaning = meaning;
  s.get = [member](const Config& c) { return std::string(c.*member ? "true" : "false"); };
  s.set = [member](Config& c, const std::string& value) -> Status {
    if (value != "true" && value != "false") return invalid("is true or false, not \"" + value + "\"");
    c.*member = value == "true";
    return {};
  };
  s.clear = [](Config&) {};
  return s;
}

Setting addresses(std::string_view name, std::vector<std::string> Config::*member, std::string_view meaning) {
  Setting s;
  s.name = name;
  s.default_text = join(Config{}.*member, ", ");
  s.meaning = meaning;
  s.get = [member](const Config& c) { return join(c.*member, ", "); };
  s.list = true;
  s.set = [member](Config& c, const std::string& value) -> Status {
    const auto colon = value.rfind(':');
    if (colon == std::string::npos || colon == 0 || !parse_decimal(value.substr(colon + 1))) {
      return invalid("is an address and port such as 127.0.0.1:7373, not \"" + value + "\"");
    }
    (c.*member).push_back(value);
    return {};
  };
  s.clear = [member](Config& c) { (c.*member).clear(); };
  return s;
}

Setting texts(std::string_view name, std::vector<std::string> Config::*member, std::string_view meaning) {
  Setting s;
  s.name = name;
  s.meaning = meaning;
  s.get = [member](const Config& c) { return join(c.*member, ", "); };
  s.list = true;
  s.set = [member](Config& c, const std::string& value) -> Status {
    if (value.empty() || std::any_of(value.begin(), value.end(), [](char ch) { return ch >= 0 && ch <= 0x20; }))
      return invalid("has values without spaces and line ends, and none is empty");
    (c.*member).push_back(value);
    return {};
  };
  s.clear = [member](Config& c) { (c.*member).clear(); };
  return s;
}

std::vector<Setting> make_settings() {
  constexpr std::uint64_t kGiB = 1U << 30;
  return {
      text("data", &Config::data, "Directory that holds everything: logs, keys, the control socket. Created when absent."),
      addresses("listen", &Config::listen, "Addresses of the HTTP door. Port 0 takes a free port, written to DATA/address."),
      addresses("listen_tls", &Config::listen_tls,
                "Addresses of the HTTP door over TLS, for other machines. Empty: closed. Port 0 as above."),
      truth(
          "allow_remote", &Config::allow_remote,
          "true: listen also without TLS on addresses that other machines can reach; what they send, tokens too, can be read on "
          "the way."),
      text("loopback_role", &Config::loopback_role,
           "Role of who comes from this very machine and shows no token: writer, reader, auditor, operator, admin, owner. Empty: "
           "none, and he is refused."),
      texts("second_person", &Config::second_person,
            "Acts that a second person must approve: grant (of a role that may one of these), open-sealed, erase. Empty: none."),
      texts(
          "publish", &Config::publish,
          "What of a log anybody may see, as in main=checkpoint: checkpoint (its signed heads and keys) or tiles (the hashes of "
          "its entries and proofs, too). Never an entry. Empty: nothing."),
      texts("cors_origins", &Config::cors_origins,
            "Origins whose pages may ask with a token, as in https://audit.example.com. Empty: none."),
      texts("trusted_proxies", &Config::trusted_proxies,
            "Addresses and networks of proxies, as in 10.0.0.0/8: whoever they say in X-Forwarded-For is who asks over HTTP, and "
            "X-Forwarded-Proto says whether by https. Empty: nobody is believed."),
      texts("logs", &Config::logs,
            "Logs besides main and audit, wholly apart from each other: for tenants, environments, times of keeping. Created "
            "when absent."),
      text("origin", &Config::origin,
           "Origin of a new log: its public URL without scheme, or any name; of others than main, with /NAME behind it. Chosen "
           "once, at creation. Empty: a name with a random part."),
      text("keys", &Config::keys, "Directory of the signing keys. Empty: DATA/keys. Best on another disk than the log."),
      text(
          "master_key", &Config::master_key,
          "Where the key is under which everything that the logs say is encrypted on disk: file:PATH, env:NAME or command:WORDS. "
          "Empty: nothing is encrypted. Once it is, it stays so, and nothing opens without the key: "
          "docs/operations/security.md."),
      number("threads", &Config::threads, 1, 64, "Threads that serve the network."),
      truth(
          "confine", &Config::confine,
          "The server gives up, at its start and for good, all files but those it needs, what it has no use for of system calls "
          "and of privileges, and core dumps. false: nothing, for debuggers; `user` holds all the same."),
      text("user", &Config::user,
           "User that the server becomes when root starts it; the data directory is his. Empty: it stays who it is."),
      text("sources", &Config::sources,
           "File that says which sources are expected, whose they are and how often they send: docs/formats/sources.md. Empty: "
           "none."),
      truth("watch_sources", &Config::watch_sources,
            "What is missing of sources is written into the log; false: it is counted alone."),
      truth("watch_clock", &Config::watch_clock,
            "Whether this machine's clock is synchronised is looked at every minute, and what changes is an entry."),
      text("people", &Config::people, "File that says whose the accounts are: docs/formats/people.md. Empty: none."),
      text("rules", &Config::rules,
           "Folder of normalisers (*.yaml) that go before the shipped ones: docs/formats/normaliser.md. Empty: none."),
      text("sentences", &Config::sentences,
           "Folder of templates (*.yaml) that go before the shipped ones where events are told as sentences: "
           "docs/formats/sentences.md. Empty: none."),
      text("github_secret_file", &Config::github_secret_file,
           "File with the secret that GitHub signs its webhooks with. Empty: that door is closed."),
      addresses("otlp_grpc", &Config::otlp_grpc, "Addresses of OpenTelemetry's gRPC door. Empty: closed."),
      addresses("otlp_grpc_tls", &Config::otlp_grpc_tls, "Addresses of the same door over TLS."),
      addresses("syslog", &Config::syslog, "Addresses of the syslog door, each on UDP and TCP. Empty: closed."),
      addresses("syslog_tls", &Config::syslog_tls, "Addresses of the syslog door over TLS."),
      addresses("relp", &Config::relp, "Addresses of the RELP door: syslog, each message acknowledged once it is on disk."),
      addresses("relp_tls", &Config::relp_tls, "Addresses of the RELP door over TLS."),
      text("syslog_source", &Config::syslog_source, "Source id under which syslog entries stand."),
      number("syslog_message_bytes", &Config::syslog_message_bytes, 480, 65'536,
             "Longest syslog message; of a longer one the start is kept, quarantined."),
      text("tls_certificate", &Config::tls_certificate,
           "PEM file with the certificate chain of all doors over TLS; read again when it changes. Empty: the server makes one, "
           "DATA/tls/certificate.pem, and prints its fingerprint."),
      text("tls_key", &Config::tls_key, "PEM file with its key."),
      text("tls_client_ca", &Config::tls_client_ca,
           "PEM file with the authority of clients' certificates: the doors over TLS let in who has one, as a writer; the HTTP "
           "door lets in who shows a token too. Empty: none is asked."),
      texts("tls_names", &Config::tls_names,
            "Names and addresses that a certificate made by the server is for, besides those that the machine has."),
      text("public_url", &Config::public_url,
           "URL by which browsers reach this server, without a path: https; http on this machine only. Needed with oidc_issuer."),
      text("oidc_issuer", &Config::oidc_issuer,
           "URL of the company's provider (OpenID Connect), as it writes it itself, through which people log in: "
           "docs/formats/access.md. https; http on this machine only. Empty: none."),
      text("oidc_client_id", &Config::oidc_client_id,
           "Id of this server there; its redirect URI is the public URL with /api/v1/oidc/callback."),
      text("oidc_client_secret_file", &Config::oidc_client_secret_file,
           "File with its secret. Empty: it is a public client, and has PKCE alone."),
      text("oidc_scopes", &Config::oidc_scopes, "What it asks for, with spaces between."),
      text("oidc_user_claim", &Config::oidc_user_claim,
           "Claim that names who logs in, in every entry of his use. sub never changes and is never given again; "
           "preferred_username and email are easier to read, and only as good as the provider's care with them."),
      text("oidc_groups_claim", &Config::oidc_groups_claim,
           "Claim that has his groups, a list or one; within another claim by a pointer: /realm_access/roles."),
      text("oidc_roles", &Config::oidc_roles, "File that says which role, and which logs, a group has."),
      text("oidc_label", &Config::oidc_label, "What the button on the login page says."),
      text("oidc_ca_file", &Config::oidc_ca_file,
           "PEM file with the authorities to trust for the provider. Empty: the system's."),
      number("body_bytes", &Config::body_bytes, 1024, kGiB, "Longest request body as sent; more is 413."),
      number("bodies_bytes", &Config::bodies_bytes, 17U << 20, 1024 * kGiB,
             "Bytes of request bodies and answers held at once, those that still arrive included; more is 429."),
      number("header_bytes", &Config::header_bytes, 1024, 1U << 20, "Longest head of a request; more is 431."),
      number("decompressed_bytes", &Config::decompressed_bytes, 1024, kGiB,
             "Longest request body once decompressed; more is 413."),
      number("batch_events", &Config::batch_events, 1, 65'536, "Most events in one request; more is 413."),
      number("event_bytes", &Config::event_bytes, 1024, kGiB,
             "Longest event that is read. What makes its entry longer than 65,535 bytes is kept as an attachment."),
      number("attachment_bytes", &Config::attachment_bytes, 0, kGiB,
             "Longest attachment; a longer one is too much. 0: none are made."),
      truth("seal_secrets", &Config::seal_secrets,
            "Passwords, tokens and keys that are found in events are kept apart, encrypted: docs/formats/kept-apart.md."),
      number("event_depth", &Config::event_depth, 4, 64, "Deepest nesting of an event."),
      number("connections", &Config::connections, 1, 1'000'000,
             "Most open connections of a door. For one more those are ended that have waited longest for their peers, a few at "
             "once, "
             "of syslog such as have said nothing yet, of gRPC such as have no call; where none waits the new one is closed."),
      number("idle_seconds", &Config::idle_seconds, 1, 86'400, "A connection without a request is closed after this long."),
      number("request_seconds", &Config::request_seconds, 1, 86'400,
             "A request must arrive, and its answer be taken, within this long."),
      number("page_entries", &Config::page_entries, 1, 10'000, "Most entries in one answer; it has at most 8 MiB besides."),
      truth("index", &Config::index, "Whether entries are indexed; without it nothing can be searched."),
      number("searches", &Config::searches, 1, 64, "Searches that go on at once; further ones take turns with them."),
      number("search_seconds", &Config::search_seconds, 1, 86'400, "A search that takes longer is ended."),
      number("streams", &Config::streams, 1, 100'000,
             "Most open streams, and of one identity three quarters of them; further ones are answered 429."),
      number("uploads", &Config::uploads, 1, 100'000,
             "Most bodies taken as they come, at once; further ones are answered 429. Each takes up to 2 MiB."),
      number("upload_idle_seconds", &Config::upload_idle_seconds, 1, 1'000'000, "How long one of them may be silent."),
      number("queue_bytes", &Config::queue_bytes, 1U << 20, 64 * kGiB,
             "Bytes of entries that may wait for the disk; more is answered 429."),
      number("window_minutes", &Config::window_minutes, 1, 10'080, "A delivery is recognised as repeated at least this long …"),
      number("window_ids", &Config::window_ids, 1000, 1'000'000'000,
             "… or for this many ids, whichever is fewer. 16 to 32 bytes of memory each."),
      number("seal_bytes", &Config::seal_bytes, 1U << 16, kGiB,
             "Unsealed bytes from which entries are sealed into a compressed segment …"),
      number("seal_minutes", &Config::seal_minutes, 1, 10'080,
             "… or the age of the oldest. A whole run of 65,536 entries is sealed at once."),
      number("publish_millis", &Config::publish_millis, 10, 1000,
             "Time between published checkpoints, each of which is kept for ever."),
      number("drain_seconds", &Config::drain_seconds, 1, 600, "Longest time that a stop waits for requests under way."),
      texts("notify_webhook", &Config::notify_webhook,
            "URLs that notifications are posted to: docs/operations/notifications.md. https; http on this machine only."),
      text("notify_webhook_secret_file", &Config::notify_webhook_secret_file,
           "File with the secret that signs these requests. Empty: they are not signed."),
      text("notify_webhook_ca_file", &Config::notify_webhook_ca_file,
           "PEM file with the authorities to trust there. Empty: the system's."),
      text("notify_mail_server", &Config::notify_mail_server,
           "Server that takes mail: smtp://HOST:587 (STARTTLS) or smtps://HOST:465. Empty: none is sent."),
      text("notify_mail_from", &Config::notify_mail_from, "Address that notifications come from."),
      texts("notify_mail_to", &Config::notify_mail_to, "Addresses that they go to, each a mail of its own."),
      text("notify_mail_credentials_file", &Config::notify_mail_credentials_file,
           "File with user:password for the mail server. Empty: it asks for none."),
      text("notify_mail_ca_file", &Config::notify_mail_ca_file,
           "PEM file with the authorities to trust for the mail server. Empty: the system's."),
      number("notify_quiet_minutes", &Config::notify_quiet_minutes, 0, 1440,
             "After a notification those of the same kind and subject are summed up for this long."),
      truth("notify_log_stopped", &Config::notify_log_stopped,
            "true: notify when a log stops taking events, and when it goes on."),
      number("disk_warn_percent", &Config::disk_warn_percent, 0, 99,
             "Free space of the disk below which an entry says so. 0: never."),
      number("verify_hours", &Config::verify_hours, 0, 8760,
             "How often the server verifies its own log in the background. 0: never."),
  };
}

const Setting* find_setting(std::string_view name) {
  const auto& all = settings();
  const auto it = std::find_if(all.begin(), all.end(), [&](const Setting& s) { return s.name == name; });
  return it == all.end() ? nullptr : &*it;
}

std::string known_names() {
  std::string out;
  for (const Setting& s : settings()) out += (out.empty() ? "" : ", ") + std::string(s.name);
  return out;
}

Status set_from_yaml(const Setting& setting, const YAML::Node& value, Config& config) {
  std::vector<std::string> values;
  if (value.IsSequence()) {
    for (const auto& one : value) values.push_back(one.as<std::string>());
  } else if (value.IsScalar()) {
    values.push_back(value.as<std::string>());
  } else if (!value.IsNull()) {
    return invalid(std::string(setting.name) + " is a value or a list of values");
  }
  return set_config(config, setting.name, values);
}

}  // namespace

const std::vector<Setting>& settings() {
  static const std::vector<Setting> all = make_settings();
  return all;
}

Status set_config(Config& config, std::string_view name, const std::vector<std::string>& values) {
  const Setting* setting = find_setting(name);
  if (setting == nullptr) return invalid("unknown key \"" + std::string(name) + "\"; known are: " + known_names());
  if (!setting->list && values.size() > 1) return invalid(std::string(name) + " takes one value");
  setting->clear(config);
  for (const std::string& value : values) {
    if (const Status set = setting->set(config, value); !set) return invalid(std::string(name) + " " + set.error().message);
  }
  return {};
}

Status read_config_file(const std::string& path, Config& config) {
  // yaml-cpp throws; nothing gets past here. It takes a folder for an empty file.
  if (std::error_code error; std::filesystem::is_directory(path, error))
    return invalid(path + " is a folder, not a configuration file");
  try {
    const YAML::Node root = YAML::LoadFile(path);
    if (root.IsNull()) return {};
    if (!root.IsMap()) return invalid(path + ": a configuration is a list of \"key: value\" lines");
    std::vector<std::string> seen;
    for (const auto& pair : root) {
      const std::string where = path + ":" + std::to_string(pair.first.Mark().line + 1) + ": ";
      const auto name = pair.first.as<std::string>();
      if (std::find(seen.begin(), seen.end(), name) != seen.end()) return invalid(where + name + " stands twice");
      seen.push_back(name);
      const Setting* setting = find_setting(name);
      if (setting == nullptr) return invalid(where + "unknown key \"" + name + "\"; known are: " + known_names());
      if (const Status set = set_from_yaml(*setting, pair.second, config); !set) return invalid(where + set.error().message);
    }
    return {};
  } catch (const YAML::BadFile&) {
    return Error{Code::kNotFound, "cannot read the configuration file " + path};
  } catch (const YAML::Exception& e) {
    return invalid(path + ":" + std::to_string(e.mark.line + 1) + ": " + e.msg);
  }
}

Status read_config_environment(const std::function<const char*(const std::string&)>& lookup, Config& config) {
  for (const Setting& setting : settings()) {
    std::string variable = "STELE_" + std::string(setting.name);
    std::transform(variable.begin(), variable.end(), variable.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    const char* value = lookup(variable);
    if (value == nullptr) continue;
    std::vector<std::string> values;
    std::string_view rest = value;
    while (setting.list && rest.find(',') != std::string_view::npos) {
      values.emplace_back(rest.substr(0, rest.find(',')));
      rest.remove_prefix(values.back().size() + 1);
    }
    values.emplace_back(rest);
    if (const Status set = set_config(config, setting.name, values); !set)
      return invalid("environment variable " + variable + ": " + set.error().message);
  }
  return {};
}

namespace {

// In the clear other machines reach it only where that is said.
Status check_addresses(const Config& config) {
  for (const auto* list : {&config.listen_tls, &config.otlp_grpc_tls, &config.syslog_tls, &config.relp_tls}) {
    for (const std::string& address : *list) STELE_TRY(net::is_loopback_address(address));
  }
  for (const auto* list : {&config.listen, &config.otlp_grpc, &config.syslog, &config.relp}) {
    const std::string_view over_tls = list == &config.listen      ? "--listen-tls"
                                      : list == &config.otlp_grpc ? "--otlp-grpc-tls"
                                      : list == &config.syslog    ? "--syslog-tls"
                                                                  : "--relp-tls";
    for (const std::string& address : *list) {
      STELE_ASSIGN(const bool here, net::is_loopback_address(address));
      if (here || config.allow_remote) continue;
      return invalid(address + " can be reached by other machines, and what they send could be read on the way: say " +
                     std::string(over_tls) + " " + address + " for TLS, or --allow-remote true to go without");
    }
  }
  return {};
}

}  // namespace

Status check_config(const Config& config) {
  if (config.data.empty()) return invalid("data is the directory that holds everything; it cannot be empty");
  for (const std::string& name : config.logs) {
    if (!log::is_log_name(name))
      return invalid("logs has names of 1 to 63 lowercase letters, digits, - and _, each given by itself, not \"" + name + "\"");
  }
  if (!config.loopback_role.empty() && access::find_shipped_role(config.loopback_role) == nullptr)
    return invalid("loopback_role is a role (docs/formats/access.md), not \"" + config.loopback_role + "\"");
  for (const std::string& act : config.second_person) {
    const auto permission = access::find_permission(act);
    if (!permission || !access::kGuardedActs.has(*permission))
      return invalid("second_person has grant, open-sealed and erase, not \"" + act + "\"");
  }
  if (!config.second_person.empty() &&
      std::ranges::find(config.second_person, permission_id(access::Permission::kGrant)) == config.second_person.end())
    return invalid("second_person needs grant too: whoever may grant alone gives himself a second person");
  for (const std::string& one : config.publish) {
    const std::string what = one.substr(std::min(one.find('='), one.size()));
    if (!log::is_log_name(one.substr(0, one.find('='))) || (what != "=checkpoint" && what != "=tiles" && what != "=none"))
      return invalid("publish is like main=checkpoint; there are none, checkpoint and tiles, not \"" + one + "\"");
  }
  for (const std::string& origin : config.cors_origins) {
    const auto scheme = origin.find("://");
    if (scheme == std::string::npos || origin.find('/', scheme + 3) != std::string::npos || origin.size() == scheme + 3)
      return invalid("cors_origins are like https://audit.example.com, without a path, not \"" + origin + "\"");
  }
  if (const auto proxies = net::TrustedProxies::parse(config.trusted_proxies); !proxies)
    return proxies.error().in("trusted_proxies");
  STELE_TRY(check_master_key_source(config.master_key));
  if (!config.origin.empty() && !merkle::is_key_name(config.origin)) return invalid("origin has no spaces and no '+'");
  if (config.tls_certificate.empty() != config.tls_key.empty()) return invalid("tls_certificate and tls_key come together");
  constexpr std::size_t kSourceBytesMax = 128;
  if (config.syslog_source.empty() || config.syslog_source.size() > kSourceBytesMax || !is_utf8(config.syslog_source))
    return invalid("syslog_source is a name of 1 to 128 bytes of UTF-8");
  if (config.bodies_bytes < config.body_bytes) return invalid("bodies_bytes has room for one body of body_bytes at least");
  STELE_TRY(check_notify_config(config));
  STELE_TRY(check_oidc_config(config));
  return check_addresses(config);
}

std::string config_template() {
  std::string out =
      "# Configuration of `stele serve`: every key with its default. Flags (--key-name) and environment variables\n"
      "# (STELE_KEY_NAME) go before this file.\n";
  for (const Setting& setting : settings()) {
    out += "\n# " + std::string(setting.meaning) + "\n";
    out += std::string(setting.name) + ": ";
    out += setting.list ? "[" + setting.default_text + "]" : setting.default_text.empty() ? "\"\"" : setting.default_text;
    out += "\n";
  }
  return out;
}

}  // namespace stele::server
