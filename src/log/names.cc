#include "log/names.h"

#include <algorithm>
#include <utility>

namespace stele::log {
namespace {

bool is_plain(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

}  // namespace

bool is_log_name(std::string_view name) {
  constexpr std::size_t kBytesMax = 63;
  return !name.empty() && name.size() <= kBytesMax && is_plain(name[0]) &&
         std::ranges::all_of(name, [](char c) { return is_plain(c) || c == '-' || c == '_'; });
}

bool LogOrder::operator()(std::string_view a, std::string_view b) const {
  const auto place = [](std::string_view name) { return std::pair(name == kMainLog ? 0 : name == kAuditLog ? 2 : 1, name); };
  return place(a) < place(b);
}

}  // namespace stele::log
