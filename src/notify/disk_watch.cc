#include "notify/disk_watch.h"

#include <fmt/format.h>

namespace stele::notify {
namespace {

std::string size_text(std::uint64_t bytes) {
  constexpr double kGiB = 1U << 30;
  constexpr double kMiB = 1U << 20;
  const auto value = static_cast<double>(bytes);
  return value >= kGiB ? fmt::format("{:.1f} GiB", value / kGiB) : fmt::format("{:.1f} MiB", value / kMiB);
}

}  // namespace

std::optional<event::InternalEvent> DiskWatch::sample(const io::Space& space, UnixNanos now) {
  constexpr double kAll = 100.0;
  if (space.bytes == 0) return std::nullopt;
  const double free = kAll * static_cast<double>(space.free) / static_cast<double>(space.bytes);
  const bool filling = free < percent_ + (filling_ ? 1 : 0);
  if (filling == filling_) return std::nullopt;
  event::InternalEvent event;
  event.time = now;
  event.action = filling ? "stele.disk.filling" : "stele.disk.roomy";
  event.category = filling ? "system_error" : "system_activity";
  event.outcome = filling ? "failure" : "success";
  event.severity = filling ? "warning" : "info";
  event.message = filling ? fmt::format("The disk of {} has {} left, {:.1f} % of it; when it is full the log stops.", path_,
                                        size_text(space.free), free)
                          : fmt::format("The disk of {} has {} left again, {:.1f} % of it.", path_, size_text(space.free), free);
  event.targets = {{"disk", path_}};
  event.attributes = {{"free_bytes", space.free}, {"bytes", space.bytes}, {"warn_percent", std::uint64_t{percent_}}};
  return event;
}

}  // namespace stele::notify
