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
  std::string asked_by;             // the identity
  std::string asked_by_name;        // for people
  std::vector<std::string> behind;  // Grants::lineage of whoever asks
  UnixNanos asked = 0;
  UnixNanos until = 0;
  std::string given_by;  // empty: it waits
  UnixNanos given = 0;
};

struct ApprovalLimits {
  std::int64_t holds = 86'400'000'000'000;  // ns, from when it is asked
  std::size_t waiting_max = 1'000;
  std::size_t of_one_max = 20;         // of one identity
  std::size_t text_bytes_max = 4'000;  // of a target, and of a body: so that they stand on record whole
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

  // That the act waits. `behind` is the lineage of whoever asks. kBusy: too many do; kTooLarge; kInvalid: it is not UTF-8.
  Result<Approval> ask(const Act& act, const Identity& identity, std::vector<std::string> behind);
  // Those that wait or were approved and not used yet, the oldest first: his own, and what he may do himself.
  [[nodiscard]] std::vector<Approval> list(const Identity& identity) const;
  // One that would be in that list. kNotFound.
  [[nodiscard]] Result<Approval> find(std::string_view id, const Identity& identity) const;
  // One that he may approve, as a second person. kNotFound: there is none that he may do himself; kDenied: he is no second
  // person, for somebody may be behind both, by `behind`, his lineage; kConflict: it is approved.
  [[nodiscard]] Result<Approval> to_give(std::string_view id, const Identity& identity,
                                         const std::vector<std::string>& behind) const;
  // Approves what to_give() named; that is on record by now.
  Status give(std::string_view id, const Identity& identity, const std::vector<std::string>& behind);
  // Takes away what waits, or was approved.
  void refuse(std::string_view id);
  // Uses it up, once, for the same act by whoever asked. kDenied says why not.
  Result<Approval> use(std::string_view id, const Act& act, const Identity& identity);

 private:
  // Under the mutex.
  void forget_old();
  [[nodiscard]] const Approval* find_locked(std::string_view id, const Identity& identity) const;
  [[nodiscard]] Result<Approval> to_give_locked(std::string_view id, const Identity& identity,
                                                const std::vector<std::string>& behind) const;

  const Permissions guarded_;
  const Clock& clock_;
  Random& random_;
  const ApprovalLimits limits_;
  mutable std::mutex mutex_;
  std::map<std::string, Approval, std::less<>> approvals_;  // guarded by it
};

}  // namespace stele::access
