// What is granted, as requests ask for it and answers show it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "access/grants.h"
#include "api/parameters.h"
#include "api/service.h"
#include "audit/grant_book.h"

namespace stele::api {

// `,"name":"text"`
void append_text_member(std::string& out, std::string_view name, std::string_view text);

// `,"name":["one","two"]`
void append_list_member(std::string& out, std::string_view name, const std::vector<std::string>& list);

// The members of a grant, from "{" on; whoever calls adds more and ends the object.
void append_grant(std::string& out, const access::Grant& grant);

// Those of one kind that the caller may know of: {"tokens":[…]}, {"users":[…]}.
std::string grants_json(const access::Grants& grants, access::Holder holder, const access::Identity& identity);

// The moment that the parameter `at` means: its end, where it is a day or a minute; nothing where it is left out.
Result<std::optional<UnixNanos>> read_at(const net::Request& request, UnixNanos now);
// Answers with what `make` says of the grants, as they were at the time that the parameter `at` says, or are.
void answer_grants(const Service& service, const net::Request& request, const net::Reply& reply,
                   std::function<std::string(const access::Grants&)> make);

// Whether a role may what a policy demands a second person for; one that there is not may nothing.
bool is_guarded_role(const Service& service, const std::string& role);

// Whether what was granted is within what the caller may know of.
bool is_within(const access::Grant& grant, const access::Identity& identity);

// Whether the caller may know of a role: of one that is defined here, who has some of the logs, only when somebody has it there.
bool knows_role(const access::Grants& grants, const std::string& role, const access::Identity& identity);

// What is asked for. kInvalid names what cannot be so; kDenied, kNotFound: there is no such log or role
// that the caller may know of.
Result<audit::GrantBook::Wanted> read_wanted(const Service& service, const Parameters& parameters,
                                             const access::Identity& identity);

}  // namespace stele::api
