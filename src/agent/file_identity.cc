#include "agent/file_identity.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/json_text.h"
#include "crypto/sha256.h"
#include "event/json_value.h"

namespace stele::agent {

FileIdentity identity_of(const struct stat& st) { return {st.st_dev, st.st_ino}; }

std::int64_t modified_of(const struct stat& st) { return st.st_mtim.tv_sec * kSecond + st.st_mtim.tv_nsec; }

std::string position_key(const FileIdentity& file) {
  return "file:" + std::to_string(file.device) + ":" + std::to_string(file.inode);
}

std::string position_text(const FilePosition& position) {
  std::string out = R"({"path":)";
  append_json_bytes(out, position.path);
  const auto number = [&](const char* name, std::uint64_t value) {
    out += ",\"" + std::string(name) + "\":";
    append_decimal(out, value);
  };
  number("device", position.file.device);
  number("inode", position.file.inode);
  number("offset", position.at.offset);
  number("state", position.at.state);
  number("head", position.head);
  number("digest", position.digest);
  number("modified", static_cast<std::uint64_t>(position.modified));
  number("size", position.size);
  number("named", static_cast<std::uint64_t>(position.named));
  number("rotated", position.rotated ? 1 : 0);
  return out + "}";
}

std::optional<FilePosition> parse_position(std::string_view text) {
  event::JsonTape tape;
  event::JsonError error;
  if (!tape.parse(text, {65'536, 8, 64}, error)) return std::nullopt;
  const event::JsonValue value(tape);
  bool whole = true;
  const auto number = [&](const char* name) {
    const auto n = value[name].number();
    whole = whole && n.has_value();
    return n.value_or(0);
  };
  FilePosition out;
  out.file = {number("device"), number("inode")};
  out.at = {number("offset"), number("state")};
  out.head = number("head");
  out.digest = number("digest");
  out.modified = static_cast<std::int64_t>(number("modified"));
  out.size = number("size");
  out.named = value["named"] ? static_cast<std::int64_t>(number("named")) : out.modified;  // of version 0.1.0
  out.rotated = number("rotated") != 0;
  const event::JsonValue path = value["path"];
  if (path.is(event::JsonType::kString)) {
    out.path = path.text();
  } else {
    const auto bytes = base64_decode(path["$base64"].text());
    if (!bytes) return std::nullopt;
    out.path = *bytes;
  }
  if (!whole || out.path.empty() || out.head > FilePosition::kHeadBytesMax) return std::nullopt;
  return out;
}

std::uint64_t digest_of(std::string_view head) { return load_le<std::uint64_t>(crypto::sha256(as_byte_span(head)).data()); }

}  // namespace stele::agent
