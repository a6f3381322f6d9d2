// How the value of one member comes about.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "normalise/template.h"

namespace stele::normalise {

// A template, and perhaps what its text stands for.
struct Formula {
  Template of;
  std::vector<std::pair<std::string, std::string>> choices;  // text → value
  std::optional<std::string> otherwise;                      // for any other text, and for none
  std::string time_format;                                   // of strptime(3); the value is then RFC 3339

  // Each appends and returns true, or leaves `out` as it was: what a name stands for is absent, the text is no choice, or the
  // time is none.
  [[nodiscard]] bool append_text(const Scope& scope, std::string& out) const;
  // A number, boolean, array or object of a document stays what it is.
  [[nodiscard]] bool append_json(const Scope& scope, std::string& out) const;
};

// The members of an object. In the order of the list.
struct ObjectFormula {
  struct Member {
    std::string name;
    Formula formula;
    bool required = false;  // without it there is no object
    bool any = false;       // it may be any JSON value, not only a string
  };
  std::vector<Member> members;
  std::string each;  // path of an array: one object for each of its elements

  // Appends the object; an ip that is no address becomes the host. False, with `out` as it was, when a required member is
  // absent or all are.
  [[nodiscard]] bool append(const Scope& scope, std::string& out) const;
};

}  // namespace stele::normalise
