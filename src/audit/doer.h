// Who did what an entry of "audit" tells.
#pragma once

#include <string>

#include "event/internal_event.h"

namespace stele::audit {

struct Doer {
  std::string identity;  // access::Identity::text; empty: nobody known
  std::string name;
  std::string address;  // "203.0.113.9"; empty where there is none
};

// His name, or what he is called where he has none.
inline const std::string& name_of(const Doer& doer) { return doer.name.empty() ? doer.identity : doer.name; }

// An event that he did; all else is to be said.
inline event::InternalEvent event_by(const Doer& doer, std::string_view action, UnixNanos now) {
  event::InternalEvent event;
  event.time = now;
  event.actor_type = "user";
  event.actor_id = doer.identity.empty() ? "anonymous" : doer.identity;
  event.actor_name = doer.name;
  event.origin_ip = doer.address;
  event.action = action;
  return event;
}

}  // namespace stele::audit
