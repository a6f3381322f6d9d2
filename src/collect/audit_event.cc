#include "collect/audit_event.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/bytes.h"
#include "collect/audit_fields.h"
#include "collect/audit_syscalls.h"
#include "records/audit_line.h"

namespace stele::collect {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

// Records that say how and with what, beside one that says what. Sorted.
constexpr auto kBeside = std::to_array<std::string_view>(
    {"AVC_PATH",     "BPRM_FCAPS", "CAPSET",        "CWD",        "EOE",     "EXECVE",      "FD_PAIR", "IPC",
     "IPC_SET_PERM", "MMAP",       "MQ_GETSETATTR", "MQ_NOTIFY",  "MQ_OPEN", "MQ_SENDRECV", "OBJ_PID", "OPENAT2",
     "PATH",         "PROCTITLE",  "SOCKADDR",      "SOCKETCALL", "SYSCALL", "URINGOP"});
bool is_beside(std::string_view type) { return std::binary_search(kBeside.begin(), kBeside.end(), type); }

std::string_view find(const Pairs& pairs, std::string_view name) {
  const auto found = std::find_if(pairs.begin(), pairs.end(), [&](const auto& one) { return one.first == name; });
  return found == pairs.end() ? std::string_view() : std::string_view(found->second);
}

std::string_view value_of(const std::vector<AuditField>& fields, std::string_view name) {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const auto& one) { return one.name == name; });
  return found == fields.end() ? std::string_view() : std::string_view(found->value);
}

// An argument as a shell would take it as one.
void append_argument(std::string& out, std::string_view argument) {
  if (!out.empty()) out.push_back(' ');
  if (!argument.empty() && argument.find_first_of(" \t\n\"'\\$`|&;<>()*?") == std::string_view::npos) {
    out += argument;
    return;
  }
  out.push_back('\'');
  for (const char c : argument) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  out.push_back('\'');
}

// The arguments of EXECVE records, a long one in pieces: a0, a1[0], a1[1], …, with a1_len beside.
class Arguments {
 public:
  void take(const std::vector<AuditField>& fields) {
    for (const AuditField& field : fields) {
      if (field.enriched || field.name.size() < 2 || field.name[0] != 'a') continue;
      const auto number = parse_decimal(field.name.substr(1, field.name.find('[') - 1));
      if (number) arguments_[*number] += field.value;  // pieces come in order
    }
  }
  [[nodiscard]] std::string command() const {
    std::string out;
    for (const auto& [number, text] : arguments_) append_argument(out, text);
    return out;
  }

 private:
  std::map<std::uint64_t, std::string> arguments_;
};

// "0200 PPPP AAAAAAAA" and its likes: struct sockaddr as it lies in memory (saddr of SOCKADDR).
std::string socket_address(std::string_view hex) {
  std::string lower(hex);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c; });
  const auto raw = hex_decode(lower);
  if (!raw || raw->size() < 4) return {};
  const auto byte = [&](std::size_t at) { return static_cast<unsigned>(static_cast<unsigned char>((*raw)[at])); };
  constexpr unsigned kUnix = 1;
  constexpr unsigned kInet = 2;
  constexpr unsigned kInet6 = 10;
  const unsigned family = byte(0) != 0 ? byte(0) : byte(1);  // of either byte order
  const std::string port = std::to_string(byte(2) * 256 + byte(3));
  if (family == kInet && raw->size() >= 8) {
    std::string out;
    for (std::size_t i = 4; i < 8; ++i) out += (out.empty() ? "" : ".") + std::to_string(byte(i));
    return out + ":" + port;
  }
  if (family == kInet6 && raw->size() >= 24) {
    std::string out;
    for (std::size_t i = 8; i < 24; i += 2) out += (out.empty() ? "" : ":") + lower.substr(2 * i, 4);
    return "[" + out + "]:" + port;
  }
  if (family == kUnix) {
    const std::string_view path = std::string_view(*raw).substr(2);
    if (path[0] == '\0') return "@" + std::string(path.substr(1, path.substr(1).find('\0')));  // an abstract one
    return std::string(path.substr(0, path.find('\0')));
  }
  return {};
}

// What stands between NULs in a process' title, and between 0x01 in the keys of rules.
std::string spaced(std::string_view text, char from, char to) {
  std::string out(text);
  while (out.ends_with(from)) out.pop_back();
  std::replace(out.begin(), out.end(), from, to);
  return out;
}

void add_once(Pairs& pairs, std::string_view name, std::string_view value) {
  if (pairs.size() < kAuditEventFieldsMax && find(pairs, name).empty()) pairs.emplace_back(name, value);
}

void take_path(const std::vector<AuditField>& fields, AuditEvent& event) {
  if (event.paths.size() == kAuditPathsMax) return;
  const std::string_view name = value_of(fields, "name");
  if (!name.empty()) event.paths.push_back({std::string(name), std::string(value_of(fields, "nametype"))});
}

void take_line(const records::AuditLine& line, const std::vector<AuditField>& fields, Arguments& arguments, AuditEvent& event) {
  if (line.type == "EXECVE") return arguments.take(fields);
  if (line.type == "PATH") return take_path(fields, event);
  if (line.type == "SOCKADDR") event.address = socket_address(value_of(fields, "saddr"));
  for (const AuditField& field : fields) {
    if (field.enriched)
      add_once(event.enriched, field.name, field.value);
    else if (field.name == "key")
      add_once(event.fields, field.name, spaced(field.value, '\x01', ','));
    else
      add_once(event.fields, field.name, field.value);
  }
}

void finish(const Arguments& arguments, AuditEvent& event) {
  event.command = arguments.command();
  if (event.command.empty()) event.command = event.field("cmd");
  if (event.command.empty()) event.command = spaced(event.field("proctitle"), '\0', ' ');
  if (event.command.size() > kAuditCommandMax) {
    event.command.resize(kAuditCommandMax);
    event.command += "…";
  }
  const std::string_view cwd = event.field("cwd");
  for (AuditPath& path : event.paths) {
    if (path.name[0] == '/' || cwd.empty() || cwd[0] != '/') continue;
    if (path.name.starts_with("./")) path.name.erase(0, 2);
    path.name = std::string(cwd) + (cwd.ends_with('/') ? "" : "/") + path.name;
  }
  event.syscall = find(event.enriched, "SYSCALL");
  if (!event.syscall.empty() || event.field("syscall").empty()) return;
  if (const auto number = parse_decimal(event.field("syscall"))) event.syscall = syscall_name(event.field("arch"), *number);
  if (event.syscall.empty()) event.syscall = event.field("syscall");
}

}  // namespace

std::string_view AuditEvent::field(std::string_view name) const { return find(fields, name); }

std::string_view AuditEvent::id_name(std::string_view field_name, std::string_view enriched_name) const {
  const std::string_view number = field(field_name);
  if (number.empty() || number == "4294967295" || number == "-1" || number == "unset") return {};
  const std::string_view name = find(enriched, enriched_name);
  return name.empty() || name == "unknown" || name.starts_with("unknown(") ? number : name;
}

std::optional<AuditEvent> read_audit_event(std::string_view record) {
  AuditEvent event;
  Arguments arguments;
  std::vector<AuditField> fields;
  std::size_t lines = 0;
  bool has_execve = false;
  std::string first;
  while (!record.empty() && lines < kAuditLinesMax) {
    const std::string_view text = record.substr(0, record.find('\n'));
    record.remove_prefix(std::min(text.size() + 1, record.size()));
    const auto line = records::read_audit_line(text);
    if (!line || (lines > 0 && (line->stamp != event.stamp || line->node != event.node))) return std::nullopt;
    if (lines++ == 0) {
      event.node = line->node;
      event.stamp = line->stamp;
      event.time = line->millis * 1'000'000;
      first = line->type;
    }
    event.types += (event.types.empty() ? "" : ",") + std::string(line->type);
    has_execve = has_execve || line->type == "EXECVE";
    if (event.type.empty() && !is_beside(line->type)) event.type = line->type;
    read_audit_fields(line->fields, line->type == "EXECVE", fields);
    take_line(*line, fields, arguments, event);
  }
  if (lines == 0) return std::nullopt;
  const bool has_syscall = event.types.find("SYSCALL") != std::string::npos;
  if (event.type.empty()) event.type = has_execve ? "EXECVE" : has_syscall ? "SYSCALL" : first;
  finish(arguments, event);
  return event;
}

}  // namespace stele::collect
