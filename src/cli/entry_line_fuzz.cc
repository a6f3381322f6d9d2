// Whatever an entry or a file's name holds, what is shown of it is one line of UTF-8 without anything that steers a terminal.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/json_text.h"
#include "cli/entry_line.h"
#include "cli/json.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void require_harmless(std::string_view text) {
  require(stele::is_utf8(text));
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    require(c >= 0x20 && c != 0x7f);
    require(!(c == 0xc2 && static_cast<unsigned char>(text[i + 1]) < 0xa0));  // C1
    require(text.substr(i, 3) != "\u202e");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  require_harmless(stele::printable(text));
  require_harmless(stele::cli::entry_line(7, text, stele::cli::LineStyle()));
  // A JSON text stays the same value.
  stele::event::JsonTape before;
  stele::event::JsonTape after;
  if (!stele::cli::parse_json(text, before)) return 0;
  require(stele::cli::parse_json(stele::printable(before.text()), after).ok());
  require(before.nodes().size() == after.nodes().size());
  std::string a;
  std::string b;
  for (std::size_t i = 0; i < before.nodes().size(); ++i) {
    require(before.nodes()[i].type == after.nodes()[i].type);
    if (before.nodes()[i].type == stele::event::JsonType::kString)
      require(before.string(before.nodes()[i], a) == after.string(after.nodes()[i], b));
  }
  require(stele::cli::parse_json(stele::cli::indented(before), after).ok());
  require(before.text() == after.text());
  return 0;
}
