// What the logs of a server are called.
#pragma once

#include <string_view>

namespace stele::log {

inline constexpr std::string_view kMainLog = "main";    // where what names no log goes
inline constexpr std::string_view kAuditLog = "audit";  // what a server records about its own use

// 1 to 63 lowercase letters, digits, '-' and '_', beginning with a letter or digit: it is a folder, and a part of paths.
bool is_log_name(std::string_view name);

// The order in which logs are told: "main" first, "audit" last.
struct LogOrder {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const;
};

}  // namespace stele::log
