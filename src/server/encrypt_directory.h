// Encrypting what a data directory holds in plain, from before there was a master key.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"
#include "keyring/master_key.h"
#include "server/config.h"

namespace stele::server {

struct EncryptedDirectory {
  std::uint64_t files = 0;    // that were written anew
  std::uint64_t bytes = 0;    // of them, as they are now
  std::uint64_t values = 0;   // attachments
  std::uint64_t waiting = 0;  // entries that stay in plain in a journal until they are sealed: too many for one frame
};

// All logs, one file after another, each durable before the next: what was done of a run that was cut short is not done again.
// `tell` gets the path of each file before it is looked at. kBusy while another process has the directory open.
Result<EncryptedDirectory> encrypt_directory(const Config& config, const keyring::MasterKeys& masters,
                                             const std::function<void(const std::string&)>& tell);

}  // namespace stele::server
