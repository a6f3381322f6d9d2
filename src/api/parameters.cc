#include "api/parameters.h"

#include "api/responses.h"
#include "base/bytes.h"
#include "base/json_text.h"
#include "event/json_value.h"
#include "query/document.h"
#include "query/parse.h"

namespace stele::api {
namespace {

using event::JsonType;
using event::JsonValue;

constexpr std::size_t kBodyBytesMax = 256U << 10;

std::string text_of(const JsonValue& value) {
  if (value.is(JsonType::kString)) return value.text();
  if (!value.is(JsonType::kArray)) return std::string(value.raw());
  std::string out;
  value.for_each([&](const JsonValue& one) { out += (out.empty() ? "" : ",") + one.text(); });
  return out;
}

Error unknown_name(const std::string& name, const std::set<std::string_view>& known) {
  std::string names;
  for (const std::string_view one : known) names += (names.empty() ? "" : ", ") + std::string(one);
  return invalid("there is no \"" + name + "\" here, but " + names);
}

}  // namespace

Result<Parameters> Parameters::read(const net::Request& request, const std::set<std::string_view>& known) {
  STELE_ASSIGN(Parameters out, read_all(request, request.method == "POST"));
  for (const auto& [name, value] : out.values_) {
    if (!known.contains(name)) return unknown_name(name, known);
  }
  return out;
}

Result<Parameters> Parameters::read_all(const net::Request& request, bool of_body) {
  Parameters out;
  if (!of_body) {
    for (auto& [name, value] : request.parameters()) {
      if (!out.values_.emplace(name, std::move(value)).second) return invalid("\"" + name + "\" stands twice");
    }
    return out;
  }
  if (request.body.size() > kBodyBytesMax) return Error{Code::kTooLarge, "the body has at most 256 KiB"};
  event::JsonTape tape;
  event::JsonError error;
  if (!tape.parse(request.body, {kBodyBytesMax, 64, 20'000}, error))
    return invalid("the body" + (error.path.empty() ? "" : ", at " + error.path) + ": " + error.message);
  const JsonValue body(tape);
  if (!body.is(JsonType::kObject)) return invalid("the body is an object: {\"q\":…} or {\"query\":{…}}");
  body.for_each_member([&](std::string_view name, const JsonValue& value) {
    out.values_.emplace(name, name == "query" ? std::string(value.raw()) : text_of(value));
  });
  return out;
}

std::string Parameters::text(const std::string& name, std::string otherwise) const {
  const auto it = values_.find(name);
  return it == values_.end() ? std::move(otherwise) : it->second;
}

Result<std::uint64_t> Parameters::number(const std::string& name, std::uint64_t otherwise) const {
  const auto it = values_.find(name);
  if (it == values_.end()) return otherwise;
  const auto number = parse_decimal(it->second);
  if (!number) return invalid(name + " is a decimal number, not \"" + it->second + "\"");
  return *number;
}

Result<bool> Parameters::truth(const std::string& name) const {
  const std::string value = text(name, "false");
  if (value == "true" || value == "1") return true;
  if (value == "false" || value == "0") return false;
  return invalid(name + " is true or false, not \"" + value + "\"");
}

std::variant<query::Query, net::Response> read_query(const Parameters& parameters, UnixNanos now) {
  const std::string text = parameters.text("q");
  const std::string document = parameters.text("query");
  if (!text.empty() && !document.empty()) return error_response(invalid("the query is q or query, not both"));
  auto parsed = document.empty() ? query::parse_query(text, now) : query::parse_document(document, now);
  if (const auto* error = std::get_if<query::QueryError>(&parsed))
    return json_response(400, "{\"error\":{\"code\":\"invalid\"," + query_error_json(*error).substr(1) + "}\n");
  return std::move(std::get<query::Query>(parsed));
}

std::string query_error_json(const query::QueryError& error) {
  std::string out = "{\"message\":";
  append_json_string(out, error.message);
  if (error.at) {
    out += ",\"at\":";
    append_decimal(out, *error.at);
  }
  if (!error.suggestion.empty()) {
    out += ",\"suggestion\":";
    append_json_string(out, error.suggestion);
  }
  return out + "}";
}

}  // namespace stele::api
