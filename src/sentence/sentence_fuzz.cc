// Whatever an entry or a file of templates holds, there is a sentence: short, UTF-8, nothing in it that steers a terminal.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/json_text.h"
#include "sentence/sentences.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void require_sentence(const std::string& text) {
  require(!text.empty() && stele::is_utf8(text));
  const auto characters = std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; });
  require(characters <= static_cast<std::ptrdiff_t>(stele::sentence::kCharactersMax));
  require(std::none_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; }));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  static const stele::sentence::Sentences shipped;
  require_sentence(shipped.of(text));
  const stele::sentence::TemplateFile file{"own.yaml", text};
  if (const auto own = stele::sentence::Sentences::parse({&file, 1})) {
    require_sentence(own->of(R"({"event":{"actor":{"type":"user","id":"ada"},"action":"a.b","outcome":"denied"}})"));
  }
  return 0;
}
