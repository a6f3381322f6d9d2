#include "cli/server_flags.h"

#include <cstdlib>

namespace stele::cli {
namespace {

// "--syslog-source" for "syslog_source".
std::string flag_of(std::string_view name) {
  std::string flag = "--" + std::string(name);
  for (char& c : flag) c = c == '_' ? '-' : c;
  return flag;
}

}  // namespace

void add_server_flags(const Command& command, ServerFlags& flags, std::string_view prefix) {
  command.add_option("--config", flags.config_file, "YAML file with any of the keys below; `stele config` prints one.");
  for (const server::Setting& setting : server::settings()) {
    if (!setting.name.starts_with(prefix)) continue;
    Option option =
        command.add_option(flag_of(setting.name), flags.values[std::string(setting.name)], std::string(setting.meaning));
    option.type_name("");
    if (setting.list)
      option.one_value_each();
    else
      option.last_value();
    if (!setting.default_text.empty()) option.show_default(setting.default_text);
  }
}

Result<server::Config> read_config(const ServerFlags& flags) {
  server::Config config;
  if (!flags.config_file.empty()) STELE_TRY(server::read_config_file(flags.config_file, config));
  STELE_TRY(server::read_config_environment([](const std::string& name) { return std::getenv(name.c_str()); }, config));
  for (const auto& [name, values] : flags.values) {
    if (values.empty()) continue;
    if (const Status set = server::set_config(config, name, values); !set)
      return invalid(flag_of(name) + ": " + set.error().message);
  }
  return config;
}

}  // namespace stele::cli
