#include "ocsf/draft.h"

namespace stele::ocsf {

// The most particular class first; a category alone decides where the event says no more.
Choice choose(const Facts& facts) {
  for (const auto family : {choose_iam, choose_network, choose_system, choose_application}) {
    if (const auto choice = family(facts)) return *choice;
  }
  if (facts.is_category({"security_event", "policy_violation"})) return {ClassId::kDetectionFinding, 1};
  if (facts.is_category({"authentication"}) && !facts.action().says("message")) return {ClassId::kAuthentication, kOther};
  return {ClassId::kBaseEvent, facts.action().says("message") ? kUnknown : kOther};
}

}  // namespace stele::ocsf
