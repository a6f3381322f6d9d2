#include "agent/config.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>

#include "agent/file_names.h"
#include "base/bytes.h"
#include "base/json_text.h"
#include "records/cutter.h"

namespace stele::agent {
namespace {

constexpr std::uint64_t kSpoolBytesMin = 1U << 20;
constexpr std::uint64_t kSpoolBytesMax = std::uint64_t{1} << 44;

using Keys = std::map<std::string, std::function<Status(const YAML::Node&)>>;

std::string line_of(const YAML::Node& node) { return std::to_string(node.Mark().line + 1) + ": "; }

// Each key once, and none but these. What is wrong begins with its line.
Status read_map(const YAML::Node& node, const Keys& keys) {
  if (!node.IsMap()) return invalid(line_of(node) + "a list of \"key: value\" lines is expected");
  std::vector<std::string> seen;
  for (const auto& pair : node) {
    const auto name = pair.first.as<std::string>();
    const auto key = keys.find(name);
    if (key == keys.end()) {
      std::string known;
      for (const auto& one : keys) known += (known.empty() ? "" : ", ") + one.first;
      return invalid(line_of(pair.first) + "unknown key \"" + name + "\"; known are: " + known);
    }
    if (std::find(seen.begin(), seen.end(), name) != seen.end()) return invalid(line_of(pair.first) + name + " stands twice");
    seen.push_back(name);
    const Status set = key->second(pair.second);
    if (!set) {
      const std::string& message = set.error().message;
      const bool has_line = !message.empty() && message[0] >= '0' && message[0] <= '9';
      return invalid(has_line ? message : line_of(pair.first) + name + " " + message);
    }
  }
  return {};
}

std::function<Status(const YAML::Node&)> text(std::string& out) {
  return [&out](const YAML::Node& node) -> Status {
    if (!node.IsScalar()) return invalid("is one value");
    out = node.as<std::string>();
    return {};
  };
}

std::function<Status(const YAML::Node&)> number(std::uint64_t& out, std::uint64_t least, std::uint64_t most) {
  return [&out, least, most](const YAML::Node& node) -> Status {
    const auto value = node.IsScalar() ? parse_decimal(node.as<std::string>()) : std::nullopt;
    if (!value || *value < least || *value > most)
      return invalid("is a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    out = *value;
    return {};
  };
}

// One of two words.
std::function<Status(const YAML::Node&)> either(bool& out, const char* yes, const char* no) {
  return [&out, yes, no](const YAML::Node& node) -> Status {
    const std::string word = node.IsScalar() ? node.as<std::string>() : "";
    if (word != yes && word != no) return invalid(std::string("is ") + yes + " or " + no);
    out = word == yes;
    return {};
  };
}

Status read_mode(const YAML::Node& node, unsigned& out) {
  const std::string word = node.IsScalar() ? node.as<std::string>() : "";
  if (word.size() < 3 || word.size() > 4 || word.find_first_not_of("01234567") != std::string::npos)
    return invalid("is a mode in octal digits, such as 0660");
  out = 0;
  for (const char digit : word) out = out * 8 + static_cast<unsigned>(digit - '0');
  return {};
}

template <typename T>
std::function<Status(const YAML::Node&)> list(std::vector<T>& out, std::function<Keys(T&)> keys) {
  return [&out, keys = std::move(keys)](const YAML::Node& node) -> Status {
    if (node.IsNull()) return {};
    if (!node.IsSequence()) return invalid("is a list, an element a \"-\"");
    for (const auto& one : node) {
      T element;
      if (one.IsScalar())
        element.path = one.as<std::string>();
      else
        STELE_TRY(read_map(one, keys(element)));
      if (element.path.empty()) return invalid(line_of(one) + "a path is missing");
      out.push_back(std::move(element));
    }
    return {};
  };
}

Keys file_keys(FileConfig& file) {
  return {{"path", text(file.path)}, {"format", text(file.format)}, {"begin", either(file.from_end, "end", "start")}};
}

Keys socket_keys(SocketConfig& socket) {
  return {{"path", text(socket.path)},
          {"type", either(socket.datagram, "datagram", "stream")},
          {"acknowledge", either(socket.acknowledge, "true", "false")},
          {"mode", [&socket](const YAML::Node& node) { return read_mode(node, socket.mode); }}};
}

Status read_journal(const YAML::Node& node, Config& config) {
  if (node.IsScalar()) return either(config.journal, "true", "false")(node);
  config.journal = true;
  return read_map(node, {{"directory", text(config.journal_directory)}});
}

}  // namespace

Status read_config_file(const std::string& path, Config& config) {
  // yaml-cpp throws; nothing gets past here. It takes a folder for an empty file.
  if (std::error_code error; std::filesystem::is_directory(path, error))
    return invalid(path + " is a folder, not a configuration file");
  const Keys keys{{"url", text(config.url)},
                  {"ca_file", text(config.ca_file)},
                  {"pin", text(config.pin)},
                  {"token_file", text(config.token_file)},
                  {"log", text(config.log)},
                  {"source", text(config.source)},
                  {"host", text(config.host)},
                  {"spool", text(config.spool)},
                  {"spool_bytes", number(config.spool_bytes, kSpoolBytesMin, kSpoolBytesMax)},
                  {"heartbeat_seconds", number(config.heartbeat_seconds, 1, 86'400)},
                  {"compress", either(config.compress, "true", "false")},
                  {"discover", either(config.discover, "true", "false")},
                  {"journal", [&config](const YAML::Node& node) { return read_journal(node, config); }},
                  {"audit_socket", text(config.audit_socket)},
                  {"files", list<FileConfig>(config.files, &file_keys)},
                  {"sockets", list<SocketConfig>(config.sockets, &socket_keys)}};
  try {
    const YAML::Node root = YAML::LoadFile(path);
    if (root.IsNull()) return {};
    const Status read = read_map(root, keys);
    return read ? read : invalid(path + ":" + read.error().message);
  } catch (const YAML::BadFile&) {
    return Error{Code::kNotFound, "cannot read the configuration file " + path};
  } catch (const YAML::Exception& e) {
    return invalid(path + ":" + std::to_string(e.mark.line + 1) + ": " + e.msg);
  }
}

Status check_config(const Config& config) {
  constexpr std::size_t kSourceBytesMax = 128;
  if (!config.url.starts_with("http://") && !config.url.starts_with("https://"))
    return invalid("url is the server's, as in http://127.0.0.1:7373, not \"" + config.url + "\"");
  if ((!config.ca_file.empty() || !config.pin.empty()) && !config.url.starts_with("https://"))
    return invalid("ca_file and pin are for an https server, not for " + config.url);
  if (config.spool.empty()) return invalid("spool is the folder in which records wait; it must be named");
  if (config.source.size() > kSourceBytesMax || !is_utf8(config.source))
    return invalid("source is a name of 1 to 128 bytes of UTF-8");
  if (config.host.size() > kSourceBytesMax || !is_utf8(config.host)) return invalid("host is a name of 1 to 128 bytes of UTF-8");
  for (const FileConfig& file : config.files) {
    if (!file.format.empty() && records::make_cutter(file.format) == nullptr)
      return invalid(file.path + ": there is no format \"" + file.format + "\" for files (docs/formats/records.md lists them)");
    if (!file.path.starts_with('/')) return invalid(file.path + ": the path of a file to follow begins with /");
  }
  for (const SocketConfig& socket : config.sockets) {
    if (socket.datagram && socket.acknowledge) return invalid(socket.path + ": datagrams cannot be acknowledged");
  }
  return {};
}

std::string config_template() {
  return R"(# Configuration of `stele agent`. Every key is shown; what is commented out is not needed.

# The server. With https, ca_file names a PEM file of the certificates to trust instead of the machine's; pin is the server's key, as
# it prints it at its start: whoever has that key is believed.
url: http://127.0.0.1:7373
# ca_file: /etc/stele/ca.pem
# pin: sha256//…

# File with the token that is shown to the server, as `stele token create --role writer` prints it. Without it the variable
# STELE_TOKEN is used, if there is one.
# token_file: /etc/stele/agent.token

# Which log of the server, and under which source the records stand there: the host's name unless said.
log: main
# source: web-1
# host: web-1

# The folder in which records wait until the server has them. Reading pauses while spool_bytes wait (1 MiB to 16 TiB).
spool: /var/lib/stele-agent
spool_bytes: 1073741824

# A record that says "alive", so that silence is noticed.
heartbeat_seconds: 60

# zstd between agent and server.
compress: true

# true: besides what is named below, follow what is found on this machine: the journal (or else /var/log/syslog, messages,
# auth.log, secure), the audit log, logs of nginx, Apache and PostgreSQL.
discover: true

# The journal of systemd: true, or a directory of journal files.
# journal: true
# journal: {directory: /var/log/journal/remote}

# Audit events from the socket of audisp's af_unix plugin. The file is better: what comes while nobody listens is in it.
# audit_socket: /run/audit/audispd_events

# Files, by path or pattern. The format is told by the name unless said: line, access-log, postgres-csv, postgres-json, auditd,
# json, cloudtrail, k8s-audit, ocsf, event. begin: end leaves out what was there before the first look.
files: []
#  - path: /srv/app/logs/*.log
#  - path: /srv/app/audit.ndjson
#    format: event
#    begin: start

# Sockets to which programs on this machine write lines, or native events as JSON, one a line. Who wrote is recorded as the
# kernel says. acknowledge: true answers "ok" for each line once it is durable; a path that ends with /ack does so too.
sockets: []
#  - path: /run/stele-agent/events
#    mode: "0666"
#  - path: /run/stele-agent/ack
#  - path: /run/stele-agent/datagram
#    type: datagram
)";
}

std::string format_of_path(const std::string& path) {
  const std::string_view base = base_of(path);
  const auto has = [](std::string_view where, std::string_view what) { return where.find(what) != std::string_view::npos; };
  if (base == "audit.log" && has(path, "/audit/")) return "auditd";
  if (has(base, "access") && (has(path, "nginx") || has(path, "apache") || has(path, "httpd"))) return "access-log";
  if (has(path, "postgres")) {
    if (base.ends_with(".csv")) return "postgres-csv";
    if (base.ends_with(".json")) return "postgres-json";
  }
  return "line";
}

}  // namespace stele::agent
