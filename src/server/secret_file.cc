#include "server/secret_file.h"

#include "io/file.h"

namespace stele::server {

Result<std::string> read_secret(std::string_view key, const std::string& path) {
  constexpr std::uint64_t kSecretBytesMax = 4'096;
  auto text = io::read_file(io::posix(), path, kSecretBytesMax);
  if (!text) return text.error().in(key);
  while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
  if (text->empty()) return invalid(std::string(key) + ": " + path + " is empty");
  return std::move(*text);
}

}  // namespace stele::server
