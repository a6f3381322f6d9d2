#include "cli/flags.h"

#include <cstdlib>

namespace stele::cli {

std::string environment_token() {
  const char* variable = std::getenv("STELE_TOKEN");
  return variable == nullptr ? "" : variable;
}

void add_where_options(const Command& command, Where& where) {
  Option url = command.add_option("--url", where.url, "Server, as in http://127.0.0.1:7373.").type_name("URL");
  const Option data =
      command
          .add_option("--data", where.data,
                      "Data directory. If no server runs there, this command opens it. Default: STELE_DATA, else stele-data.")
          .type_name("DIR");
  url.excludes(data);
}

}  // namespace stele::cli
