// Notes and keys of any bytes: what is read prints as the very same text; what was not signed does not verify.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "merkle/note.h"

namespace {

namespace sm = stele::merkle;

void require(bool holds) {
  if (!holds) std::abort();
}

const sm::NoteSigner& signer() {
  static const sm::NoteSigner kSigner("log.example/fuzz",
                                      stele::crypto::SigningKey::from_seed(std::array<std::uint8_t, 32>{42}).value());
  return kSigner;
}

std::string printed(const sm::Note& note) {
  std::string out = note.text + "\n";
  for (const sm::NoteSignature& signature : note.signatures) {
    std::string blob(reinterpret_cast<const char*>(signature.id.data()), signature.id.size());
    blob += signature.signature;
    out += "\xe2\x80\x94 " + signature.name + " " + stele::base64_encode(stele::as_byte_span(blob)) + "\n";
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto note = sm::parse_note(text)) {
    require(printed(*note) == text && note->text.ends_with('\n') && !note->signatures.empty());
    const bool verifies = sm::verify_note(*note, signer().verifier()).ok();
    if (verifies) require(text.find(signer().sign(note->text).substr(note->text.size() + 1)) != std::string_view::npos);
  }
  if (const auto key = sm::parse_verifier_key(text)) require(key->text() == text && sm::is_key_name(key->name));
  if (const auto key = sm::parse_note_signer(text)) require(key->private_text() == text);
  // Any text that ends a line can be signed, unless a note cannot hold it.
  std::string line(text);
  line += '\n';
  const std::string signed_note = signer().sign(line);
  if (const auto note = sm::parse_note(signed_note)) {
    require(note->text == line && sm::verify_note(*note, signer().verifier()).ok());
  }
  return 0;
}
