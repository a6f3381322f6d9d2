// What an entry says. A value that is taken into one of OCSF's attributes is remembered, and rest() is all others.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "event/json_value.h"
#include "ocsf/action.h"

namespace stele::ocsf {

using event::JsonValue;

// One of the event's `targets`; texts are empty where they are no strings.
struct Target {
  JsonValue value;
  std::string type;
  std::string id;
  std::string name;
};

class Facts {
 public:
  // `entry` as docs/formats/entry.md has it; kCorrupt where it is none.
  static Result<std::unique_ptr<Facts>> read(std::string_view entry);
  Facts(const Facts&) = delete;
  Facts& operator=(const Facts&) = delete;

  [[nodiscard]] JsonValue entry() const { return JsonValue(tape_); }
  [[nodiscard]] JsonValue event() const { return event_; }
  [[nodiscard]] UnixNanos time() const { return time_; }
  [[nodiscard]] UnixNanos received() const { return received_; }
  [[nodiscard]] const Action& action() const { return *action_; }
  [[nodiscard]] const std::string& category() const { return category_; }  // empty where absent
  [[nodiscard]] const std::string& outcome() const { return outcome_; }
  [[nodiscard]] bool is_category(std::initializer_list<std::string_view> names) const;
  [[nodiscard]] bool is_area(std::initializer_list<std::string_view> names) const;
  [[nodiscard]] const std::string& actor_type() const { return actor_type_; }
  [[nodiscard]] const std::vector<Target>& targets() const { return targets_; }
  // The first target that is of one of these types, or nothing.
  [[nodiscard]] const Target* target(std::initializer_list<std::string_view> types) const;

  // A member of `attributes`.
  [[nodiscard]] JsonValue attribute(std::string_view name) const { return attributes_[name]; }
  // The first of these attributes that is there.
  [[nodiscard]] JsonValue attribute(std::initializer_list<std::string_view> names) const;

  // The text of a string or number; empty, and not taken, for anything else. Taking one twice is fine.
  std::string take(const JsonValue& value);
  std::string take(const Target* target);  // its id, and its type; empty for nothing
  // A decimal integer of 0 to 2^63-1, as a number or a string.
  std::optional<std::int64_t> take_number(const JsonValue& value);

  [[nodiscard]] bool is_taken(const JsonValue& value) const { return taken_.contains(value.raw().data()); }
  // The members of `object` that were not taken, as JSON; empty where there are none.
  [[nodiscard]] std::string rest(const JsonValue& object) const;

 private:
  Facts() = default;
  Status take_in(std::string_view entry);
  bool append_rest(const JsonValue& value, std::string& out) const;

  event::JsonTape tape_;
  JsonValue event_;
  JsonValue attributes_;
  UnixNanos time_ = 0;
  UnixNanos received_ = 0;
  std::optional<Action> action_;
  std::string category_;
  std::string outcome_;
  std::string actor_type_;
  std::vector<Target> targets_;
  std::set<const char*> taken_;  // where the values begin
};

// What a person may read of a value: a string, or the head of one that is kept apart.
std::string readable(const JsonValue& value);

}  // namespace stele::ocsf
