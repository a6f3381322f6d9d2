// Whose the accounts are: one person's names in many systems, those that many share, and those that are nobody's
// (docs/formats/people.md). Looked up when something is read; what is stored never changes for it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace stele::people {

inline constexpr std::size_t kDirectoryBytesMax = 16U << 20;
inline constexpr std::size_t kAccountsMax = 1'000'000;

// An account's name in one source, or, without a source, in all of them.
struct Account {
  std::string source;
  std::string name;
  auto operator<=>(const Account&) const = default;
};

struct Person {
  std::string id;
  std::string name;
  std::string email;
  std::vector<Account> accounts;
};

class Directory {
 public:
  Directory() = default;
  // kInvalid names file and line. `file` is for errors alone.
  static Result<Directory> parse(const std::string& yaml, const std::string& file);

  [[nodiscard]] const std::vector<Person>& people() const { return people_; }
  // Whose the account is; its name in that very source goes before its name in all. Null when it is nobody's.
  [[nodiscard]] const Person* owner(std::string_view source, std::string_view account) const;
  // Many people use it: the directory says so.
  [[nodiscard]] bool is_shared(std::string_view source, std::string_view account) const;

 private:
  [[nodiscard]] std::optional<std::size_t> find(std::string_view source, std::string_view account) const;

  static constexpr std::size_t kShared = SIZE_MAX;
  std::vector<Person> people_;
  std::map<Account, std::size_t> owners_;  // index of the person, or kShared
};

// Whether the name is one that systems have of their own (root, admin, postgres, …): whoever acts under it is not named.
bool is_generic(std::string_view account);

}  // namespace stele::people
