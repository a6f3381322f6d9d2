#include "ocsf/action.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"

namespace stele::ocsf {
namespace {

struct Words {
  Verb verb;
  std::string_view words;
};

// English as applications write it, SQL, and the syscalls that Linux audit names.
constexpr auto kVerbs = std::to_array<Words>({
    {Verb::kCreate, "create mkdir register new creat mkdirat link linkat symlink symlinkat mknod mknodat"},
    {Verb::kRead, "read get view show describe download export fetch watch lookup head"},
    {Verb::kQuery, "query select search"},
    {Verb::kList, "list"},
    {Verb::kUpdate, "update change modify set patch edit replace configure alter merge"},
    {Verb::kDelete, "truncate delete destroy drop erase purge unlink unlinkat rmdir deletecollection"},
    {Verb::kWrite, "ftruncate write insert put upload import"},
    {Verb::kAdd, "add invite"},
    {Verb::kRemove, "remove"},
    {Verb::kGrant, "grant assign"},
    {Verb::kRevoke, "revoke unassign"},
    {Verb::kAttach, "attach"},
    {Verb::kDetach, "detach"},
    {Verb::kEnable, "enable activate"},
    {Verb::kDisable, "disable deactivate suspend"},
    {Verb::kLock, "lock"},
    {Verb::kUnlock, "unlock"},
    {Verb::kLogin, "login logon signin authenticate"},
    {Verb::kLogout, "logout logoff signout"},
    {Verb::kOpen, "open openat"},
    {Verb::kClose, "close"},
    {Verb::kStart, "start launch"},
    {Verb::kStop, "stop shutdown finish"},
    {Verb::kRestart, "restart"},
    {Verb::kInstall, "install"},
    {Verb::kRename, "rename renameat move"},
    {Verb::kSetSecurity, "chmod fchmod fchmodat chown fchown fchownat lchown"},
    {Verb::kStat, "stat"},
    {Verb::kRun, "run exec execve execveat"},
    {Verb::kEncrypt, "encrypt"},
    {Verb::kDecrypt, "decrypt"},
});

bool has_word(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const std::string_view one = words.substr(0, words.find(' '));
    if (one == word) return true;
    words.remove_prefix(std::min(words.size(), one.size() + 1));
  }
  return false;
}

Verb find_verb(std::string_view word) {
  const auto* const found =
      std::find_if(kVerbs.begin(), kVerbs.end(), [&](const Words& one) { return has_word(one.words, word); });
  return found == kVerbs.end() ? Verb::kNone : found->verb;
}

// "created", "added", "adds" and "renameat2" are "create", "add" and "renameat".
Verb verb_of(std::string_view word) {
  for (const std::string_view ending : {"", "d", "ed", "s", "2", "3"}) {
    if (word.size() <= ending.size() || !word.ends_with(ending)) continue;
    const Verb verb = find_verb(word.substr(0, word.size() - ending.size()));
    if (verb != Verb::kNone) return verb;
  }
  return Verb::kNone;
}

constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
constexpr char lower(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return lower(c); });
  return out;
}

// "AttachUserPolicy", "member_add" and "DROP TABLE" in words, lower case.
void split(std::string_view text, std::vector<std::string>& words) {
  std::string word;
  const auto end = [&] {
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!is_upper(c) && !is_lower(c) && !is_digit(c)) {
      end();
      continue;
    }
    if (is_upper(c) && i > 0 && (is_lower(text[i - 1]) || (i + 1 < text.size() && is_lower(text[i + 1])))) end();
    word += lower(c);
  }
  end();
}

}  // namespace

Action::Action(std::string_view text) : text_(text), area_(lower(text.substr(0, text.find('.')))) {
  const std::size_t stop = text.rfind('.');
  name_at_ = stop == std::string_view::npos || stop + 1 == text.size() ? 0 : stop + 1;
  split(name(), words_);
  for (const std::string& word : words_) {
    verb_ = verb_of(word);
    if (verb_ != Verb::kNone) break;
  }
  split(area_, words_);
}

bool Action::says(std::string_view word) const { return std::find(words_.begin(), words_.end(), word) != words_.end(); }

}  // namespace stele::ocsf
