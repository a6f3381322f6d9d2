#include "server/master_key_source.h"

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "io/file.h"

namespace stele::server {
namespace {

constexpr std::string_view kFile = "file:";
constexpr std::string_view kEnvironment = "env:";
constexpr std::string_view kCommand = "command:";
constexpr std::uint64_t kBytesMax = 64U << 10;

bool is_inside(const std::string& path, const std::string& directory) {
  std::error_code error;
  const auto file = std::filesystem::weakly_canonical(path, error);
  if (error) return false;
  const auto within = std::filesystem::weakly_canonical(directory, error);
  if (error) return false;
  const auto way = file.lexically_relative(within);
  return !way.empty() && *way.begin() != "..";
}

Result<std::string> from_file(const std::string& path, const std::string& data) {
  if (is_inside(path, data)) return invalid(path + " is in " + data + ", the directory that it closes: keep it elsewhere");
  struct stat st {};
  if (::stat(path.c_str(), &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & S_IRWXO) != 0)
    return invalid(path + " is open to everybody: chmod o= " + path);
  return io::read_file(io::posix(), path, kBytesMax);
}

// What may be a pipe has no size: it is read to its end.
Result<std::string> read_all(std::FILE* stream) {
  std::string out;
  std::array<char, 4096> part{};
  while (const std::size_t got = std::fread(part.data(), 1, part.size(), stream)) {
    out.append(part.data(), got);
    if (out.size() > kBytesMax) return invalid("it prints more than any key");
  }
  return out;
}

Result<std::string> from_command(const std::string& words) {
  std::FILE* stream = ::popen(words.c_str(), "re");  // NOLINT(cert-env33-c): it is the operator's own
  if (stream == nullptr) return Error{Code::kIo, "it cannot be started"};
  auto text = read_all(stream);
  const int status = ::pclose(stream);
  if (!text) return text;
  if (status != 0) {
    return invalid(WIFEXITED(status) ? "it ended with " + std::to_string(WEXITSTATUS(status))
                                     : "it was ended by signal " + std::to_string(WTERMSIG(status)));
  }
  return text;
}

Result<std::string> read_text(const std::string& source, const std::string& data) {
  if (source.starts_with(kFile)) return from_file(source.substr(kFile.size()), data);
  if (source.starts_with(kCommand)) return from_command(source.substr(kCommand.size()));
  const std::string name = source.substr(kEnvironment.size());
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return invalid("there is no variable " + name);
  return std::string(value);
}

}  // namespace

Status check_master_key_source(const std::string& source) {
  if (source.empty()) return {};
  for (const std::string_view scheme : {kFile, kEnvironment, kCommand}) {
    if (source.starts_with(scheme) && source.size() > scheme.size()) return {};
  }
  return invalid("master_key says where the key is: file:PATH, env:NAME or command:WORDS; it is not the key itself");
}

Result<keyring::MasterKeys> read_master_keys(const std::string& source, const std::string& data) {
  STELE_TRY(check_master_key_source(source));
  if (source.empty()) return keyring::MasterKeys();
  ::prctl(PR_SET_DUMPABLE, 0);  // from now on nobody but root looks into this process' memory and environment
  const auto text = read_text(source, data);
  auto keys = text ? keyring::parse_master_keys(*text) : Result<keyring::MasterKeys>(text.error());
  if (!keys) return keys.error().in("master_key");
  return keys;
}

}  // namespace stele::server
