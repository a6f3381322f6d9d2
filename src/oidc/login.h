// The way in through a company's provider, whole: who begins, who comes back, and which role his groups give him.
#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "access/grants.h"
#include "access/identity.h"
#include "base/clock.h"
#include "base/result.h"
#include "login/throttle.h"
#include "oidc/attempts.h"
#include "oidc/group_roles.h"
#include "oidc/provider.h"

namespace stele::oidc {

struct LoginOptions {
  ProviderOptions provider;
  std::string label;       // what the button says
  std::string public_url;  // by which browsers reach this server, "https://stele.example.com"
};

// Thread-safe. The grants, whose roles there are, the clock and the source of randomness outlive it.
class Login {
 public:
  Login(LoginOptions options, GroupRoles roles, const access::Grants& grants, const Clock& clock, Random& random)
      : options_(std::move(options)),
        roles_(std::move(roles)),
        grants_(grants),
        clock_(clock),
        attempts_(clock, random),
        provider_(options_.provider, clock) {}

  [[nodiscard]] const LoginOptions& options() const { return options_; }

  // As Provider.
  void stop() { provider_.stop(); }
  // As Provider.
  [[nodiscard]] std::string logout_url() const { return provider_.logout_url(); }
  // Whether some group has a role with it.
  [[nodiscard]] bool gives(access::Permission permission) const;

  struct Begun {
    std::string cookie;  // that the browser is to come back with
    std::string url;     // where it is to go
  };
  // Blocks, as Provider. kUnavailable.
  Result<Begun> begin();

  struct Verdict {
    Status status;              // kUnauthenticated; kDenied: he is known, and none of his groups has a role; kUnavailable
    access::Identity identity;  // with a good status; of one who is denied its text and name
    Person person;              // where he is known
    std::string group;          // that gave him his role
  };
  // Blocks, as Provider.
  Verdict finish(std::string_view cookie, std::string_view state, const Return& returned);

  // Whether one more failure of this network is to be told in full; of one that fails often they are counted.
  bool tells_in_full(const std::string& network);

 private:
  [[nodiscard]] Verdict judge(Person person) const;

  const LoginOptions options_;
  const GroupRoles roles_;
  const access::Grants& grants_;
  const Clock& clock_;
  Attempts attempts_;
  Provider provider_;
  std::mutex mutex_;
  login::Throttle failures_{{.free_failures = 10, .delay_max = 60'000'000'000}};  // guarded by it
};

}  // namespace stele::oidc
