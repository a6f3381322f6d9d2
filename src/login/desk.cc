#include "login/desk.h"

namespace stele::login {
namespace {

constexpr std::int64_t kNanos = 1'000'000'000;
constexpr const char* kInvitations = "?";  // who is tried where an invitation is: no user has this name

Error too_often(std::int64_t seconds) {
  return {Code::kBusy, "too many tries that failed; the next one may be made in " + std::to_string(seconds) + " s"};
}

}  // namespace

std::int64_t Desk::wait(const std::string& user, const std::string& network) {
  const bool known = credentials_.is_known(user, network);
  const std::lock_guard lock(mutex_);
  return (throttle_.wait(user, network, known, clock_.monotonic()) + kNanos - 1) / kNanos;
}

void Desk::note(bool failed, const std::string& user, const std::string& network) {
  const bool known = credentials_.is_known(user, network);
  const std::lock_guard lock(mutex_);
  if (failed)
    throttle_.failed(user, network, known, clock_.monotonic());
  else
    throttle_.succeeded(user, network);
}

Desk::Verdict Desk::login(const std::string& user, const std::string& password, const std::string& code,
                          const std::string& network) {
  if (const std::int64_t seconds = wait(user, network); seconds > 0) return {too_often(seconds), seconds, std::nullopt};
  Status status = credentials_.check(user, password, code, network);
  auto identity = grants_.user(user, clock_.now());
  // Whose access was taken is told no more than who never had any.
  if (status && !identity) status = Error{Code::kUnauthenticated, CredentialBook::kWrong};
  if (status || status.error().code == Code::kUnauthenticated) note(!status.ok(), user, network);
  if (!status) return {status, 0, std::nullopt};
  return {Status(), 0, std::move(*identity)};
}

Desk::Invited Desk::invited(const std::string& invitation, const std::string& network) {
  if (const std::int64_t seconds = wait(kInvitations, network); seconds > 0) return {too_often(seconds), seconds, {}};
  if (credentials_.is_setup(invitation)) return {Status(), 0, {}};
  const auto user = credentials_.invited(invitation);
  if (user && grants_.user(*user, clock_.now())) return {Status(), 0, *user};
  note(true, kInvitations, network);
  return {Error{Code::kUnauthenticated, "this invitation does not hold: it was used, replaced, or is older than a day"}, 0, {}};
}

}  // namespace stele::login
