#include "keyring/keyring.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/json_text.h"
#include "crypto/hkdf.h"
#include "event/json_tape.h"
#include "event/json_value.h"

namespace stele::keyring {
namespace {

using crypto::AeadKey;
using crypto::AeadNonce;

constexpr std::uint64_t kFileBytesMax = 1U << 20;
constexpr std::string_view kKeyringVersion = "1";

std::optional<KeyId> id_from(std::string_view hex) {
  const auto bytes = hex_decode(hex);
  KeyId out{};
  if (!bytes || bytes->size() != out.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), out.begin());
  return out;
}

// What is authenticated with a wrapped key: its place and all that is said of it.
std::string associated_with(std::string_view id, std::string_view created) {
  return "stele keyring " + std::string(kKeyringVersion) + "\n" + std::string(id) + "\n" + std::string(created);
}

std::string wrap(const DataKey& key, const MasterKey& master, Random& random) {
  AeadNonce nonce{};
  random.fill(nonce);
  const std::string associated = associated_with(id_text(id_of(key.key)), key.created);
  const std::string sealed = crypto::aead_seal(master.key, nonce, as_byte_span(associated), std::as_bytes(std::span(key.key)));
  return base64_encode(as_byte_span(std::string(nonce.begin(), nonce.end()) + sealed));
}

Result<DataKey> unwrap(event::JsonValue one, const MasterKey& master) {
  DataKey out;
  out.created = one["created"].text();
  const std::string id = one["id"].text();
  const auto wrapped = base64_decode(one["wrapped"].text());
  AeadNonce nonce{};
  if (!wrapped || wrapped->size() != nonce.size() + out.key.size() + crypto::kAeadTagBytes)
    return corrupt("the key " + id + " has another length than keys have");
  std::copy_n(wrapped->begin(), nonce.size(), nonce.begin());
  const std::string associated = associated_with(id, out.created);
  const auto plain = crypto::aead_open(master.key, nonce, as_byte_span(associated), as_byte_span(*wrapped).subspan(nonce.size()));
  if (!plain) return corrupt("the key " + id + " was changed");
  std::copy(plain->begin(), plain->end(), out.key.begin());
  if (id_text(id_of(out.key)) != id) return corrupt("the key " + id + " is another");
  return out;
}

const MasterKey* find_master(const MasterKeys& masters, const KeyId& id) {
  const auto it = std::ranges::find_if(masters, [&](const MasterKey& one) { return one.id() == id; });
  return it == masters.end() ? nullptr : &*it;
}

Error wrong_master(const std::string& id, const MasterKeys& masters) {
  std::string given;
  for (const MasterKey& one : masters) given += (given.empty() ? "" : ", ") + id_text(one.id());
  return {Code::kDenied, "it is closed under the master key " + id + "; " +
                             (masters.empty() ? "none was given: master_key, --master-key or STELE_MASTER_KEY says where it is"
                                              : "what was given is " + given)};
}

// What the two files of a ring hold.
struct Found {
  std::array<std::optional<Result<Keyring>>, 2> files;  // nothing: it is absent
  bool alike = false;

  [[nodiscard]] bool none() const { return !files[0] && !files[1]; }
  // The first that opens; else the first error. There is one.
  [[nodiscard]] const Result<Keyring>& ring() const {
    const bool takes_second = !files[0] || (!files[0]->ok() && files[1] && files[1]->ok());
    return takes_second ? *files[1] : *files[0];
  }
  // Whether the file may be written anew: it is lost or damaged, or all its keys are known.
  [[nodiscard]] bool may_write(std::size_t i) const {
    return !files[i] || files[i]->ok() || files[i]->error().code == Code::kCorrupt;
  }
  // The keys of both, by age: one that stands in one of them alone is never lost.
  [[nodiscard]] std::vector<DataKey> keys() const {
    std::vector<DataKey> out;
    for (const auto& file : files) {
      if (!file || !file->ok()) continue;
      for (const DataKey& key : (*file)->keys()) {
        if (std::ranges::none_of(out, [&](const DataKey& one) { return one.key == key.key; })) out.push_back(key);
      }
    }
    std::ranges::stable_sort(out, {}, &DataKey::created);
    return out;
  }
};

Result<Found> find(io::FileSystem& fs, const std::string& log_dir, const MasterKeys& masters) {
  Found out;
  std::string texts[2];
  const std::string paths[2] = {keyring_path(log_dir), keyring_copy_path(log_dir)};
  for (std::size_t i = 0; i < 2; ++i) {
    auto text = io::read_file(fs, paths[i], kFileBytesMax);
    if (!text && text.error().code == Code::kNotFound) continue;
    auto ring = text                                   ? parse_keyring(*text, masters)
                : text.error().code == Code::kTooLarge ? Result<Keyring>(corrupt(text.error().message))
                                                       : Result<Keyring>(text.error());
    if (!ring) ring = ring.error().in(paths[i]);
    out.files[i].emplace(std::move(ring));
    texts[i] = text ? *text : "";
  }
  out.alike = texts[0] == texts[1];
  return out;
}

}  // namespace

Keyring::Keyring(std::vector<DataKey> keys, const MasterKey& master) : keys_(std::move(keys)), master_(master.id()) {
  for (std::size_t i = 0; i < keys_.size(); ++i) by_id_.emplace(id_of(keys_[i].key), i);
}

Result<AeadKey> Keyring::derive(const KeyId& data_key, ByteSpan salt, std::string_view purpose) const {
  const auto it = by_id_.find(data_key);
  if (it == by_id_.end())
    return Error{Code::kDenied, "it is encrypted under the data key " + id_text(data_key) +
                                    ", which is not in the log's keyring: restore the keyring from a copy"};
  return crypto::hkdf_sha256(std::as_bytes(std::span(keys_[it->second].key)), salt, purpose);
}

std::string keyring_text(const Keyring& ring, const MasterKey& master, Random& random) {
  std::string out = "{\"stele_keyring\":1,\"master_key\":\"" + id_text(master.id()) + "\",\"keys\":[";
  for (const DataKey& key : ring.keys()) {
    if (!out.ends_with('[')) out += ',';
    out += "{\"id\":\"" + id_text(id_of(key.key)) + "\",\"created\":\"" + key.created + "\",\"wrapped\":\"" +
           wrap(key, master, random) + "\"}";
  }
  return out + "]}\n";
}

Result<Keyring> parse_keyring(std::string_view text, const MasterKeys& masters) {
  event::JsonTape tape;
  event::JsonError error;
  if (!tape.parse(text, {}, error)) return corrupt(error.message);
  const event::JsonValue root(tape);
  const std::string version(root["stele_keyring"].raw());
  if (!parse_decimal(version)) return corrupt("it does not say its version");
  if (version != kKeyringVersion) return invalid("format version " + version + " is not known to this program, which reads 1");
  const std::string id = root["master_key"].text();
  const auto master_id = id_from(id);
  if (!master_id) return corrupt("it does not say under which master key it is closed");
  const MasterKey* master = find_master(masters, *master_id);
  if (master == nullptr) return wrong_master(id, masters);
  std::vector<DataKey> keys;
  Status opened;
  root["keys"].for_each([&](event::JsonValue one) {
    auto key = unwrap(one, *master);
    if (key)
      keys.push_back(std::move(*key));
    else
      opened = key.error();
  });
  STELE_TRY(opened);
  if (keys.empty()) return corrupt("it has no key");
  return Keyring(std::move(keys), *master);
}

std::string keyring_path(const std::string& log_dir) { return log_dir + "/keyring"; }
std::string keyring_copy_path(const std::string& log_dir) { return log_dir + "/keyring.copy"; }

Result<OpenedKeyring> open_keyring(io::FileSystem& fs, const std::string& log_dir, const MasterKeys& masters, const Clock& clock,
                                   Random& random) {
  OpenedKeyring out;
  STELE_ASSIGN(const Found found, find(fs, log_dir, masters));
  std::vector<DataKey> keys;
  if (found.none()) {
    if (masters.empty()) return out;
    out.is_new = true;
  } else {
    if (!found.ring()) return found.ring().error();
    const Keyring& ring = *found.ring();
    out.is_changed = ring.master() != masters.front().id();
    keys = found.keys();
    if (!out.is_changed && found.alike) {
      out.ring = std::make_shared<const Keyring>(ring);
      return out;
    }
  }
  if (out.is_new || out.is_changed) {
    DataKey key;
    random.fill(key.key);
    key.created = format_time(clock.now());
    keys.push_back(std::move(key));
  }
  out.ring = std::make_shared<const Keyring>(std::move(keys), masters.front());
  const std::string text = keyring_text(*out.ring, masters.front(), random);
  STELE_TRY(fs.make_dirs(log_dir));
  constexpr unsigned kOwnerOnly = 0600;
  if (found.may_write(0)) STELE_TRY(io::write_file(fs, keyring_path(log_dir), text, kOwnerOnly));
  if (found.may_write(1)) STELE_TRY(io::write_file(fs, keyring_copy_path(log_dir), text, kOwnerOnly));
  return out;
}

Result<KeyringPtr> read_keyring(io::FileSystem& fs, const std::string& log_dir, const MasterKeys& masters) {
  STELE_ASSIGN(const Found found, find(fs, log_dir, masters));
  if (found.none()) return KeyringPtr();
  if (!found.ring()) return found.ring().error();
  return KeyringPtr(std::make_shared<const Keyring>(found.keys(), *find_master(masters, (*found.ring()).master())));
}

}  // namespace stele::keyring
