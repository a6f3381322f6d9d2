#include "login/desk.h"

#include "base/bytes.h"
#include "login/secret_text.h"

namespace stele::login {
namespace {

// Who is tried where no user can have the name, and where an invitation is.
constexpr const char* kNobody = "?";

std::int64_t seconds_of(std::int64_t nanos) { return (nanos + kSecond - 1) / kSecond; }

Error too_often(std::int64_t seconds) {
  return {Code::kBusy, "too many tries that failed; the next one may be made in " + std::to_string(seconds) + " s"};
}

}  // namespace

Desk::Verdict Desk::login(const Shown& shown) {
  const std::string tried = access::is_user_id(shown.user) ? shown.user : kNobody;
  const bool has_device = !shown.device.empty() && credentials_.is_device(tried, shown.device);
  const bool known = has_device || credentials_.is_known(tried, shown.network);
  // What others do from his network is not what his browser does. No network has such a name.
  const std::string from = has_device ? "device " + hex_encode(as_byte_span(hash_of_secret(shown.device))) : shown.network;
  {
    const std::lock_guard lock(mutex_);
    const std::int64_t seconds = seconds_of(throttle_.wait(tried, from, known, clock_.monotonic()));
    if (seconds > 0) return {too_often(seconds), seconds, std::nullopt, 0, ""};
  }
  const std::uint64_t generation = credentials_.generation(shown.user);
  std::string device = has_device ? shown.device : make_secret_text(random_);
  Status status = credentials_.check(shown.user, shown.password, shown.code, shown.network, device);
  auto identity = grants_.user(shown.user, clock_.now());
  // Whose access was taken is told no more than who never had any.
  if (status && !identity) status = unauthenticated(CredentialBook::kWrong);
  const std::lock_guard lock(mutex_);
  if (status) {
    throttle_.succeeded(tried, from);
    grants_.note_use(identity->text, clock_.now());
    return {Status(), 0, std::move(*identity), generation, std::move(device)};
  }
  if (status.error().code == Code::kUnauthenticated) throttle_.failed(tried, from, known, clock_.monotonic());
  return {status, 0, std::nullopt, 0, ""};
}

// 256 random bits are not guessed: a network slows down itself alone.
Desk::Invited Desk::invited(const std::string& invitation, const std::string& network) {
  {
    const std::lock_guard lock(mutex_);
    const std::int64_t seconds = seconds_of(invitations_.wait(kNobody, network, true, clock_.monotonic()));
    if (seconds > 0) return {too_often(seconds), seconds, {}};
  }
  if (credentials_.is_setup(invitation) && grants_.is_empty(clock_.now())) return {Status(), 0, {}};
  const auto user = credentials_.invited(invitation);
  if (user && grants_.user(*user, clock_.now())) return {Status(), 0, *user};
  const std::lock_guard lock(mutex_);
  invitations_.failed(kNobody, network, true, clock_.monotonic());
  return {unauthenticated("this invitation does not hold: it was used, replaced, or is older than a day"), 0, {}};
}

}  // namespace stele::login
