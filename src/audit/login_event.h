// Who logged in, or tried to, as entries of the log "audit" (docs/formats/access.md). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "audit/doer.h"
#include "event/internal_event.h"

namespace stele::audit {

// `user` is who he said he is; the doer's identity is empty where he did not prove it.
event::InternalEvent login_event(const Doer& doer, const std::string& user, UnixNanos now);
event::InternalEvent login_failed_event(const Doer& doer, const std::string& user, const std::string& why, UnixNanos now);
// What a company's provider said of who logged in through it.
struct Vouched {
  std::string issuer;
  std::string subject;
  std::string login;  // preferred_username; empty, as the next: it is not said
  std::string email;
  std::string group;  // that gave him his role
  std::string role;
  std::vector<std::string> logs;
};
event::InternalEvent provider_login_event(const Doer& doer, const Vouched& vouched, UnixNanos now);
// The doer ended the sessions of somebody else.
event::InternalEvent sessions_ended_event(const Doer& doer, const std::string& identity, std::uint64_t sessions, UnixNanos now);
event::InternalEvent logout_event(const Doer& doer, UnixNanos now);
// An invitation was made for the user; what he had before to prove himself is worth nothing any more.
event::InternalEvent invited_event(const Doer& doer, const std::string& user, UnixNanos now);
// He followed his invitation, and chose a password.
event::InternalEvent joined_event(const Doer& doer, const std::string& user, UnixNanos now);

}  // namespace stele::audit
