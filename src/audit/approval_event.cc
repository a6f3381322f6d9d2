#include "audit/approval_event.h"

namespace stele::audit {
namespace {

struct StepText {
  std::string_view action;
  std::string_view words;
};

StepText text_of(ApprovalStep step) {
  switch (step) {
    case ApprovalStep::kAsked: return {"stele.approval.asked", " asked a second person to approve an act"};
    case ApprovalStep::kGiven: return {"stele.approval.given", " approved an act of another"};
    case ApprovalStep::kRefused: return {"stele.approval.refused", " refused an act that was to be approved"};
    case ApprovalStep::kUsed: break;
  }
  return {"stele.approval.used", " begins what was approved"};
}

}  // namespace

event::InternalEvent approval_event(ApprovalStep step, const access::Approval& approval, const Doer& doer, UnixNanos now) {
  const StepText text = text_of(step);
  event::InternalEvent event = event_by(doer, text.action, now);
  event.category = "privileged_activity";
  event.severity = "notice";
  event.message = name_of(doer) + std::string(text.words) + ".";
  event.targets = {{"approval", approval.id}};
  event.attributes = {{"permission", std::string(permission_id(approval.act.permission))},
                      {"asked_by", approval.asked_by},
                      {"method", approval.act.method},
                      {"target", approval.act.target}};
  if (!approval.act.body.empty()) event.attributes.emplace_back("body", approval.act.body);
  if (!approval.given_by.empty()) event.attributes.emplace_back("given_by", approval.given_by);
  return event;
}

}  // namespace stele::audit
