// The members of an event that Stele knows, and the check of a parsed event against them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "event/json_tape.h"

namespace stele::event {

// The categories, outcomes, actor types and severities that an event may name.
std::span<const std::string_view> categories();
std::span<const std::string_view> outcomes();
std::span<const std::string_view> actor_types();
std::span<const std::string_view> severities();

// Whether `text` has the form of an IPv4 or IPv6 address (RFC 4291), a zone behind '%' allowed.
bool is_ip_address(std::string_view text);

// Where the members stand that the rest of the intake wants; 0 where absent (node 0 is the event itself).
struct EventMembers {
  std::uint32_t id = 0;
  std::uint32_t time = 0;
  std::uint32_t actor = 0;
  std::uint32_t action = 0;
  std::uint32_t outcome = 0;
  std::uint32_t origin = 0;
};

// Holds `tape` against the schema. False with `error` filled at the first violation; `warnings` gets unknown members
// that look like misspelt known ones.
[[nodiscard]] bool check_event(const JsonTape& tape, EventMembers& members, std::vector<JsonError>& warnings, JsonError& error);

// The published JSON Schema (draft 2020-12) of an event, made from the same tables.
std::string event_schema();

}  // namespace stele::event
