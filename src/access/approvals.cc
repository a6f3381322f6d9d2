#include "access/approvals.h"

#include <algorithm>
#include <array>

#include "base/json_text.h"

namespace stele::access {
namespace {

bool is_person(const Identity& identity) { return identity.is_user() || identity.is_of_provider(); }

bool is_same(const Act& a, const Act& b) { return a.method == b.method && a.target == b.target && a.body == b.body; }

}  // namespace

void Approvals::forget_old() {
  const UnixNanos now = clock_.now();
  std::erase_if(approvals_, [now](const auto& one) { return one.second.until <= now; });
}

Result<Approval> Approvals::ask(const Act& act, const Identity& identity, std::vector<std::string> behind) {
  if (act.target.size() > limits_.text_bytes_max || act.body.size() > limits_.text_bytes_max)
    return Error{Code::kTooLarge, "what a second person is to approve has at most 4,000 bytes"};
  if (!is_utf8(act.target) || !is_utf8(act.body)) return invalid("what a second person is to approve is UTF-8");
  Approval out;
  std::array<std::uint8_t, 8> random;
  random_.fill(random);
  out.id = hex_encode(std::as_bytes(std::span(random)));
  out.act = act;
  out.asked_by = identity.text;
  out.asked_by_name = identity.name;
  out.behind = std::move(behind);
  out.asked = clock_.now();
  out.until = out.asked + limits_.holds;
  const std::lock_guard lock(mutex_);
  forget_old();
  const auto of_one = std::ranges::count_if(approvals_, [&](const auto& one) { return one.second.asked_by == identity.text; });
  if (approvals_.size() >= limits_.waiting_max || static_cast<std::size_t>(of_one) >= limits_.of_one_max)
    return Error{Code::kBusy, "too many acts wait for a second person"};
  approvals_.emplace(out.id, out);
  return out;
}

std::vector<Approval> Approvals::list(const Identity& identity) const {
  std::vector<Approval> out;
  const std::lock_guard lock(mutex_);
  for (const auto& [id, one] : approvals_) {
    if (find_locked(id, identity) != nullptr) out.push_back(one);
  }
  std::ranges::stable_sort(out, {}, &Approval::asked);
  return out;
}

const Approval* Approvals::find_locked(std::string_view id, const Identity& identity) const {
  const auto it = approvals_.find(id);
  if (it == approvals_.end() || it->second.until <= clock_.now()) return nullptr;
  const Approval& one = it->second;
  if (one.asked_by == identity.text) return &one;
  const bool is_his = identity.logs.empty() || (!one.act.log.empty() && identity.is_for(one.act.log));
  return is_his && identity.may(one.act.permission) ? &one : nullptr;
}

Result<Approval> Approvals::find(std::string_view id, const Identity& identity) const {
  const std::lock_guard lock(mutex_);
  if (const Approval* one = find_locked(id, identity)) return *one;
  return Error{Code::kNotFound, "nothing of that id waits"};
}

Result<Approval> Approvals::to_give_locked(std::string_view id, const Identity& identity,
                                           const std::vector<std::string>& behind) const {
  const Approval* one = find_locked(id, identity);
  if (one == nullptr) return Error{Code::kNotFound, "nothing of that id waits"};
  for (const std::string& who : behind) {
    if (who == one->asked_by || std::ranges::find(one->behind, who) != one->behind.end())
      return Error{Code::kDenied, "whoever asks does not approve, nor whoever he let in, or let him in: " + who +
                                      " may be behind both; a second person was let in by another"};
  }
  if (!is_person(identity)) return Error{Code::kDenied, "a person approves, who has logged in; " + identity.name + " is none"};
  if (!one->given_by.empty()) return Error{Code::kConflict, "it was approved before, by " + one->given_by};
  return *one;
}

Result<Approval> Approvals::to_give(std::string_view id, const Identity& identity, const std::vector<std::string>& behind) const {
  const std::lock_guard lock(mutex_);
  return to_give_locked(id, identity, behind);
}

Status Approvals::give(std::string_view id, const Identity& identity, const std::vector<std::string>& behind) {
  const std::lock_guard lock(mutex_);
  if (const auto one = to_give_locked(id, identity, behind); !one) return one.error();
  Approval& one = approvals_.find(id)->second;
  one.given_by = identity.text;
  one.given = clock_.now();
  return {};
}

void Approvals::refuse(std::string_view id) {
  const std::lock_guard lock(mutex_);
  if (const auto it = approvals_.find(id); it != approvals_.end()) approvals_.erase(it);
}

Result<Approval> Approvals::use(std::string_view id, const Act& act, const Identity& identity) {
  const std::lock_guard lock(mutex_);
  forget_old();
  const auto it = approvals_.find(id);
  if (it == approvals_.end()) return Error{Code::kDenied, "there is no such approval, or it was used, or it is too old"};
  if (it->second.asked_by != identity.text) return Error{Code::kDenied, "the approval is another's"};
  if (it->second.given_by.empty()) return Error{Code::kDenied, "nobody has approved it yet"};
  if (!is_same(it->second.act, act)) return Error{Code::kDenied, "what was approved is another act"};
  Approval out = std::move(it->second);
  approvals_.erase(it);
  return out;
}

}  // namespace stele::access
