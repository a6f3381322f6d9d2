#include "ocsf/classes.h"

#include <algorithm>
#include <array>

namespace stele::ocsf {
namespace {

using namespace std::string_view_literals;

constexpr std::array kFile{"Create"sv,         "Read"sv,         "Update"sv,         "Delete"sv,       "Rename"sv,
                           "Set Attributes"sv, "Set Security"sv, "Get Attributes"sv, "Get Security"sv, "Encrypt"sv,
                           "Decrypt"sv,        "Mount"sv,        "Unmount"sv,        "Open"sv};
constexpr std::array kJob{"Create"sv, "Update"sv, "Delete"sv, "Enable"sv, "Disable"sv, "Start"sv};
constexpr std::array kProcess{"Launch"sv, "Terminate"sv, "Open"sv, "Inject"sv, "Set User ID"sv};
constexpr std::array kEventLog{"Clear"sv, "Delete"sv, "Export"sv,  "Archive"sv, "Rotate"sv,
                               "Start"sv, "Stop"sv,   "Restart"sv, "Enable"sv,  "Disable"sv};
constexpr std::array kFinding{"Create"sv, "Update"sv, "Close"sv};
constexpr std::array kAccount{
    "Create"sv,        "Enable"sv, "Password Change"sv,   "Password Reset"sv,     "Disable"sv, "Delete"sv, "Attach Policy"sv,
    "Detach Policy"sv, "Lock"sv,   "MFA Factor Enable"sv, "MFA Factor Disable"sv, "Unlock"sv};
constexpr std::array kAuthentication{
    "Logon"sv,   "Logoff"sv,        "Authentication Ticket"sv, "Service Ticket Request"sv, "Service Ticket Renew"sv,
    "Preauth"sv, "Account Switch"sv};
constexpr std::array kAccess{"Assign Privileges"sv, "Revoke Privileges"sv};
constexpr std::array kGroup{"Assign Privileges"sv, "Revoke Privileges"sv, "Add User"sv, "Remove User"sv, "Delete"sv, "Create"sv,
                            "Add Subgroup"sv,      "Remove Subgroup"sv};
constexpr std::array kNetwork{"Open"sv, "Close"sv, "Reset"sv, "Fail"sv, "Refuse"sv, "Traffic"sv, "Listen"sv};
constexpr std::array kHttp{"Connect"sv, "Delete"sv, "Get"sv, "Head"sv, "Options"sv, "Post"sv, "Put"sv, "Trace"sv, "Patch"sv};
constexpr std::array kConfig{"Log"sv, "Collect"sv};
constexpr std::array kLifecycle{"Install"sv, "Remove"sv, "Start"sv, "Stop"sv, "Restart"sv, "Enable"sv, "Disable"sv, "Update"sv};
constexpr std::array kApi{"Create"sv, "Read"sv, "Update"sv, "Delete"sv};
constexpr std::array kDatastore{"Read"sv,   "Update"sv, "Connect"sv, "Query"sv,   "Write"sv,
                                "Create"sv, "Delete"sv, "List"sv,    "Encrypt"sv, "Decrypt"sv};
constexpr std::array kError{"General Error"sv, "Translation Error"sv};

constexpr std::array kClasses{
    ClassInfo{ClassId::kBaseEvent, "Base Event", {}},
    ClassInfo{ClassId::kFileActivity, "File System Activity", kFile},
    ClassInfo{ClassId::kScheduledJobActivity, "Scheduled Job Activity", kJob},
    ClassInfo{ClassId::kProcessActivity, "Process Activity", kProcess},
    ClassInfo{ClassId::kEventLogActivity, "Event Log Activity", kEventLog},
    ClassInfo{ClassId::kDetectionFinding, "Detection Finding", kFinding},
    ClassInfo{ClassId::kAccountChange, "Account Change", kAccount},
    ClassInfo{ClassId::kAuthentication, "Authentication", kAuthentication},
    ClassInfo{ClassId::kUserAccess, "User Access Management", kAccess},
    ClassInfo{ClassId::kGroupManagement, "Group Management", kGroup},
    ClassInfo{ClassId::kNetworkActivity, "Network Activity", kNetwork},
    ClassInfo{ClassId::kHttpActivity, "HTTP Activity", kHttp},
    ClassInfo{ClassId::kSshActivity, "SSH Activity", kNetwork},
    ClassInfo{ClassId::kDeviceConfigStateChange, "Device Config State Change", kConfig},
    ClassInfo{ClassId::kApplicationLifecycle, "Application Lifecycle", kLifecycle},
    ClassInfo{ClassId::kApiActivity, "API Activity", kApi},
    ClassInfo{ClassId::kDatastoreActivity, "Datastore Activity", kDatastore},
    ClassInfo{ClassId::kApplicationError, "Application Error", kError},
};

constexpr std::array kCategories{
    "Uncategorized"sv, "System Activity"sv,     "Findings"sv, "Identity & Access Management"sv, "Network Activity"sv,
    "Discovery"sv,     "Application Activity"sv};

}  // namespace

std::span<const ClassInfo> classes() { return kClasses; }

const ClassInfo& class_info(ClassId id) {
  return *std::find_if(kClasses.begin(), kClasses.end(), [&](const ClassInfo& one) { return one.id == id; });
}

std::string_view category_name(std::int64_t category_uid) { return kCategories.at(static_cast<std::size_t>(category_uid)); }

}  // namespace stele::ocsf
