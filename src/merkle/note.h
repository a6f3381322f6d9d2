// Signed notes (C2SP signed-note) with Ed25519 keys: text, a blank line, signature lines.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/ed25519.h"

namespace stele::merkle {

// Limits on what is read from outside.
inline constexpr std::size_t kNoteBytesMax = 64 * 1024;
inline constexpr std::size_t kSignaturesMax = 100;

inline constexpr std::uint8_t kEd25519Type = 0x01;

using KeyId = std::array<std::uint8_t, 4>;

// Non-empty UTF-8 of at most 255 bytes without spaces (those of Unicode too), control characters and '+'.
bool is_key_name(std::string_view name);

// Who may sign: "name+hex(key id)+base64(type ‖ public key)".
struct VerifierKey {
  std::string name;
  crypto::PublicKey key{};

  [[nodiscard]] KeyId id() const;
  [[nodiscard]] std::string text() const;
  bool operator==(const VerifierKey&) const = default;
};

Result<VerifierKey> parse_verifier_key(std::string_view text);

// A named signing key. Its text form is "PRIVATE+KEY+name+hex(key id)+base64(type ‖ seed)", as other
// implementations of signed notes write it.
class NoteSigner {
 public:
  NoteSigner(std::string name, crypto::SigningKey key);

  [[nodiscard]] const VerifierKey& verifier() const { return verifier_; }
  // The whole note: `text` (which ends in a newline), blank line, signature line.
  [[nodiscard]] std::string sign(std::string_view text) const;
  // Secret: for the key file alone.
  [[nodiscard]] std::string private_text() const;

 private:
  VerifierKey verifier_;
  crypto::SigningKey key_;
};

Result<NoteSigner> parse_note_signer(std::string_view text);

struct NoteSignature {
  std::string name;
  KeyId id{};
  std::string signature;  // the bytes after the key id
};

struct Note {
  std::string text;  // with its final newline: what is signed
  std::vector<NoteSignature> signatures;
};

// Reads the form alone; no signature is checked. kInvalid says what is wrong.
Result<Note> parse_note(std::string_view bytes, std::size_t bytes_max = kNoteBytesMax);

// Success when at least one signature is by `key` and is right; kInvalid when there is none or it is wrong.
// Signatures by unknown keys are passed over.
Status verify_note(const Note& note, const VerifierKey& key);

}  // namespace stele::merkle
