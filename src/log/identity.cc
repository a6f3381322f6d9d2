#include "log/identity.h"

#include "base/json_text.h"
#include "event/json_tape.h"

namespace stele::log {
namespace {

constexpr std::uint64_t kFileBytesMax = 16 * 1024;

// A file of the log besides its identity; nothing when there is none.
Result<std::string> find_content(io::FileSystem& fs, const std::string& log_dir) {
  if (!fs.exists(log_dir)) return std::string();
  STELE_ASSIGN(const auto names, fs.list(log_dir));
  for (const std::string& name : names) {
    const bool comes_before = name == "log.json" || name == "keyring" || name == "keyring.copy";
    if (!comes_before && !name.ends_with(".new")) return name;
  }
  return std::string();
}

}  // namespace

std::string identity_text(const Identity& identity) {
  std::string seed(sizeof identity.fingerprint_seed, '\0');
  store_le(seed.data(), identity.fingerprint_seed);
  std::string out = "{\"stele_log\":1,\"id\":\"" + hex_encode(std::as_bytes(std::span(identity.id))) + "\",\"origin\":";
  append_json_string(out, identity.origin);
  out += ",\"key\":";
  append_json_string(out, identity.key.text());
  out += ",\"created\":\"" + identity.created + "\",\"fingerprint_seed\":\"" + hex_encode(as_byte_span(seed)) + "\"}\n";
  return out;
}

std::string identity_path(const std::string& log_dir) { return log_dir + "/log.json"; }

Result<Identity> read_identity(io::FileSystem& fs, const std::string& log_dir) {
  const std::string path = identity_path(log_dir);
  STELE_ASSIGN(const std::string text, io::read_file(fs, path, kFileBytesMax));
  event::JsonTape tape;
  event::JsonError error;
  if (!tape.parse(text, {}, error)) return corrupt(path + ": " + error.message);
  Identity out;
  std::string version;
  std::string id;
  std::string key;
  std::string seed;
  tape.for_each_child(0, [&](std::uint32_t child) {
    const auto& node = tape.nodes()[child];
    std::string scratch;
    const bool is_string = node.type == event::JsonType::kString;
    const std::string value(is_string ? tape.string(node, scratch) : tape.raw(node));
    const std::string_view name = tape.key(node);
    if (name == "stele_log") version = value;
    if (name == "id") id = value;
    if (name == "origin") out.origin = value;
    if (name == "key") key = value;
    if (name == "created") out.created = value;
    if (name == "fingerprint_seed") seed = value;
  });
  if (!parse_decimal(version)) return corrupt(path + ": it does not say its version");
  if (version != "1") return invalid(path + ": format version " + version + " is not known to this program, which reads 1");
  const auto id_bytes = hex_decode(id);
  const auto seed_bytes = hex_decode(seed);
  if (!id_bytes || id_bytes->size() != out.id.size() || !seed_bytes || seed_bytes->size() != sizeof out.fingerprint_seed) {
    return corrupt(path + ": the log's id or seed is malformed");
  }
  std::memcpy(out.id.data(), id_bytes->data(), out.id.size());
  out.fingerprint_seed = load_le<std::uint64_t>(seed_bytes->data());
  auto parsed = merkle::parse_verifier_key(key);
  if (!parsed) return corrupt(path + ": " + parsed.error().message);
  out.key = std::move(*parsed);
  if (out.key.name != out.origin) return corrupt(path + ": the key's name is not the log's origin");
  return out;
}

Result<bool> is_created(io::FileSystem& fs, const std::string& log_dir, const std::string& key_path) {
  if (!fs.exists(identity_path(log_dir))) return false;
  if (fs.exists(key_path)) return true;
  STELE_ASSIGN(const std::string content, find_content(fs, log_dir));
  return !content.empty();
}

Result<Identity> create_identity(io::FileSystem& fs, io::FileSystem& key_fs, const std::string& log_dir,
                                 const std::string& key_path, const std::string& origin, const Clock& clock, Random& random) {
  if (!merkle::is_key_name(origin))
    return invalid("the origin \"" + origin + "\" is empty, too long, or has spaces or '+' in it");
  if (fs.exists(key_path)) return Error{Code::kConflict, key_path + " is there already; a signing key is never replaced"};
  STELE_ASSIGN(const std::string content, find_content(fs, log_dir));
  if (!content.empty()) return Error{Code::kConflict, log_dir + " holds a log already, or a part of one: " + content};
  STELE_TRY(fs.make_dirs(log_dir));
  STELE_TRY(fs.make_dirs(io::parent_of(key_path)));
  const merkle::NoteSigner signer(origin, crypto::SigningKey::generate(random));
  Identity identity;
  random.fill(identity.id);
  std::uint8_t seed[8];
  random.fill(seed);
  identity.fingerprint_seed = load_le<std::uint64_t>(seed);
  identity.origin = origin;
  identity.key = signer.verifier();
  identity.created = format_time(clock.now());
  STELE_TRY(io::write_file(fs, identity_path(log_dir), identity_text(identity), 0600));
  STELE_TRY(io::write_file(key_fs, key_path, signer.private_text() + "\n", 0600));
  return identity;
}

Result<merkle::NoteSigner> read_signing_key(io::FileSystem& fs, const std::string& key_path, const Identity& identity) {
  STELE_ASSIGN(std::string text, io::read_file(fs, key_path, kFileBytesMax));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  auto signer = merkle::parse_note_signer(text);
  if (!signer) return signer.error().in(key_path);
  if (signer->verifier() != identity.key) return invalid(key_path + " holds another key than the log's, " + identity.key.text());
  return signer;
}

}  // namespace stele::log
