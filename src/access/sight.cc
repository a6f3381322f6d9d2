#include "access/sight.h"

namespace stele::access {

std::string sight_text(const Sight& sight) {
  std::string out;
  for (const std::string& category : sight.categories)
    out += (out.empty() ? (sight.categories.size() == 1 ? ", of the category " : ", of the categories ") : ", ") + category;
  if (sight.since) out += ", from " + format_time(*sight.since);
  if (sight.until) out += (sight.since ? " to before " : ", before ") + format_time(*sight.until);
  return out;
}

}  // namespace stele::access
