#include "api/search_request.h"

#include <array>

#include "api/parameters.h"
#include "api/responses.h"
#include "base/bytes.h"
#include "base/json_text.h"
#include "crypto/sha256.h"

namespace stele::api {
namespace {

constexpr std::uint64_t kLimitDefault = 100;
constexpr std::string_view kCursorVersion = "1";

std::string fingerprint_of(const Parameters& parameters) {
  std::string all;
  for (const char* name : {"log", "order", "q", "query"}) all += parameters.text(name) + "\n";
  return hex_encode(as_byte_span(crypto::sha256(as_byte_span(all))).first(8));
}

// "1.<now>.<size>.<last>.<total>.<fingerprint>"
struct CursorParts {
  explicit CursorParts(std::string_view cursor) : rest(cursor) {
    for (std::string_view& part : parts) {
      part = rest.substr(0, rest.find('.'));
      rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    }
  }
  std::array<std::string_view, 6> parts;
  std::string_view rest;  // of what is none
};

Status read_cursor(const std::string& cursor, SearchQuestion& question) {
  const auto [parts, rest] = CursorParts(cursor);
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

Result<SearchQuestion> read_options(const Parameters& parameters, UnixNanos now, std::uint64_t limit_max) {
  SearchQuestion question;
  question.log = parameters.text("log", question.log);
  question.now = now;
  question.fingerprint = fingerprint_of(parameters);
  STELE_ASSIGN(question.proof, parameters.truth("proof"));
  STELE_ASSIGN(question.sentences, parameters.truth("sentences"));
  STELE_ASSIGN(question.ocsf, wants_ocsf(parameters.text("format")));
  STELE_ASSIGN(question.request.limit, parameters.number("limit", kLimitDefault));
  question.request.limit = std::min(question.request.limit, limit_max);
  const std::string order = parameters.text("order", "newest");
  if (order == "oldest") {
    question.request.order = search::Order::kOldestFirst;
  } else if (order != "newest") {
    return invalid("order is newest or oldest, not \"" + order + "\"");
  }
  if (const std::string cursor = parameters.text("cursor"); !cursor.empty()) STELE_TRY(read_cursor(cursor, question));
  return question;
}

}  // namespace

Result<bool> wants_ocsf(const std::string& format) {
  if (!format.empty() && format != "entry" && format != "ocsf") return invalid("format is entry or ocsf, not \"" + format + "\"");
  return format == "ocsf";
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

std::string pages_of_cursor(const std::string& cursor) {
  const auto [parts, rest] = CursorParts(cursor);
  std::string out;
  for (const std::size_t i : {0U, 1U, 2U, 4U, 5U}) out += std::string(parts.at(i)) + ".";
  return rest.empty() && !parts.back().empty() ? out : std::string();
}

std::variant<SearchQuestion, net::Response> read_search(const net::Request& request, UnixNanos now, std::uint64_t limit_max) {
  const auto parameters =
      Parameters::read(request, {"q", "query", "log", "order", "limit", "cursor", "proof", "format", "sentences"});
  if (!parameters) return error_response(parameters.error());
  auto question = read_options(*parameters, now, limit_max);
  if (!question) return error_response(question.error());
  auto query = read_query(*parameters, question->now);
  if (auto* wrong = std::get_if<net::Response>(&query)) return std::move(*wrong);
  question->query = std::move(std::get<query::Query>(query));
  return std::move(*question);
}

}  // namespace stele::api
