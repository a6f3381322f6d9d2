// The event classes of OCSF 1.8.0 that entries are shown as, with their activities.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace stele::ocsf {

inline constexpr std::string_view kVersion = "1.8.0";

enum class ClassId : std::int64_t {
  kBaseEvent = 0,
  kFileActivity = 1001,
  kScheduledJobActivity = 1006,
  kProcessActivity = 1007,
  kEventLogActivity = 1008,
  kDetectionFinding = 2004,
  kAccountChange = 3001,
  kAuthentication = 3002,
  kUserAccess = 3005,
  kGroupManagement = 3006,
  kNetworkActivity = 4001,
  kHttpActivity = 4002,
  kSshActivity = 4007,
  kDeviceConfigStateChange = 5019,
  kApplicationLifecycle = 6002,
  kApiActivity = 6003,
  kDatastoreActivity = 6005,
  kApplicationError = 6008,
};

inline constexpr std::int64_t kUnknown = 0;
inline constexpr std::int64_t kOther = 99;

struct ClassInfo {
  ClassId id;
  std::string_view name;
  std::span<const std::string_view> activities;  // the first is number 1

  [[nodiscard]] std::int64_t uid() const { return static_cast<std::int64_t>(id); }
  [[nodiscard]] std::int64_t category_uid() const { return uid() / 1000; }
};

// Every one. Lives for ever.
std::span<const ClassInfo> classes();
const ClassInfo& class_info(ClassId id);

std::string_view category_name(std::int64_t category_uid);

}  // namespace stele::ocsf
