#include "merkle/note.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "base/json_text.h"
#include "crypto/sha256.h"

namespace stele::merkle {
namespace {

constexpr std::string_view kDash = "\xe2\x80\x94 ";  // U+2014 and a space
constexpr std::string_view kPrivatePrefix = "PRIVATE+KEY+";

// The characters above ASCII that Unicode calls white space: U+0085, U+00A0, U+1680, U+2000 to U+200A, U+2028, U+2029,
// U+202F, U+205F, U+3000.
constexpr std::array<std::string_view, 19> kUnicodeSpaces = {
    "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81", "\xe2\x80\x82", "\xe2\x80\x83",
    "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86", "\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a",
    "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80"};

KeyId key_id(std::string_view name, const crypto::PublicKey& key) {
  std::string material(name);
  material += '\n';
  material += static_cast<char>(kEd25519Type);
  material.append(reinterpret_cast<const char*>(key.data()), key.size());
  const Hash digest = crypto::sha256(as_byte_span(material));
  KeyId id;
  std::memcpy(id.data(), digest.data(), id.size());
  return id;
}

std::string typed_base64(std::span<const std::uint8_t, 32> key) {
  std::string typed(1, static_cast<char>(kEd25519Type));
  typed.append(reinterpret_cast<const char*>(key.data()), key.size());
  return base64_encode(as_byte_span(typed));
}

std::string hex_id(const KeyId& id) { return hex_encode(std::as_bytes(std::span(id))); }

struct KeyText {
  std::string name;
  std::string id_hex;
  std::array<std::uint8_t, 32> key{};
};

// "name+xxxxxxxx+base64(0x01 ‖ 32 bytes)"
Result<KeyText> parse_key_text(std::string_view text) {
  const auto first = text.find('+');
  const auto second = first == std::string_view::npos ? first : text.find('+', first + 1);
  if (second == std::string_view::npos) return invalid("a key has the form name+id+base64");
  KeyText parts{std::string(text.substr(0, first)), std::string(text.substr(first + 1, second - first - 1)), {}};
  if (!is_key_name(parts.name)) return invalid("a key's name has no spaces, no '+' and is not empty");
  const auto raw = base64_decode(text.substr(second + 1));
  if (!raw || raw->size() != 33 || static_cast<std::uint8_t>((*raw)[0]) != kEd25519Type) {
    return invalid("the key is not base64 of an Ed25519 key (type 1, 32 bytes)");
  }
  std::memcpy(parts.key.data(), raw->data() + 1, parts.key.size());
  return parts;
}

}  // namespace

bool is_key_name(std::string_view name) {
  if (name.empty() || name.size() > 255 || !is_utf8(name)) return false;
  for (const char c : name) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == '+' || c == 0x7f) return false;
  }
  return std::none_of(kUnicodeSpaces.begin(), kUnicodeSpaces.end(),
                      [&](std::string_view space) { return name.find(space) != std::string_view::npos; });
}

KeyId VerifierKey::id() const { return key_id(name, key); }

std::string VerifierKey::text() const { return name + "+" + hex_id(id()) + "+" + typed_base64(key); }

Result<VerifierKey> parse_verifier_key(std::string_view text) {
  STELE_ASSIGN(const KeyText parts, parse_key_text(text));
  VerifierKey key{parts.name, parts.key};
  if (hex_id(key.id()) != parts.id_hex) return invalid("the key's id does not belong to its name and bytes");
  return key;
}

NoteSigner::NoteSigner(std::string name, crypto::SigningKey key)
    : verifier_{std::move(name), key.public_key()}, key_(std::move(key)) {}

std::string NoteSigner::sign(std::string_view text) const {
  const auto signature = key_.sign(as_byte_span(text));
  const KeyId id = verifier_.id();
  std::string blob(reinterpret_cast<const char*>(id.data()), id.size());
  blob.append(reinterpret_cast<const char*>(signature.data()), signature.size());
  std::string note(text);
  note += '\n';
  note += kDash;
  note += verifier_.name;
  note += ' ';
  base64_append(note, as_byte_span(blob));
  note += '\n';
  return note;
}

std::string NoteSigner::private_text() const {
  const auto seed = key_.seed();
  return std::string(kPrivatePrefix) + verifier_.name + "+" + hex_id(verifier_.id()) + "+" + typed_base64(seed);
}

Result<NoteSigner> parse_note_signer(std::string_view text) {
  if (!text.starts_with(kPrivatePrefix)) return invalid("a signing key starts with PRIVATE+KEY+");
  STELE_ASSIGN(const KeyText parts, parse_key_text(text.substr(kPrivatePrefix.size())));
  STELE_ASSIGN(auto key, crypto::SigningKey::from_seed(parts.key));
  NoteSigner signer(parts.name, std::move(key));
  if (hex_id(signer.verifier().id()) != parts.id_hex) return invalid("the signing key's id does not belong to it");
  return signer;
}

Result<Note> parse_note(std::string_view bytes, std::size_t bytes_max) {
  if (bytes.size() > bytes_max) return invalid("a note has at most " + std::to_string(bytes_max) + " bytes");
  if (!is_utf8(bytes)) return invalid("a note is UTF-8");
  for (const char c : bytes) {
    if (static_cast<unsigned char>(c) < 0x20 && c != '\n') return invalid("a note has no control characters");
  }
  const auto gap = bytes.rfind("\n\n");
  if (gap == std::string_view::npos) return invalid("a note has a blank line before its signatures");
  Note note;
  note.text = bytes.substr(0, gap + 1);
  std::string_view rest = bytes.substr(gap + 2);
  if (rest.empty() || rest.back() != '\n') return invalid("a note ends with a signature line and a newline");
  while (!rest.empty()) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() + 1);
    if (!line.starts_with(kDash)) return invalid("a signature line starts with an em dash and a space");
    line.remove_prefix(kDash.size());
    const auto space = line.find(' ');
    if (space == std::string_view::npos) return invalid("a signature line has a name and a signature");
    const auto blob = base64_decode(line.substr(space + 1));
    if (!blob || blob->size() < 5 || !is_key_name(line.substr(0, space))) return invalid("a signature line is malformed");
    if (note.signatures.size() == kSignaturesMax) return invalid("a note has at most 100 signatures");
    NoteSignature signature{std::string(line.substr(0, space)), {}, blob->substr(4)};
    std::memcpy(signature.id.data(), blob->data(), signature.id.size());
    note.signatures.push_back(std::move(signature));
  }
  return note;
}

Status verify_note(const Note& note, const VerifierKey& key) {
  const KeyId id = key.id();
  for (const NoteSignature& candidate : note.signatures) {
    if (candidate.name != key.name || candidate.id != id) continue;
    if (candidate.signature.size() != 64) return invalid("the signature by " + key.name + " is not 64 bytes");
    std::array<std::uint8_t, 64> signature{};
    std::memcpy(signature.data(), candidate.signature.data(), signature.size());
    if (crypto::verify_ed25519(key.key, as_byte_span(note.text), signature)) return {};
    return invalid("the signature by " + key.name + " is wrong");
  }
  return invalid("no signature by " + key.text());
}

}  // namespace stele::merkle
