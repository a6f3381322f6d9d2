// Holds an act back that a policy wants a second person for, until one has approved it (docs/design/0024-a-second-person.md).
#pragma once

#include <string_view>

#include "access/approvals.h"
#include "access/grants.h"
#include "api/route.h"
#include "audit/recorder.h"
#include "net/http.h"

namespace stele::api {

// Thread-safe. What it is made of outlives it.
class SecondPerson {
 public:
  SecondPerson(access::Approvals& approvals, const access::Grants& grants, audit::Recorder& recorder)
      : approvals_(approvals), grants_(grants), recorder_(recorder) {}

  [[nodiscard]] bool is_needed(const Route& route, const net::Request& request, const Call& call) const;

  // Answers that it waits, once that is on record. Where the request shows an approval of the same act it is used up instead, and
  // `act` is called once that is on record. The route outlives that.
  void hold(const Route& route, const net::Request& request, Call call, const net::Reply& reply, RouteHandler act) const;

 private:
  void ask(const access::Act& act, const net::Request& request, const Call& call, const net::Reply& reply) const;

  access::Approvals& approvals_;
  const access::Grants& grants_;
  audit::Recorder& recorder_;
};

}  // namespace stele::api
