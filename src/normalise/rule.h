// One rule of a normaliser: for which records it is, and what it concludes of them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "normalise/draft.h"
#include "normalise/expression.h"
#include "normalise/formula.h"
#include "normalise/record.h"

namespace stele::normalise {

// A field that must be there, or be one of some values.
struct Condition {
  std::string field;
  std::vector<std::string> values;  // none: whatever it is

  [[nodiscard]] bool holds(const Record& record) const;
};

// Further groups, from another text than the record's.
struct Extract {
  Template from;
  Expression match;
};

struct Rule {
  std::string by;  // "sshd/accepted@1"
  std::vector<Condition> conditions;
  std::optional<Expression> match;
  std::vector<Extract> extracts;

  // What is concluded, in the form that its part has.
  struct TextPart {
    Part part;
    Formula formula;
  };
  struct ObjectPart {
    Part part;
    ObjectFormula formula;
  };
  struct ListPart {
    Part part;
    std::vector<ObjectFormula> elements;
  };
  std::vector<TextPart> texts;
  std::vector<ObjectPart> objects;
  std::vector<ListPart> lists;
  std::vector<std::pair<std::string, Formula>> attributes;
  std::vector<std::string> group_names;  // of `match`, then of each extract

  // Whether the rule is for this record, but for what `match` says.
  [[nodiscard]] bool is_for(const Record& record) const;
  // Concludes. False, with the draft as it was, when `match` does not match.
  [[nodiscard]] bool apply(const Record& record, Draft& draft) const;

 private:
  struct Working;
};

}  // namespace stele::normalise
