#include "api/search_request.h"

#include <array>

#include "base/bytes.h"
#include "base/json_text.h"
#include "crypto/sha256.h"
#include "event/json_value.h"
#include "query/document.h"
#include "query/parse.h"

namespace stele::api {
namespace {

using event::JsonType;
using event::JsonValue;

constexpr std::uint64_t kLimitDefault = 100;
constexpr std::size_t kBodyBytesMax = 256U << 10;
constexpr std::string_view kCursorVersion = "1";

// What a request says, before the query is read.
struct Parameters {
  std::string log = "main";
  std::string order = "newest";
  std::uint64_t limit = kLimitDefault;
  std::string cursor;
  bool proof = false;
  std::string text;      // the query as people type it …
  std::string document;  // … or as JSON
};

Result<bool> parse_bool(const std::string& text, std::string_view name) {
  if (text == "true" || text == "1") return true;
  if (text == "false" || text == "0") return false;
  return invalid(std::string(name) + " is true or false, not \"" + text + "\"");
}

Result<std::uint64_t> parse_limit(const std::string& text) {
  const auto limit = parse_decimal(text);
  if (!limit) return invalid("limit is a decimal number, not \"" + text + "\"");
  return *limit;
}

Result<Parameters> from_query(const net::Request& request) {
  Parameters out;
  out.text = request.parameter("q").value_or("");
  out.log = request.parameter("log").value_or(out.log);
  out.order = request.parameter("order").value_or(out.order);
  out.cursor = request.parameter("cursor").value_or("");
  STELE_ASSIGN(out.limit, parse_limit(request.parameter("limit").value_or(std::to_string(kLimitDefault))));
  STELE_ASSIGN(out.proof, parse_bool(request.parameter("proof").value_or("false"), "proof"));
  return out;
}

Status take_member(std::string_view name, const JsonValue& value, Parameters& out) {
  std::string* const text = name == "q"        ? &out.text
                            : name == "log"    ? &out.log
                            : name == "order"  ? &out.order
                            : name == "cursor" ? &out.cursor
                                               : nullptr;
  if (text != nullptr) {
    if (!value.is(JsonType::kString)) return invalid(std::string(name) + " is a string");
    *text = value.text();
  } else if (name == "query") {
    out.document = value.raw();
  } else if (name == "limit") {
    STELE_ASSIGN(out.limit, parse_limit(std::string(value.raw())));
  } else if (name == "proof") {
    STELE_ASSIGN(out.proof, parse_bool(std::string(value.raw()), name));
  } else {
    return invalid("a search has q or query, log, order, limit, cursor and proof, not \"" + std::string(name) + "\"");
  }
  return {};
}

Result<Parameters> from_body(const net::Request& request) {
  if (request.body.size() > kBodyBytesMax) return Error{Code::kTooLarge, "a search has at most 256 KiB"};
  event::JsonTape tape;
  event::JsonError error;
  if (!tape.parse(request.body, {kBodyBytesMax, 64, 20'000}, error)) return invalid(error.path + ": " + error.message);
  Parameters out;
  const JsonValue body(tape);
  if (!body.is(JsonType::kObject)) return invalid("a search is an object: {\"q\":…} or {\"query\":{…}}");
  Status status;
  body.for_each_member([&](std::string_view name, const JsonValue& value) {
    if (status) status = take_member(name, value, out);
  });
  if (!status) return status.error();
  if (!out.document.empty() && !out.text.empty()) return invalid("a search has q or query, not both");
  return out;
}

std::string fingerprint_of(const Parameters& parameters) {
  const Hash hash = crypto::sha256(
      as_byte_span(parameters.log + "\n" + parameters.order + "\n" + parameters.text + "\n" + parameters.document));
  return hex_encode(as_byte_span(hash).first(8));
}

// "1.<now>.<size>.<last>.<total>.<fingerprint>"
Status read_cursor(const std::string& cursor, SearchQuestion& question) {
  std::array<std::string_view, 6> parts;
  std::string_view rest = cursor;
  for (std::string_view& part : parts) {
    part = rest.substr(0, rest.find('.'));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
  }
  const auto now = parse_decimal(parts[1]);
  const auto size = parse_decimal(parts[2]);
  const auto last = parse_decimal(parts[3]);
  const auto total = parse_decimal(parts[4]);
  if (parts[0] != kCursorVersion || !now || !size || !last || !total || !rest.empty() || *now > INT64_MAX || *last == UINT64_MAX)
    return invalid("cursor is what an answer gave as next");
  if (parts[5] != question.fingerprint)
    return invalid("the cursor is of another search: log, order and query stay the same from page to page");
  question.now = static_cast<UnixNanos>(*now);
  question.request.continued = {*size, *last, *total};
  return {};
}

net::Response wrong(const query::QueryError& error) {
  std::string body = query_error_json(error);
  return json_response(400, "{\"error\":{\"code\":\"invalid\"," + body.substr(1) + "}\n");
}

}  // namespace

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

std::string next_cursor(const SearchQuestion& question, const search::SearchResult& result) {
  std::string out(kCursorVersion);
  for (const std::uint64_t number :
       {static_cast<std::uint64_t>(question.now), result.size, result.hits.back().index, result.total}) {
    out += '.';
    append_decimal(out, number);
  }
  return out + "." + question.fingerprint;
}

std::variant<SearchQuestion, net::Response> read_search(const net::Request& request, UnixNanos now, std::uint64_t limit_max) {
  const auto parameters = request.method == "POST" ? from_body(request) : from_query(request);
  if (!parameters) return error_response(parameters.error());
  SearchQuestion question;
  question.log = parameters->log;
  question.proof = parameters->proof;
  question.now = now;
  question.fingerprint = fingerprint_of(*parameters);
  question.request.limit = std::min(parameters->limit, limit_max);
  if (parameters->order == "oldest") {
    question.request.order = search::Order::kOldestFirst;
  } else if (parameters->order != "newest") {
    return error_response(invalid("order is newest or oldest, not \"" + parameters->order + "\""));
  }
  if (!parameters->cursor.empty()) {
    if (const Status read = read_cursor(parameters->cursor, question); !read) return error_response(read.error());
  }
  auto parsed = parameters->document.empty() ? query::parse_query(parameters->text, question.now)
                                             : query::parse_document(parameters->document, question.now);
  if (const auto* error = std::get_if<query::QueryError>(&parsed)) return wrong(*error);
  question.query = std::move(std::get<query::Query>(parsed));
  return question;
}

}  // namespace stele::api
