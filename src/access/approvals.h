// Acts that wait for a second person, and those that one has approved (docs/formats/access.md). In memory: they end with the
// server.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "access/identity.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"

namespace stele::access {

// What somebody wants to do, to the byte.
struct Act {
  Permission permission = Permission::kGrant;  // that it needs, and whoever approves it
  std::string log;                             // that it is about; empty: about none
  std::string method;
  std::string target;  // the path, with the query
  std::string body;
};

struct Approval {
  std::string id;
  Act act;
  std::string asked_by;       // the identity
  std::string asked_by_name;  // for people
  std::string behind;         // who made the token that asks; empty: it is none
  UnixNanos asked = 0;
  UnixNanos until = 0;
  std::string given_by;  // empty: it waits
};

struct ApprovalLimits {
  std::int64_t holds = 86'400'000'000'000;  // ns, from when it is asked
  std::size_t waiting_max = 1'000;
  std::size_t of_one_max = 20;  // of one identity
  std::size_t body_bytes_max = 65'536;
};

// Thread-safe. The clock and the source of randomness outlive it.
class Approvals {
 public:
  // `guarded`: the acts that need one.
  Approvals(Permissions guarded, const Clock& clock, Random& random, ApprovalLimits limits = {})
      : guarded_(guarded), clock_(clock), random_(random), limits_(limits) {}

  [[nodiscard]] bool guards(Permission permission) const { return guarded_.has(permission); }
  [[nodiscard]] Permissions guarded() const { return guarded_; }
  [[nodiscard]] UnixNanos now() const { return clock_.now(); }

  // That the act waits. kBusy: too many do; kTooLarge.
  Result<Approval> ask(const Act& act, const Identity& identity, const std::string& behind);
  // Those that wait or were approved and not used yet, the oldest first: his own, and what he may do himself.
  [[nodiscard]] std::vector<Approval> list(const Identity& identity) const;
  // One that would be in that list. kNotFound.
  [[nodiscard]] Result<Approval> find(std::string_view id, const Identity& identity) const;
  // One that he may approve, as a second person. kNotFound; kDenied: he is none, or may not do the act himself; kConflict: it is
  // approved.
  [[nodiscard]] Result<Approval> to_give(std::string_view id, const Identity& identity) const;
  // Approves what to_give() named; that is on record by now.
  Status give(std::string_view id, const Identity& identity);
  // Takes away what waits, or was approved.
  void refuse(std::string_view id);
  // Uses it up, once, for the same act by whoever asked. kDenied says why not.
  Result<Approval> use(std::string_view id, const Act& act, const Identity& identity);

 private:
  // Under the mutex.
  void forget_old();
  [[nodiscard]] const Approval* find_locked(std::string_view id, const Identity& identity) const;
  [[nodiscard]] Result<Approval> to_give_locked(std::string_view id, const Identity& identity) const;

  const Permissions guarded_;
  const Clock& clock_;
  Random& random_;
  const ApprovalLimits limits_;
  mutable std::mutex mutex_;
  std::map<std::string, Approval, std::less<>> approvals_;  // guarded by it
};

}  // namespace stele::access
