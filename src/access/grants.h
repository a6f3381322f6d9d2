// The tokens and users that there are: who has which role, where, until when; and the roles. In memory; what keeps them is
// audit/grant_book.h.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
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
  Sight sight;
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
inline constexpr std::string_view kUserIdRule = "user is 1 to 64 lowercase letters, digits and . _ @ -, by which he logs in";

// As entries name him who has it: "token:k7m2p9x4qd", "user:ada".
std::string identity_text(const Grant& grant);

// kInvalid says which member cannot be so, for whoever asked for the grant; `role` is what its role's name stands for.
Status check_grant(const Grant& grant, const Role& role);

// Thread-safe.
class Grants {
 public:
  // Replaces one of the same holder and id. Of a role that there is not it may nothing.
  void put(const Grant& grant);
  // Replaces one of the same name, also for those who have it.
  void put_role(const Role& role);
  void remove_role(std::string_view name);
  // A shipped one, or one that was put. Null: there is none; else it lives as long as these grants.
  [[nodiscard]] const Role* find_role(std::string_view name) const;
  // All, the shipped ones first.
  [[nodiscard]] std::vector<const Role*> roles() const;
  // Who has the role at `now`, as entries name him.
  [[nodiscard]] std::vector<std::string> holders_of(std::string_view role, UnixNanos now) const;
  [[nodiscard]] std::optional<Grant> find(Holder holder, std::string_view id) const;

  struct Listed {
    Grant grant;
    UnixNanos last_used = 0;  // 0: not known
  };
  // In the order of their ids.
  [[nodiscard]] std::vector<Listed> list(Holder holder) const;
  // Whoever may be behind an identity: it, who gave it its access, who gave him his, and so on; without the control socket and
  // the set-up, by which nobody is let in by another.
  [[nodiscard]] std::vector<std::string> lineage(const std::string& identity) const;
  // Whether nobody has anything that holds at `now`.
  [[nodiscard]] bool is_empty(UnixNanos now) const;

  // Whether what this identity was given holds at `now`, and is the same: its role may have been defined anew. Of one that is
  // neither a token nor a user, always; of whom a provider vouches for, his role alone is asked for.
  [[nodiscard]] bool holds(const Identity& identity, UnixNanos now) const;

  // Who the user is at `now`. kUnauthenticated: he has nothing that holds.
  [[nodiscard]] Result<Identity> user(std::string_view id, UnixNanos now) const;
  // That it was here, as entries name it. Of what is no grant nothing is noted.
  void note_use(const std::string& identity, UnixNanos now) const;
  // Of those that were.
  [[nodiscard]] std::map<std::string, UnixNanos> last_uses() const;

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

  [[nodiscard]] const Role* find_role_locked(std::string_view name) const;
  void put_locked(const Grant& grant);
  void renew(std::string_view role);

  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  // By the text of the identity; shared by those who authenticate meanwhile. Every request looks here: no tree, whose path
  // through thousands costs more than the rest of an authentication.
  std::unordered_map<std::string, std::shared_ptr<Held>, TextHash, std::equal_to<>> held_;
  std::deque<Role> all_roles_;  // every one that was put, since somebody may still look at it
  std::map<std::string, const Role*, std::less<>> roles_;
};

}  // namespace stele::access
