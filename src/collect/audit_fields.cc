#include "collect/audit_fields.h"

#include <algorithm>
#include <array>

namespace stele::collect {
namespace {

constexpr char kEnrichedMark = '\x1d';

// "encoded" in the field dictionary. Sorted. (a0, a1, … of EXECVE are apart.)
constexpr auto kEncoded = std::to_array<std::string_view>({
    "acct",    "addr",  "apparmor",    "cgroup",          "cmd",    "comm",    "cwd",         "data",     "device",    "dir",
    "exe",     "file",  "grp",         "invalid_context", "key",    "name",    "new-chardev", "new-disk", "new-fs",    "new-net",
    "new-rng", "ocomm", "old-chardev", "old-disk",        "old-fs", "old-net", "old-rng",     "path",     "proctitle", "profile",
    "vm",      "watch",
});

bool is_encoded(std::string_view name) { return std::binary_search(kEncoded.begin(), kEncoded.end(), name); }

bool is_argument(std::string_view name) { return name.size() > 1 && name[0] == 'a' && name[1] >= '0' && name[1] <= '9'; }

int digit(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; }

// Capital hexadecimal digits, as libaudit writes what is not printable. Else the text itself.
std::string decoded(std::string_view text) {
  std::string out;
  if (text.size() % 2 != 0) return std::string(text);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = digit(text[i]);
    const int low = digit(text[i + 1]);
    if (high < 0 || low < 0) return std::string(text);
    out.push_back(static_cast<char>(high * 16 + low));
  }
  return out;
}

bool is_nothing(std::string_view value) {
  return value.empty() || value == "?" || value == "(null)" || value == "(none)" || value == "(unset)";
}

class Reader {
 public:
  Reader(bool is_execve, std::vector<AuditField>& out) : is_execve_(is_execve), out_(out) {}

  void read(std::string_view text, bool enriched) {
    while (out_.size() < kAuditFieldsMax) {
      text.remove_prefix(std::min(text.find_first_not_of(" ,\t\n\r"), text.size()));
      if (text.empty()) return;
      if (text[0] == '{' && !enriched) {
        permissions(text);
        continue;
      }
      const auto end = text.find_first_of("= {");
      if (end != std::string_view::npos && end > 0 && text[end] == '=') {
        const std::string_view name = text.substr(0, end);
        text.remove_prefix(end + 1);
        value(name, text, enriched);
      } else {
        const std::string_view word = text.substr(0, std::max<std::size_t>(1, std::min(text.find_first_of(" {"), text.size())));
        text.remove_prefix(word.size());
        bare(word);
      }
    }
  }

 private:
  // "{ read write }" of an SELinux record.
  void permissions(std::string_view& text) {
    const auto end = std::min(text.find('}'), text.size());
    std::string_view inside = text.substr(1, end > 0 ? end - 1 : 0);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (inside.starts_with(' ')) inside.remove_prefix(1);
    while (inside.ends_with(' ')) inside.remove_suffix(1);
    if (avc_) add("seperms", std::string(inside), false);
  }

  void bare(std::string_view word) {
    if (word == "avc:") avc_ = true;
    if (avc_ && (word == "denied" || word == "granted")) add("seresult", std::string(word), false);
    if (!avc_ && !out_.empty() && out_.back().name == "op" && in_op_) out_.back().value += " " + std::string(word);
  }

  // Takes the value at the front of `text`.
  void value(std::string_view name, std::string_view& text, bool enriched) {
    in_op_ = name == "op";
    const char first = text.empty() ? ' ' : text[0];
    if (first == '"' || first == '\'' || (first == '{' && enriched)) {
      // User space's own part ends with the last quote of the line: what is in it is not encoded everywhere.
      const bool nested = first == '\'' && name == "msg";
      const char last = first == '{' ? '}' : first;
      const auto end = nested ? text.rfind(last) : text.find(last, 1);
      const bool closed = end != std::string_view::npos && end > 0;
      const std::string_view inside = text.substr(1, (closed ? end : text.size()) - 1);
      text.remove_prefix(closed ? end + 1 : text.size());
      if (nested || first == '{') return read(inside, enriched);
      return add(name, std::string(inside), enriched);
    }
    std::string_view plain = text.substr(0, std::min(text.find(' '), text.size()));
    text.remove_prefix(plain.size());
    if (plain.ends_with(',')) plain.remove_suffix(1);
    if (is_nothing(plain)) return;
    const bool encoded = !enriched && (is_encoded(name) || (is_execve_ && is_argument(name)));
    add(name, encoded ? decoded(plain) : std::string(plain), enriched);
  }

  void add(std::string_view name, std::string value, bool enriched) {
    if (out_.size() < kAuditFieldsMax) out_.push_back({name, std::move(value), enriched});
  }

  bool is_execve_;
  std::vector<AuditField>& out_;
  bool avc_ = false;
  bool in_op_ = false;
};

}  // namespace

void read_audit_fields(std::string_view text, bool is_execve, std::vector<AuditField>& out) {
  out.clear();
  const auto mark = text.find(kEnrichedMark);
  Reader reader(is_execve, out);
  reader.read(text.substr(0, mark), false);
  if (mark != std::string_view::npos) reader.read(text.substr(mark + 1), true);
}

}  // namespace stele::collect
