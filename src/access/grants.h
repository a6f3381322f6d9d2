// The tokens and users that there are: who has which role, where, until when. In memory; what keeps them is audit/grant_book.h.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "access/identity.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"

namespace stele::access {

// To whom something is granted.
enum class Holder : std::uint8_t { kToken, kUser };
std::string_view holder_name(Holder holder);  // "token", "user"

struct Grant {
  Holder holder = Holder::kToken;
  std::string id;  // of the token; the user's name by which he logs in
  std::string name;
  std::string role;
  std::string source;
  std::vector<std::string> logs;
  UnixNanos created = 0;
  std::string created_by;
  std::optional<UnixNanos> expires;
  std::optional<UnixNanos> revoked;
  std::string revoked_by;
  Hash digest{};  // of a token's text

  friend bool operator==(const Grant&, const Grant&) = default;
};

// Whether it can be a user's: 1 to 64 lowercase letters, digits and . _ @ -
bool is_user_id(std::string_view text);

// As entries name him who has it: "token:k7m2p9x4qd", "user:ada".
std::string identity_text(const Grant& grant);

// kInvalid says which member cannot be so, for whoever asked for the grant.
Status check_grant(const Grant& grant);

// Thread-safe.
class Grants {
 public:
  // Replaces one of the same holder and id.
  void put(const Grant& grant);
  [[nodiscard]] std::optional<Grant> find(Holder holder, std::string_view id) const;

  struct Listed {
    Grant grant;
    UnixNanos last_used = 0;  // since the start; 0: not
  };
  // In the order of their ids.
  [[nodiscard]] std::vector<Listed> list(Holder holder) const;
  // Whether nobody has anything that holds at `now`.
  [[nodiscard]] bool is_empty(UnixNanos now) const;

  // Whether what this identity was given holds at `now`; of one that is neither a token nor a user, always.
  [[nodiscard]] bool holds(const Identity& identity, UnixNanos now) const;

  // Who the user is at `now`. kUnauthenticated: he has nothing that holds.
  [[nodiscard]] Result<Identity> user(std::string_view id, UnixNanos now) const;
  // That he was here.
  void note_use(const Identity& identity, UnixNanos now) const;

  // Who shows this token at `now`. kUnauthenticated, in words that say nothing of tokens that exist unless the token itself was
  // shown rightly: then that it expired or was revoked.
  [[nodiscard]] Result<Identity> authenticate(std::string_view token, UnixNanos now) const;

 private:
  struct Held {
    Grant grant;
    Identity identity;
    mutable std::atomic<UnixNanos> last_used{0};
  };
  mutable std::shared_mutex mutex_;
  [[nodiscard]] std::shared_ptr<const Held> held(std::string_view identity) const;

  // By the text of the identity; shared by those who authenticate meanwhile.
  std::map<std::string, std::shared_ptr<Held>, std::less<>> held_;
};

}  // namespace stele::access
