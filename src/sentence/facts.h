// What the names in a template stand for, of one entry (docs/formats/sentences.md).
#pragma once

#include <string>
#include <string_view>

#include "event/json_tape.h"
#include "event/json_value.h"
#include "sentence/deed.h"

namespace stele::sentence {

class Facts {
 public:
  // The tape, of an entry, outlives it.
  explicit Facts(const event::JsonTape& tape);

  // As people read it; empty when it stands for nothing. Not made printable yet, and no longer than a few hundred bytes.
  [[nodiscard]] std::string find(std::string_view name) const;

  [[nodiscard]] const std::string& action() const { return action_; }
  [[nodiscard]] const std::string& outcome() const { return outcome_; }
  [[nodiscard]] const std::string& category() const { return category_; }

 private:
  [[nodiscard]] std::string actor() const;
  [[nodiscard]] std::string targets() const;
  [[nodiscard]] std::string object() const;
  [[nodiscard]] std::string changes() const;

  event::JsonValue top_;
  event::JsonValue event_;
  std::string action_;
  std::string outcome_;
  std::string category_;
  Deed deed_;
};

}  // namespace stele::sentence
