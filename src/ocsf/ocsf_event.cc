#include "ocsf/ocsf_event.h"

#include "ocsf/draft.h"

namespace stele::ocsf {

Result<std::string> ocsf_event(std::string_view entry, std::uint64_t index, std::string_view log) {
  STELE_ASSIGN(const auto facts, Facts::read(entry));
  Draft draft{*facts, choose(*facts), {}};
  switch (draft.choice.id) {
    case ClassId::kAccountChange:
    case ClassId::kAuthentication:
    case ClassId::kUserAccess:
    case ClassId::kGroupManagement: write_iam(draft); break;
    case ClassId::kNetworkActivity:
    case ClassId::kHttpActivity:
    case ClassId::kSshActivity: write_network(draft); break;
    case ClassId::kFileActivity:
    case ClassId::kScheduledJobActivity:
    case ClassId::kProcessActivity:
    case ClassId::kEventLogActivity: write_system(draft); break;
    case ClassId::kDeviceConfigStateChange:
    case ClassId::kApplicationLifecycle:
    case ClassId::kApiActivity:
    case ClassId::kDatastoreActivity:
    case ClassId::kApplicationError: write_application(draft); break;
    case ClassId::kBaseEvent:
    case ClassId::kDetectionFinding: break;
  }
  return complete(draft, index, log);
}

}  // namespace stele::ocsf
