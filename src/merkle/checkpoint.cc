#include "merkle/checkpoint.h"

namespace stele::merkle {
namespace {

constexpr std::string_view kProofHeader = "c2sp.org/tlog-proof@v1";
constexpr std::size_t kProofHashesMax = 63;

// Takes a line with its newline off the front; nothing when no newline is left.
std::optional<std::string_view> take_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return line;
}

}  // namespace

std::string Checkpoint::text() const {
  return origin + "\n" + std::to_string(size) + "\n" + base64_encode(as_byte_span(root)) + "\n";
}

Result<Checkpoint> parse_checkpoint(std::string_view text) {
  std::string_view rest = text;
  const auto origin = take_line(rest);
  const auto size = take_line(rest);
  const auto root = take_line(rest);
  if (!origin || !size || !root) return invalid("a checkpoint has an origin, a size and a root, each on its line");
  if (origin->empty()) return invalid("a checkpoint's origin is not empty");
  const auto parsed_size = parse_decimal(*size);
  if (!parsed_size || *parsed_size > kSizeMax) return invalid("a checkpoint's size is a decimal number up to 2^62");
  const auto parsed_root = base64_decode_hash(*root);
  if (!parsed_root) return invalid("a checkpoint's root is the base64 of 32 bytes");
  while (!rest.empty()) {
    const auto extension = take_line(rest);
    if (!extension || extension->empty()) return invalid("a checkpoint's extension lines are not empty and end in a newline");
  }
  return Checkpoint{std::string(*origin), *parsed_size, *parsed_root};
}

Result<Checkpoint> open_checkpoint(std::string_view note, const VerifierKey& key) {
  STELE_ASSIGN(const Note parsed, parse_note(note));
  STELE_TRY(verify_note(parsed, key));
  STELE_ASSIGN(auto checkpoint, parse_checkpoint(parsed.text));
  if (checkpoint.origin != key.name) {
    return invalid("the checkpoint is of " + checkpoint.origin + ", the key of " + key.name);
  }
  return checkpoint;
}

std::string ProofFile::text() const {
  std::string out(kProofHeader);
  out += "\nindex " + std::to_string(index) + "\n";
  for (const Hash& hash : proof) {
    base64_append(out, as_byte_span(hash));
    out += '\n';
  }
  out += '\n';
  out += checkpoint;
  return out;
}

Result<ProofFile> parse_proof_file(std::string_view text) {
  std::string_view rest = text;
  auto line = take_line(rest);
  if (!line || *line != kProofHeader) return invalid("a proof file starts with " + std::string(kProofHeader));
  line = take_line(rest);
  if (line && line->starts_with("extra ")) {
    if (!base64_decode(line->substr(6))) return invalid("a proof file's extra data is base64");
    line = take_line(rest);
  }
  if (!line || !line->starts_with("index ")) return invalid("a proof file names its index");
  const auto index = parse_decimal(line->substr(6));
  if (!index) return invalid("a proof file's index is a decimal number");
  ProofFile file{*index, {}, {}};
  for (;;) {
    line = take_line(rest);
    if (!line) return invalid("a proof file has a blank line before its checkpoint");
    if (line->empty()) break;
    const auto hash = base64_decode_hash(*line);
    if (!hash) return invalid("a proof file's hashes are base64 of 32 bytes");
    if (file.proof.size() == kProofHashesMax) return invalid("a proof file has at most 63 hashes");
    file.proof.push_back(*hash);
  }
  file.checkpoint = rest;
  return file;
}

}  // namespace stele::merkle
