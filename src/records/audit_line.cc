#include "records/audit_line.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"

namespace stele::records {
namespace {

constexpr std::size_t kNodeBytesMax = 255;
constexpr std::size_t kTypeBytesMax = 64;

// Types whose records come with others of the same serial: 1006, 1300–1999 of the dictionary. Sorted.
constexpr auto kTogether = std::to_array<std::string_view>({
    "ANOM_ABEND",
    "ANOM_CREAT",
    "ANOM_LINK",
    "ANOM_PROMISCUOUS",
    "AVC",
    "AVC_PATH",
    "BPF",
    "BPRM_FCAPS",
    "CAPSET",
    "CONFIG_CHANGE",
    "CWD",
    "DM_CTRL",
    "DM_EVENT",
    "EOE",
    "EVENT_LISTENER",
    "EXECVE",
    "FANOTIFY",
    "FD_PAIR",
    "FEATURE_CHANGE",
    "FS_WATCH",
    "IPC",
    "IPC_SET_PERM",
    "KERNEL_OTHER",
    "KERN_MODULE",
    "LOGIN",
    "MAC_CALIPSO_ADD",
    "MAC_CALIPSO_DEL",
    "MAC_CIPSOV4_ADD",
    "MAC_CIPSOV4_DEL",
    "MAC_CONFIG_CHANGE",
    "MAC_MAP_ADD",
    "MAC_MAP_DEL",
    "MAC_POLICY_LOAD",
    "MAC_STATUS",
    "MAC_UNLBL_ALLOW",
    "MAC_UNLBL_STCADD",
    "MAC_UNLBL_STCDEL",
    "MMAP",
    "MQ_GETSETATTR",
    "MQ_NOTIFY",
    "MQ_OPEN",
    "MQ_SENDRECV",
    "NETFILTER_CFG",
    "NETFILTER_PKT",
    "OBJ_PID",
    "OPENAT2",
    "PATH",
    "PROCTITLE",
    "REPLACE",
    "SECCOMP",
    "SELINUX_ERR",
    "SOCKADDR",
    "SOCKETCALL",
    "SYSCALL",
    "TIME_ADJNTPVAL",
    "TIME_INJOFFSET",
    "TTY",
    "URINGOP",
});

constexpr auto kTogetherFamilies =
    std::to_array<std::string_view>({"APPARMOR", "INTEGRITY_", "MAC_IPSEC_", "MAC_TASK_", "MAC_OBJ_"});

// What stands before `end`, taken off the front; nothing when it is empty, too long or not there.
std::optional<std::string_view> take_until(std::string_view& text, std::string_view end, std::size_t bytes_max) {
  const auto at = text.substr(0, bytes_max + end.size()).find(end);
  if (at == std::string_view::npos || at == 0) return std::nullopt;
  const std::string_view out = text.substr(0, at);
  text.remove_prefix(at + end.size());
  return out;
}

bool take(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

bool is_digits(std::string_view text) { return text.find_first_not_of("0123456789") == std::string_view::npos; }

}  // namespace

std::optional<AuditLine> read_audit_line(std::string_view line) {
  constexpr std::size_t kSecondsDigitsMax = 10;
  constexpr std::int64_t kMillisMax = 9'000'000'000'000;  // year 2255: nanoseconds of it fit
  constexpr std::size_t kSerialDigitsMax = 20;
  AuditLine out;
  if (take(line, "node=")) {
    const auto node = take_until(line, " ", kNodeBytesMax);
    if (!node) return std::nullopt;
    out.node = *node;
  }
  if (!take(line, "type=")) return std::nullopt;
  const auto type = take_until(line, " ", kTypeBytesMax);
  if (!type || !take(line, "msg=audit(")) return std::nullopt;
  out.type = *type;
  const char* stamp = line.data();
  const auto seconds = take_until(line, ".", kSecondsDigitsMax);
  const auto millis = seconds ? take_until(line, ":", 3) : std::nullopt;
  const auto serial = millis ? take_until(line, "):", kSerialDigitsMax) : std::nullopt;
  if (!serial || millis->size() != 3 || !is_digits(*seconds) || !is_digits(*millis) || !is_digits(*serial)) return std::nullopt;
  out.time = {stamp, seconds->size() + 1 + millis->size()};
  out.stamp = {stamp, out.time.size() + 1 + serial->size()};
  out.serial = *serial;
  const auto number = [](std::string_view digits) {
    std::int64_t value = 0;
    for (const char c : digits) value = value * 10 + (c - '0');
    return value;
  };
  out.millis = number(*seconds) * 1000 + number(*millis);
  if (out.millis > kMillisMax) return std::nullopt;
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  out.fields = line;
  return out;
}

bool stands_alone(std::string_view type) {
  constexpr std::string_view kUnknown = "UNKNOWN[";
  if (type.starts_with(kUnknown)) {
    const auto number = parse_decimal(type.substr(kUnknown.size(), type.find(']') - kUnknown.size())).value_or(1300);
    return (number >= 1100 && number < 1300) || number >= 2000;
  }
  if (std::binary_search(kTogether.begin(), kTogether.end(), type)) return false;
  return std::none_of(kTogetherFamilies.begin(), kTogetherFamilies.end(),
                      [&](std::string_view family) { return type.starts_with(family); });
}

}  // namespace stele::records
