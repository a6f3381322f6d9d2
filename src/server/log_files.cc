#include "server/log_files.h"

#include <spdlog/spdlog.h>

#include "base/bytes.h"
#include "crypto/random.h"
#include "log/names.h"
#include "server/data_dir.h"

namespace stele::server {
namespace {

std::string hex_of(const keyring::KeyId& id) { return hex_encode(std::as_bytes(std::span(id))); }

}  // namespace

Result<std::unique_ptr<LogFiles>> LogFiles::open(const Config& config, const std::string& log_name,
                                                 const keyring::MasterKeys& masters) {
  std::unique_ptr<LogFiles> out(new LogFiles);
  if (log_name != log::kAuditLog) out->reserving_ = std::make_unique<io::Reserving>(io::posix(), config.data);
  STELE_ASSIGN(const auto opened, keyring::open_keyring(out->plain(), DataLayout(config).log_dir(log_name), masters,
                                                        system_clock(), crypto::system_random()));
  if (!opened.ring) return out;
  out->ring_ = opened.ring;
  out->encrypted_ = std::make_unique<keyring::EncryptedFiles>(out->plain(), out->ring_, crypto::system_random());
  const std::string master = hex_of(out->ring_->master());
  if (opened.is_new) spdlog::info("log {}: encrypted from now on, under the master key {}", log_name, master);
  if (opened.is_changed) spdlog::info("log {}: its keyring is closed under another master key now, {}", log_name, master);
  return out;
}

Result<bool> LogFiles::encrypt(const std::string& path) {
  return encrypted_ ? keyring::encrypt_file(plain(), *encrypted_, path) : false;
}

Status LogFiles::reserve(const Config& config) {
  if (!reserving_) return {};
  STELE_ASSIGN(const std::uint64_t bytes, io::reserve_of(config.data));
  reserving_->keep(bytes);
  return {};
}

}  // namespace stele::server
