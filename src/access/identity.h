// Who asks, once it is known, and what he may. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/permission.h"
#include "access/sight.h"
#include "base/bytes.h"
#include "base/result.h"

namespace stele::access {

struct Identity {
  std::string text;  // as entries name it: "token:k7m2p9x4qd", "local:0"
  std::string name;  // for people
  const Role* role = nullptr;
  std::string source;             // may write as this source alone; empty: as any
  std::vector<std::string> logs;  // what it may know of; empty: every log, "audit" where its role sees that
  Sight sight;                    // what of their entries
  std::optional<Hash> session;    // by which a user shows that it is he (login::Sessions)

  // Who may nothing, and knows of no log.
  static Identity nobody();
  [[nodiscard]] bool is_token() const { return text.starts_with("token:"); }
  [[nodiscard]] bool is_user() const { return text.starts_with("user:"); }
  // Whom a company's provider vouches for: as long as his session lasts (docs/design/0021-oidc.md).
  [[nodiscard]] bool is_of_provider() const { return text.starts_with("oidc:"); }
  [[nodiscard]] bool is_certificate() const { return text.starts_with("certificate:"); }
  // Whether it was given for this log, or for every one.
  [[nodiscard]] bool is_for(std::string_view log) const;
  // Whether this log exists for it, asked for that. What it may not know of is answered as if it were not there.
  [[nodiscard]] bool knows(std::string_view log, Permission permission) const;
  // Whether it sees entries as they are, and all of them.
  [[nodiscard]] bool sees_whole() const { return sight.is_whole() && role->masked.empty(); }
  // kDenied, with a sentence for whoever asks, when the role has no such permission, or its sight is too narrow for it.
  [[nodiscard]] Status may(Permission permission) const;
};

}  // namespace stele::access
