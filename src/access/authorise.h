// The one decision through which every route passes: may this caller do this?
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace stele::access {

// What is asked for. Each route names one.
enum class Permission { kWrite, kRead, kProve, kObserve, kOpenSealed, kErase, kOperate };
std::string_view permission_name(Permission permission);

// Who asks, as far as the server itself knows.
struct Caller {
  bool loopback = false;  // from this very machine
  std::string address;
  bool open_door = false;  // through a listener that the operator opened to other machines, for writing
};

// kDenied with a sentence for the caller when not. Today whoever is on this machine may do everything, and nobody else
// anything, unless the operator opened the server, or a door of it for writing, to the network in so many words.
class Authority {
 public:
  explicit Authority(bool allow_remote) : allow_remote_(allow_remote) {}
  [[nodiscard]] Status authorise(const Caller& caller, Permission permission, std::string_view log) const;

 private:
  bool allow_remote_;
};

}  // namespace stele::access
