#include "keyring/master_key.h"

#include <algorithm>
#include <optional>

#include "base/bytes.h"
#include "crypto/sha256.h"

namespace stele::keyring {
namespace {

std::optional<MasterKey> parse_line(std::string_view line) {
  MasterKey out;
  auto bytes = base64_decode(line);
  if (!bytes || bytes->size() != out.key.size()) bytes = hex_decode(line);
  if (!bytes || bytes->size() != out.key.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), out.key.begin());
  return out;
}

}  // namespace

KeyId id_of(const crypto::AeadKey& key) {
  const Hash hash = crypto::sha256(std::as_bytes(std::span(key)));
  KeyId out{};
  std::copy_n(hash.begin(), out.size(), out.begin());
  return out;
}

std::string id_text(const KeyId& id) { return hex_encode(std::as_bytes(std::span(id))); }

Result<MasterKeys> parse_master_keys(std::string_view text) {
  MasterKeys out;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    const auto key = parse_line(line);
    if (!key)
      return invalid("line " + std::to_string(number) +
                     " is no key: 32 bytes in base64, as `openssl rand -base64 32` prints them");
    if (out.size() == kMasterKeysMax) return invalid("it has more than " + std::to_string(kMasterKeysMax) + " keys");
    out.push_back(*key);
  }
  if (out.empty()) return invalid("it has no key: 32 bytes in base64, as `openssl rand -base64 32` prints them");
  return out;
}

std::string master_key_text(const MasterKey& key) { return base64_encode(std::as_bytes(std::span(key.key))); }

}  // namespace stele::keyring
