// OCSF's objects, as JSON, of what an entry says. They take what they use; an empty text is no object.
#pragma once

#include <string>
#include <string_view>

#include "ocsf/facts.h"

namespace stele::ocsf {

// Where a class requires a text that the entry does not have.
inline constexpr std::string_view kUnknownText = "Unknown";

// Characters of OCSF's ip_t at most; a longer spelling stands as `name`.
inline constexpr std::size_t kAddressMax = 40;

// The actor as `user` ("" for a system process) and as `actor`.
std::string actor_user(Facts& facts);
std::string actor_object(Facts& facts);
std::string session_object(Facts& facts);
// A target as `user`, or one that is not known.
std::string user_object(Facts& facts, const Target* target);

// The machine that the event is of: empty where nothing names one.
std::string host_name(const Facts& facts);
std::string device_object(Facts& facts);
// Where the actor came from, its port in the attribute `port_name`; empty where nothing is known.
std::string source_endpoint(Facts& facts, std::string_view port_name = {});

// {"name":…} of a target's id, or of "Unknown"; with `type_id` 0 where `typed`.
std::string named_object(Facts& facts, const Target* target, bool typed);
// A file's path, and its last part as its name.
std::string file_object(std::string_view path, std::string_view type);
// `resources`: every target but one.
std::string resource_list(Facts& facts, const Target* but = nullptr);

std::string http_request(Facts& facts);
std::string http_response(Facts& facts);
// The method, upper case, where one of HTTP's is named; else empty.
std::string http_method(const Facts& facts);

}  // namespace stele::ocsf
