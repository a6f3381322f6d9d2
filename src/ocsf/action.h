// What an action's name says: "aws.iam.AttachUserPolicy", "group.member_add" and "postgres.DROP TABLE" in words.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stele::ocsf {

enum class Verb : std::uint8_t {
  kNone,
  kCreate,
  kRead,
  kQuery,
  kList,
  kUpdate,
  kWrite,
  kDelete,
  kAdd,
  kRemove,
  kGrant,
  kRevoke,
  kAttach,
  kDetach,
  kEnable,
  kDisable,
  kLock,
  kUnlock,
  kLogin,
  kLogout,
  kOpen,
  kClose,
  kStart,
  kStop,
  kRestart,
  kInstall,
  kRename,
  kSetSecurity,
  kStat,
  kRun,
  kEncrypt,
  kDecrypt,
};

class Action {
 public:
  explicit Action(std::string_view text);

  [[nodiscard]] const std::string& text() const { return text_; }
  // Before the first full stop, lower case; all of it where there is none.
  [[nodiscard]] const std::string& area() const { return area_; }
  // Behind the last full stop, as it came.
  [[nodiscard]] std::string_view name() const { return std::string_view(text_).substr(name_at_); }
  // The first word of the name that is one, also in the past tense.
  [[nodiscard]] Verb verb() const { return verb_; }
  // Whether one of the words, of the area or of the name, is this; lower case.
  [[nodiscard]] bool says(std::string_view word) const;

 private:
  std::string text_;
  std::string area_;
  std::size_t name_at_ = 0;
  std::vector<std::string> words_;
  Verb verb_ = Verb::kNone;
};

}  // namespace stele::ocsf
