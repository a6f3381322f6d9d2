#include "server/recorded_configuration.h"

#include <unistd.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/json_text.h"
#include "crypto/sha256.h"

namespace stele::server {
namespace {

constexpr std::uint64_t kFileBytesMax = 64U << 20;
constexpr std::size_t kToldBytesMax = 1U << 20;  // of a file that is on record as it is

std::string digest_of(std::string_view text) { return "sha256:" + hex_encode(as_byte_span(crypto::sha256(as_byte_span(text)))); }

// What an entry has as it is.
bool stands_as_it_is(std::string_view text) { return is_utf8(text) && text.find("\uFFFD") == std::string_view::npos; }

std::string value_of(const Setting& setting, const Config& config) {
  std::string value = setting.get(config);
  // Whoever knows such an address may post to it; the words of a command may have a password.
  const bool is_secret = setting.name == "notify_webhook" || (setting.name == "master_key" && value.starts_with("command:"));
  // What an entry would not have as it is differed from it at every start.
  const bool stands_whole = value.size() <= audit::kSettingBytesMax && is_line(value) && stands_as_it_is(value);
  return !stands_whole || (is_secret && !value.empty()) ? digest_of(value) : value;
}

std::string content_name(const std::string& setting) { return setting + "_content"; }

// Texts of at most what one value of an entry takes, of whole lines where these fit; together they are `text`, which is UTF-8.
std::vector<std::string_view> parts_of(std::string_view text) {
  constexpr std::size_t kPartBytesMax = 4'000;
  std::vector<std::string_view> out;
  while (text.size() > kPartBytesMax) {
    std::size_t end = text.rfind('\n', kPartBytesMax - 1) + 1;
    if (end == 0) end = kPartBytesMax;
    while ((static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // not within a character
    out.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  out.push_back(text);
  return out;
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

Result<std::vector<NamedFile>> read_named_files(io::FileSystem& fs, const Config& config) {
  std::vector<NamedFile> out;
  for (const auto& [setting, path] : {std::pair("sources", &config.sources),
                                      {"people", &config.people},
                                      {"oidc_roles", &config.oidc_roles},
                                      {"rules", &config.rules},
                                      {"sentences", &config.sentences}}) {
    if (path->empty()) continue;
    auto names = fs.list(*path);
    if (!names) {
      STELE_ASSIGN(std::string text, io::read_file(fs, *path, kFileBytesMax));
      out.push_back({setting, path->substr(path->rfind('/') + 1), false, std::move(text)});
      continue;
    }
    std::ranges::sort(*names);
    for (const std::string& name : *names) {
      if (!name.ends_with(".yaml")) continue;
      STELE_ASSIGN(std::string text, io::read_file(fs, *path + "/" + name, kFileBytesMax));
      out.push_back({setting, name, true, std::move(text)});
    }
  }
  return out;
}

audit::Configuration recorded_configuration(const Config& config, const std::vector<NamedFile>& files,
                                            const std::map<std::string, std::string>& keys) {
  audit::Configuration out;
  for (const Setting& setting : settings()) out.emplace(setting.name, value_of(setting, config));
  std::map<std::string, std::string> lists;
  for (const NamedFile& file : files) {
    if (file.in_folder)
      lists[file.setting] += file.name + " " + digest_of(file.text) + "\n";
    else
      out[content_name(file.setting)] = digest_of(file.text);
  }
  for (const auto& [setting, list] : lists) out[content_name(setting)] = digest_of(list);
  out.insert(keys.begin(), keys.end());
  return out;
}

std::vector<event::InternalEvent> file_events(const std::vector<NamedFile>& files, const audit::Configuration& before,
                                              const audit::Configuration& now, UnixNanos time) {
  std::vector<event::InternalEvent> out;
  for (const NamedFile& file : files) {
    const std::string content = content_name(file.setting);
    const auto was = before.find(content);
    if (file.setting == "people" || (was != before.end() && was->second == now.at(content))) continue;
    const bool is_told = file.text.size() <= kToldBytesMax && stands_as_it_is(file.text);
    const std::string digest = digest_of(file.text);
    const auto parts = is_told ? parts_of(file.text) : std::vector<std::string_view>{""};
    for (std::size_t i = 0; i < parts.size(); ++i) {
      event::InternalEvent event = event_about("stele.configuration.file", "A file that the configuration names was read.", time);
      event.category = "configuration_change";
      event.targets = {{"file", file.name}};
      event.attributes = {{"setting", file.setting}, {"content", now.at(content)},
                          {"sha256", digest},        {"bytes", file.text.size()},
                          {"part", i + 1},           {"parts", parts.size()}};
      if (is_told) event.attributes.emplace_back("text", std::string(parts[i]));
      out.push_back(std::move(event));
    }
  }
  return out;
}

event::InternalEvent started_event(UnixNanos now) { return event_about("stele.server.started", "The server was started.", now); }
event::InternalEvent stopped_event(UnixNanos now) {
  return event_about("stele.server.stopped", "The server was stopped in order.", now);
}

}  // namespace stele::server
