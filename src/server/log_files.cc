#include "server/log_files.h"

#include <spdlog/spdlog.h>

#include <vector>

#include "crypto/random.h"
#include "log/identity.h"
#include "log/names.h"
#include "server/data_dir.h"

namespace stele::server {
namespace {

// kDenied when the log has something encrypted: it has lost its keyring, and another one would not open it.
Status check_not_encrypted(const Config& config, const std::string& log_name) {
  const DataLayout layout(config);
  std::vector<std::string> paths{layout.key_file(log_name), layout.sealing_key_file(log_name)};
  const std::string segments = layout.log_dir(log_name) + "/segments";
  if (io::posix().exists(segments)) {
    STELE_ASSIGN(const auto names, io::posix().list(segments));
    for (const std::string& name : names) paths.push_back(segments + "/" + name);
  }
  for (const std::string& path : paths) {
    const auto encrypted = keyring::is_encrypted(io::posix(), path);
    if (encrypted && *encrypted)
      return Error{Code::kDenied, path + " is encrypted, and the log's keyring is not there: restore the keyring from a copy"};
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<LogFiles>> LogFiles::open(const Config& config, const std::string& log_name,
                                                 const keyring::MasterKeys& masters) {
  std::unique_ptr<LogFiles> out(new LogFiles);
  if (log_name != log::kAuditLog) out->reserving_ = std::make_unique<io::Reserving>(io::posix(), config.data);
  const std::string log_dir = DataLayout(config).log_dir(log_name);
  const bool has_ring =
      io::posix().exists(keyring::keyring_path(log_dir)) || io::posix().exists(keyring::keyring_copy_path(log_dir));
  if (!has_ring && !masters.empty()) {
    // A command that has the directory open for a moment does not decide that.
    if (config.of_command && io::posix().exists(log::identity_path(log_dir))) return out;
    STELE_TRY(check_not_encrypted(config, log_name));
  }
  STELE_ASSIGN(const auto opened, keyring::open_keyring(out->plain(), log_dir, masters, system_clock(), crypto::system_random()));
  if (!opened.ring) return out;
  out->ring_ = opened.ring;
  out->encrypted_ = std::make_unique<keyring::EncryptedFiles>(out->plain(), out->ring_, crypto::system_random());
  const std::string master = keyring::id_text(out->ring_->master());
  if (opened.is_new) spdlog::info("log {}: encrypted from now on, under the master key {}", log_name, master);
  if (opened.is_changed) spdlog::info("log {}: its keyring is closed under another master key now, {}", log_name, master);
  return out;
}

Result<bool> LogFiles::encrypt(const std::string& path, std::string_view begins) {
  if (!encrypted_ || !plain().exists(path)) return false;
  STELE_ASSIGN(const auto file, plain().open_read(path));
  std::string head(begins.size(), '\0');
  STELE_ASSIGN(const std::size_t got, file->read_at(0, std::as_writable_bytes(std::span(head))));
  if (head.substr(0, got) != begins) return false;
  auto done = keyring::encrypt_file(plain(), *encrypted_, path);
  if (!done && done.error().code == Code::kCorrupt) return false;
  return done;
}

Status LogFiles::reserve(const Config& config) {
  if (!reserving_) return {};
  STELE_ASSIGN(const std::uint64_t bytes, io::reserve_of(config.data));
  reserving_->keep(bytes);
  return {};
}

}  // namespace stele::server
