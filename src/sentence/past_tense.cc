#include "sentence/past_tense.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace stele::sentence {
namespace {

struct Verb {
  std::string_view verb;
  std::string_view past;
};

// By verb: found by bisection.
constexpr Verb kIrregular[] = {
    {"ack", "acknowledged"},
    {"admit", "admitted"},
    {"auth", "authenticated"},
    {"backup", "backed up"},
    {"become", "became"},
    {"begin", "began"},
    {"bind", "bound"},
    {"break", "broke"},
    {"bring", "brought"},
    {"build", "built"},
    {"buy", "bought"},
    {"cancel", "cancelled"},
    {"catch", "caught"},
    {"checkin", "checked in"},
    {"checkout", "checked out"},
    {"choose", "chose"},
    {"come", "came"},
    {"commit", "committed"},
    {"config", "configured"},
    {"control", "controlled"},
    {"cut", "cut"},
    {"debug", "debugged"},
    {"del", "deleted"},
    {"do", "did"},
    {"done", "finished"},
    {"draw", "drew"},
    {"embed", "embedded"},
    {"enrol", "enrolled"},
    {"exec", "executed"},
    {"feed", "fed"},
    {"find", "found"},
    {"forbid", "forbade"},
    {"forget", "forgot"},
    {"format", "formatted"},
    {"freeze", "froze"},
    {"get", "read"},
    {"give", "gave"},
    {"go", "went"},
    {"grow", "grew"},
    {"handover", "handed over"},
    {"hide", "hid"},
    {"hold", "held"},
    {"keep", "kept"},
    {"know", "knew"},
    {"label", "labelled"},
    {"lead", "led"},
    {"leave", "left"},
    {"let", "let"},
    {"lockout", "locked out"},
    {"login", "logged in"},
    {"logoff", "logged off"},
    {"logon", "logged on"},
    {"logout", "logged out"},
    {"lose", "lost"},
    {"make", "made"},
    {"meet", "met"},
    {"mod", "modified"},
    {"override", "overrode"},
    {"overwrite", "overwrote"},
    {"panic", "panicked"},
    {"pay", "paid"},
    {"permit", "permitted"},
    {"put", "put"},
    {"quit", "quit"},
    {"read", "read"},
    {"rebuild", "rebuilt"},
    {"redo", "redid"},
    {"refer", "referred"},
    {"rerun", "reran"},
    {"resend", "resent"},
    {"reset", "reset"},
    {"resubmit", "resubmitted"},
    {"rewrite", "rewrote"},
    {"rm", "removed"},
    {"rollback", "rolled back"},
    {"rollout", "rolled out"},
    {"run", "ran"},
    {"say", "said"},
    {"see", "saw"},
    {"sell", "sold"},
    {"send", "sent"},
    {"set", "set"},
    {"setup", "set up"},
    {"show", "showed"},
    {"shut", "shut"},
    {"shutdown", "shut down"},
    {"signin", "signed in"},
    {"signoff", "signed off"},
    {"signon", "signed on"},
    {"signout", "signed out"},
    {"signup", "signed up"},
    {"spend", "spent"},
    {"split", "split"},
    {"startup", "started up"},
    {"steal", "stole"},
    {"submit", "submitted"},
    {"take", "took"},
    {"takeover", "took over"},
    {"teach", "taught"},
    {"tell", "told"},
    {"timeout", "timed out"},
    {"transfer", "transferred"},
    {"unbind", "unbound"},
    {"undo", "undid"},
    {"unfreeze", "unfroze"},
    {"unset", "unset"},
    {"win", "won"},
    {"withdraw", "withdrew"},
    {"write", "wrote"},
};

static_assert(std::is_sorted(std::begin(kIrregular), std::end(kIrregular),
                             [](const Verb& a, const Verb& b) { return a.verb < b.verb; }));

// Regular ones, to know them by.
constexpr std::string_view kKnown[] = {
    "accept",    "access",   "activate",  "add",          "admit",       "allow",        "analyse",    "apply",     "approve",
    "archive",   "assign",   "associate", "assume",       "attach",      "authenticate", "authorise",  "authorize", "ban",
    "bill",      "block",    "call",      "change",       "charge",      "check",        "clean",      "clear",     "clone",
    "close",     "comment",  "configure", "confirm",      "connect",     "copy",         "crash",      "create",    "deactivate",
    "decline",   "decrypt",  "delete",    "deliver",      "deny",        "deploy",       "deregister", "describe",  "destroy",
    "detach",    "detect",   "disable",   "disassociate", "disconnect",  "dismiss",      "download",   "drop",      "duplicate",
    "edit",      "enable",   "encrypt",   "end",          "enter",       "erase",        "execute",    "expire",    "export",
    "extend",    "fail",     "fetch",     "finish",       "flag",        "generate",     "grant",      "import",    "insert",
    "install",   "invite",   "invoke",    "issue",        "join",        "kill",         "launch",     "link",      "list",
    "load",      "lock",     "lookup",    "map",          "mark",        "merge",        "modify",     "mount",     "move",
    "notify",    "open",     "order",     "patch",        "pause",       "post",         "print",      "promote",   "provision",
    "publish",   "purge",    "push",      "query",        "queue",       "reboot",       "receive",    "recover",   "redirect",
    "refresh",   "refund",   "register",  "reject",       "release",     "reload",       "remove",     "rename",    "renew",
    "reopen",    "replace",  "report",    "request",      "require",     "resolve",      "restart",    "restore",   "restrict",
    "resume",    "retrieve", "revert",    "review",       "revoke",      "rotate",       "save",       "scan",      "schedule",
    "search",    "share",    "sign",      "start",        "stop",        "store",        "subscribe",  "suspend",   "switch",
    "sync",      "tag",      "terminate", "test",         "translate",   "truncate",     "try",        "unassign",  "unblock",
    "uninstall", "unlink",   "unlock",    "unmount",      "unsubscribe", "update",       "upgrade",    "upload",    "use",
    "validate",  "verify",   "view",      "void",         "watch",
};

const Verb* irregular(std::string_view verb) {
  const auto* found = std::lower_bound(std::begin(kIrregular), std::end(kIrregular), verb,
                                       [](const Verb& a, std::string_view b) { return a.verb < b; });
  return found != std::end(kIrregular) && found->verb == verb ? found : nullptr;
}

bool is_vowel(char c) { return std::string_view("aeiou").find(c) != std::string_view::npos; }

// "created", "sent"; not "feed" or "need".
bool is_past(std::string_view word) {
  const bool ends = word.size() > 3 && word.ends_with("ed") && !word.ends_with("eed");
  return ends || std::any_of(std::begin(kIrregular), std::end(kIrregular), [&](const Verb& one) { return one.past == word; });
}

// One syllable of consonant, vowel, consonant: "stop", "unpin".
bool doubles_its_end(std::string_view verb) {
  for (const std::string_view prefix : {"un", "re"}) {
    if (verb.size() > 4 && verb.starts_with(prefix) && !is_vowel(verb[2])) verb.remove_prefix(2);
  }
  if (verb.size() < 3) return false;
  const char last = verb.back();
  if (is_vowel(last) || std::string_view("wxy").find(last) != std::string_view::npos || !is_vowel(verb[verb.size() - 2]))
    return false;
  return std::count_if(verb.begin(), verb.end(), is_vowel) == 1;
}

bool ends_in_consonant_y(std::string_view word) {
  return word.size() > 1 && word.ends_with('y') && !is_vowel(word[word.size() - 2]);
}

}  // namespace

std::string past_tense(std::string_view verb) {
  if (const Verb* found = irregular(verb)) return std::string(found->past);
  std::string out(verb);
  if (out.empty() || is_past(verb)) return out;
  if (out.ends_with('e')) return out + "d";
  if (ends_in_consonant_y(out)) {
    out.pop_back();
    return out + "ied";
  }
  if (doubles_its_end(out)) out.push_back(out.back());
  return out + "ed";
}

bool is_verb(std::string_view word) {
  return irregular(word) != nullptr || is_past(word) || std::find(std::begin(kKnown), std::end(kKnown), word) != std::end(kKnown);
}

std::string_view preposition(std::string_view verb) {
  constexpr std::pair<std::string_view, std::string_view> kWith[] = {
      {"connect", "to"}, {"disconnect", "from"}, {"login", "to"},  {"logoff", "of"},        {"logon", "to"},  {"logout", "of"},
      {"reply", "to"},   {"respond", "to"},      {"signin", "to"}, {"signoff", "of"},       {"signon", "to"}, {"signout", "of"},
      {"signup", "for"}, {"subscribe", "to"},    {"switch", "to"}, {"unsubscribe", "from"},
  };
  const auto* found = std::find_if(std::begin(kWith), std::end(kWith), [&](const auto& one) { return one.first == verb; });
  return found == std::end(kWith) ? std::string_view() : found->second;
}

std::string plural(std::string_view noun) {
  std::string out(noun);
  if (ends_in_consonant_y(out)) {
    out.pop_back();
    return out + "ies";
  }
  for (const std::string_view end : {"s", "x", "ch", "sh"}) {
    if (out.ends_with(end)) return out + "es";
  }
  return out + "s";
}

}  // namespace stele::sentence
