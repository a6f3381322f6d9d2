#include "audit/login_event.h"

#include "base/list_text.h"

namespace stele::audit {
namespace {

event::InternalEvent event_about(const Doer& doer, std::string_view action, const std::string& user, UnixNanos now) {
  event::InternalEvent event = event_by(doer, action, now);
  event.category = "authentication";
  event.targets = {{"user", user.empty() ? "?" : user}};
  return event;
}

}  // namespace

event::InternalEvent login_event(const Doer& doer, const std::string& user, UnixNanos now) {
  event::InternalEvent event = event_about(doer, "stele.login.succeeded", user, now);
  event.message = name_of(doer) + " logged in.";
  return event;
}

event::InternalEvent login_failed_event(const Doer& doer, const std::string& user, const std::string& why, UnixNanos now) {
  constexpr std::size_t kNameBytesMax = 200;  // strangers choose it
  const std::string shown = user.substr(0, kNameBytesMax);
  event::InternalEvent event = event_about(doer, "stele.login.failed", shown, now);
  event.outcome = "failure";
  event.severity = "warning";
  event.message = "Somebody tried to log in as " + (shown.empty() ? "nobody" : shown) + ": " + why + ".";
  event.attributes = {{"why", why}};
  return event;
}

event::InternalEvent provider_login_event(const Doer& doer, const Vouched& vouched, UnixNanos now) {
  event::InternalEvent event = login_event(doer, doer.identity, now);
  const std::string logs = join(vouched.logs);
  for (const auto& [name, value] : {std::pair<const char*, const std::string&>{"issuer", vouched.issuer},
                                    {"subject", vouched.subject},
                                    {"login", vouched.login},
                                    {"email", vouched.email},
                                    {"group", vouched.group},
                                    {"role", vouched.role},
                                    {"logs", logs}}) {
    if (!value.empty()) event.attributes.emplace_back(name, value);
  }
  return event;
}

event::InternalEvent sessions_ended_event(const Doer& doer, const std::string& identity, std::uint64_t sessions, UnixNanos now) {
  event::InternalEvent event = event_about(doer, "stele.session.ended", identity, now);
  event.severity = "notice";
  event.message = name_of(doer) + " ended the sessions of " + identity + ".";
  event.attributes.emplace_back("sessions", sessions);
  return event;
}

event::InternalEvent logout_event(const Doer& doer, UnixNanos now) {
  event::InternalEvent event = event_by(doer, "stele.session.ended", now);
  event.message = name_of(doer) + " logged out.";
  return event;
}

event::InternalEvent invited_event(const Doer& doer, const std::string& user, UnixNanos now) {
  event::InternalEvent event = event_about(doer, "stele.user.invited", user, now);
  event.severity = "notice";
  event.message = name_of(doer) + " invited " + user + " to choose a password.";
  return event;
}

event::InternalEvent joined_event(const Doer& doer, const std::string& user, UnixNanos now) {
  event::InternalEvent event = event_about(doer, "stele.user.joined", user, now);
  event.severity = "notice";
  event.message = user + " followed an invitation and chose a password.";
  return event;
}

}  // namespace stele::audit
