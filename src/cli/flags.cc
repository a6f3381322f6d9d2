#include "cli/flags.h"

#include "base/bytes.h"

namespace stele::cli {

void add_where_options(CLI::App& command, Where& where) {
  auto* url = command.add_option("--url", where.url, "Server, as in http://127.0.0.1:7373.")->type_name("URL");
  auto* data =
      command
          .add_option("--data", where.data,
                      "Data directory. If no server runs there, this command opens it. Default: STELE_DATA, else stele-data.")
          ->type_name("DIR");
  url->excludes(data);
}

CLI::Validator whole_number() {
  return CLI::Validator(
      [](const std::string& text) {
        return parse_decimal(text) ? std::string() : "a whole number is expected, not \"" + text + "\"";
      },
      "");
}

}  // namespace stele::cli
