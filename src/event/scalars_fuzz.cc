// Whatever bytes come: nothing is read past their end, and a second reading is the same as the first.
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "event/scalars.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view entry(reinterpret_cast<const char*>(data), size);
  static stele::event::Scalars seasoned;  // expects names of what came before
  stele::event::Scalars fresh;
  const auto& first = fresh.read(entry);
  const auto& second = seasoned.read(entry);
  if (first.size() != second.size()) std::abort();
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (first[i].text != second[i].text || fresh.path(first[i].path) != seasoned.path(second[i].path)) std::abort();
  }
  return 0;
}
