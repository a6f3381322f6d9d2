// An OCSF event that is being made: which class it has, and what was written of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ocsf/classes.h"
#include "ocsf/facts.h"
#include "ocsf/json_object.h"

namespace stele::ocsf {

struct Choice {
  ClassId id = ClassId::kBaseEvent;
  std::int64_t activity = kUnknown;  // kOther: the action's own name
};

struct Draft {
  Facts& facts;
  Choice choice;
  JsonObject event;               // but for what every class has
  bool has_trace = false;         // the profile `trace` is used
  bool actor_is_subject = false;  // and stands as `user`, not as `actor`
};

// Families of classes: whether an entry is of one of theirs, and the attributes that are the class's own.
std::optional<Choice> choose_iam(const Facts& facts);
void write_iam(Draft& draft);
std::optional<Choice> choose_network(const Facts& facts);
void write_network(Draft& draft);
std::optional<Choice> choose_system(const Facts& facts);
void write_system(Draft& draft);
std::optional<Choice> choose_application(const Facts& facts);
void write_application(Draft& draft);

// The class of every entry.
Choice choose(const Facts& facts);

// What all classes have, around what is written already: the whole event.
std::string complete(Draft& draft, std::uint64_t index, std::string_view log);

}  // namespace stele::ocsf
