// An encrypted file through memory: decrypted page by page as it is read.
#pragma once

#include <memory>

#include "base/result.h"
#include "io/mapping.h"
#include "keyring/encrypted_file.h"

namespace stele::keyring {

// The contents of the encrypted file that `under` maps. What was loaded stays in memory of this mapping's own, which goes into no
// dump of it, until the mapping ends. kCorrupt when the file was cut off.
Result<std::unique_ptr<io::Mapping>> map_encrypted(std::unique_ptr<io::Mapping> under, std::unique_ptr<PageCipher> cipher);

}  // namespace stele::keyring
