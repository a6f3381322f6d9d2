#include "server/recorded_configuration.h"

#include <unistd.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/json_text.h"
#include "crypto/sha256.h"

namespace stele::server {
namespace {

constexpr std::uint64_t kFileBytesMax = 64U << 20;

std::string digest_of(std::string_view text) { return "sha256:" + hex_encode(as_byte_span(crypto::sha256(as_byte_span(text)))); }

std::string value_of(const Setting& setting, const Config& config) {
  std::string value = setting.get(config);
  // Whoever knows such an address may post to it; the words of a command may have a password.
  const bool is_secret = setting.name == "notify_webhook" || (setting.name == "master_key" && value.starts_with("command:"));
  // What an entry would not have as it is differed from it at every start.
  const bool stands_whole =
      value.size() <= audit::kSettingBytesMax && is_line(value) && value.find("\uFFFD") == std::string::npos;
  return !stands_whole || (is_secret && !value.empty()) ? digest_of(value) : value;
}

// Of a file, or of all files of a folder.
Result<std::string> digest_at(io::FileSystem& fs, const std::string& path) {
  auto names = fs.list(path);
  if (!names) {
    STELE_ASSIGN(const std::string text, io::read_file(fs, path, kFileBytesMax));
    return digest_of(text);
  }
  std::ranges::sort(*names);
  std::string all;
  for (const std::string& name : *names) {
    if (!name.ends_with(".yaml")) continue;
    STELE_ASSIGN(const std::string text, io::read_file(fs, path + "/" + name, kFileBytesMax));
    all += name + " " + digest_of(text) + "\n";
  }
  return digest_of(all);
}

event::InternalEvent event_about(std::string_view action, std::string message, UnixNanos now) {
  event::InternalEvent event;
  event.time = now;
  event.action = action;
  event.severity = "notice";
  event.message = std::move(message);
  event.targets = {{"server", "stele"}};
  event.attributes = {{"version", std::string(STELE_VERSION)},
                      {"process", static_cast<std::uint64_t>(::getpid())},
                      {"user", std::to_string(::geteuid())}};
  return event;
}

}  // namespace

Result<audit::Configuration> recorded_configuration(io::FileSystem& fs, const Config& config,
                                                    const std::map<std::string, std::string>& keys) {
  audit::Configuration out;
  for (const Setting& setting : settings()) out.emplace(setting.name, value_of(setting, config));
  for (const auto& [name, path] : {std::pair("sources", &config.sources),
                                   {"people", &config.people},
                                   {"oidc_roles", &config.oidc_roles},
                                   {"rules", &config.rules},
                                   {"sentences", &config.sentences}}) {
    if (path->empty()) continue;
    STELE_ASSIGN(out[std::string(name) + "_content"], digest_at(fs, *path));
  }
  out.insert(keys.begin(), keys.end());
  return out;
}

event::InternalEvent started_event(UnixNanos now) { return event_about("stele.server.started", "The server was started.", now); }
event::InternalEvent stopped_event(UnixNanos now) {
  return event_about("stele.server.stopped", "The server was stopped in order.", now);
}

}  // namespace stele::server
