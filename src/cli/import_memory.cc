#include "cli/import_memory.h"

#include <algorithm>

#include "base/json_text.h"
#include "cli/json.h"
#include "crypto/sha256.h"
#include "io/file.h"

namespace stele::cli {
namespace {

constexpr std::uint64_t kBytesMax = 1U << 20;
constexpr std::string_view kDomain = "stele/import/v1\n";

Result<Imported> read_line(std::string_view line) {
  event::JsonTape tape;
  STELE_TRY(parse_json(line, tape));
  const JsonValue top(tape);
  if (top["stele_import"].number() != 1) return invalid("it is not of this version");
  Imported out;
  bool good = true;
  const auto number = [&](std::string_view name, std::uint64_t& to) {
    const auto value = top[name].number();
    good = good && value;
    to = value.value_or(0);
  };
  number("records", out.records);
  number("settled", out.settled);
  number("stored", out.stored);
  number("repeated", out.repeated);
  number("quarantined", out.quarantined);
  out.origin = top["origin"].text();
  out.source = top["source"].text();
  out.format = top["format"].text();
  out.digest = top["digest"].text();
  out.settled_digest = top["settled_digest"].text();
  if (!good || out.origin.empty() || out.source.empty() || out.format.empty() || out.digest.empty() || out.settled_digest.empty())
    return invalid("members are missing");
  return out;
}

}  // namespace

RecordChain::RecordChain(std::string_view format) {
  digest_ = crypto::sha256(as_byte_span(std::string(kDomain) + std::string(format)));
}

void RecordChain::add(const records::Record& record) {
  std::string text(as_text(digest_));
  append_decimal(text, record.length);
  text.push_back('\n');
  text += record.bytes;
  digest_ = crypto::sha256(as_byte_span(text));
}

std::string RecordChain::id() const {
  constexpr std::size_t kDigits = 32;  // 128 bits
  return "import:" + hex_encode(as_byte_span(digest_)).substr(0, kDigits);
}

std::string imported_json(const Imported& one) {
  std::string out = R"({"stele_import":1)";
  const auto text = [&](const char* name, const std::string& value) {
    out += std::string(",\"") + name + "\":";
    append_json_string(out, value);
  };
  const auto number = [&](const char* name, std::uint64_t value) {
    out += std::string(",\"") + name + "\":";
    append_decimal(out, value);
  };
  text("origin", one.origin);
  text("source", one.source);
  text("format", one.format);
  number("records", one.records);
  text("digest", one.digest);
  number("settled", one.settled);
  text("settled_digest", one.settled_digest);
  number("stored", one.stored);
  number("repeated", one.repeated);
  number("quarantined", one.quarantined);
  return out + "}\n";
}

Result<ImportMemory> ImportMemory::open(std::string path) {
  ImportMemory memory;
  memory.path_ = std::move(path);
  if (memory.path_.empty()) return memory;
  const auto text = io::read_file(io::posix(), memory.path_, kBytesMax);
  if (!text && text.error().code == Code::kNotFound) return memory;
  if (!text) return text.error();
  std::vector<records::Record> lines;
  const auto cutter = records::make_line_cutter();
  cutter->feed(*text, 0, lines);
  cutter->end(lines);
  for (const records::Record& line : lines) {
    auto one = read_line(line.bytes);
    if (!one) return one.error().in(memory.path_ + " says nothing that is understood (remove it to import the whole file anew)");
    memory.all_.push_back(std::move(*one));
  }
  return memory;
}

Imported ImportMemory::find(const Imported& about) const {
  const auto found = std::find_if(all_.begin(), all_.end(), [&](const Imported& one) { return one.is_about(about); });
  return found == all_.end() ? about : *found;
}

Status ImportMemory::keep(const Imported& imported) {
  if (path_.empty()) return {};
  std::erase_if(all_, [&](const Imported& one) { return one.is_about(imported); });
  all_.push_back(imported);
  std::string text;
  for (const Imported& one : all_) text += imported_json(one);
  return io::write_file(io::posix(), path_, text, 0600);
}

}  // namespace stele::cli
