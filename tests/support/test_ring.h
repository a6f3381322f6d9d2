// A keyring for tests: always the same.
#pragma once

#include <memory>

#include "keyring/keyring.h"

namespace stele::testing {

inline keyring::MasterKey test_master(std::uint8_t first = 1) { return {{first, 2, 3, 4}}; }

inline keyring::KeyringPtr test_ring() {
  std::vector<keyring::DataKey> keys{{{7, 8, 9}, "2026-11-23T16:20:00.123456789Z"}, {{10, 11}, "2026-11-24T16:20:00.123456789Z"}};
  return std::make_shared<const keyring::Keyring>(std::move(keys), test_master());
}

}  // namespace stele::testing
