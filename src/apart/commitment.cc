#include "apart/commitment.h"

#include <algorithm>

#include "base/json_text.h"
#include "base/readable_text.h"
#include "crypto/sha256.h"

namespace stele::apart {
namespace {

using event::ApartKind;

constexpr std::string_view kSealedDomain = "stele/sealed/v1\n";
constexpr std::string_view kAttachmentDomain = "stele/attachment/v1\n";
constexpr std::string_view kSealedBegin = R"({"$sealed":{"commitment":")";
constexpr std::string_view kAttachmentBegin = R"({"$attachment":{"commitment":")";
constexpr std::string_view kLiteral = R"({"$literal":)";
constexpr std::string_view kBytes = R"(","bytes":)";
constexpr std::string_view kHead = R"(,"head":")";
constexpr std::size_t kCommitmentChars = 44;  // base64 of 32 bytes
constexpr std::size_t kHeadBytesMax = 512;

// What follows the length. An object of the input that has further members is none of these.
bool ends_as_written(std::string_view rest, ApartKind kind) {
  if (kind == ApartKind::kSealed) return rest.starts_with("}}");
  if (!rest.starts_with(kHead)) return false;
  std::size_t at = kHead.size();
  while (at < rest.size() && rest[at] != '"') at += rest[at] == '\\' ? 2U : 1U;
  return at < rest.size() && rest.substr(at).starts_with("\"}}");
}

}  // namespace

Hash commitment_of(ApartKind kind, const std::array<std::uint8_t, kSaltBytes>& salt, std::string_view bytes) {
  crypto::Sha256 hash;
  hash.update(as_byte_span(kind == ApartKind::kSealed ? kSealedDomain : kAttachmentDomain));
  hash.update(std::as_bytes(std::span(salt)));
  hash.update(as_byte_span(bytes));
  return hash.finish();
}

event::ApartValue commit(ApartKind kind, std::string bytes, Random& random) {
  event::ApartValue out;
  out.kind = kind;
  random.fill(out.salt);
  out.commitment = commitment_of(kind, out.salt, bytes);
  out.bytes = std::move(bytes);
  return out;
}

std::string reserved_object(const event::ApartValue& value) {
  const bool sealed = value.kind == ApartKind::kSealed;
  std::string out(sealed ? kSealedBegin : kAttachmentBegin);
  base64_append(out, as_byte_span(value.commitment));
  out += kBytes;
  append_decimal(out, value.bytes.size());
  if (!sealed) {
    const std::string_view head(value.bytes);
    std::size_t cut = std::min(head.size(), kHeadBytesMax);
    while (cut > 0 && cut < head.size() && (head[cut] & 0xc0) == 0x80) --cut;  // between characters
    out += kHead;
    append_readable(out, head.substr(0, cut));
    out += '"';
  }
  return out + "}}";
}

std::optional<CommitmentAt> next_commitment(std::string_view text, std::size_t from) {
  for (;;) {
    const auto dollar = text.find(R"({"$)", from);
    if (dollar == std::string_view::npos) return std::nullopt;
    const std::string_view here = text.substr(dollar);
    CommitmentAt out;
    std::size_t begin = 0;
    if (here.starts_with(kSealedBegin)) {
      begin = kSealedBegin.size();
    } else if (here.starts_with(kAttachmentBegin)) {
      out.kind = ApartKind::kAttachment;
      begin = kAttachmentBegin.size();
    }
    const bool literal = here.starts_with(kLiteral) && here.substr(kLiteral.size()).starts_with(R"({"$)");
    from = dollar + (literal ? kLiteral.size() + 3 : 3);  // what stands right behind $literal is input
    if (begin == 0) continue;
    const auto commitment = base64_decode_hash(here.substr(begin, kCommitmentChars));
    const std::string_view after = here.substr(std::min(begin + kCommitmentChars, here.size()));
    if (!commitment || !after.starts_with(kBytes)) continue;
    const std::string_view digits = after.substr(kBytes.size());
    const auto bytes = parse_decimal(digits.substr(0, digits.find_first_not_of("0123456789")));
    if (!bytes || !ends_as_written(digits.substr(digits.find_first_not_of("0123456789")), out.kind)) continue;
    out.commitment = *commitment;
    out.bytes = *bytes;
    out.at = dollar + begin;
    return out;
  }
}

}  // namespace stele::apart
