// /api/v1/sql: what a statement answers.
#include <algorithm>
#include <memory>

#include "api/parameters.h"
#include "api/responses.h"
#include "api/searching.h"
#include "event/json_tape.h"
#include "sql/answers.h"
#include "sql/statement.h"

namespace stele::api {
namespace {

struct SqlQuestion {
  std::string log;
  bool csv = false;
  sql::StatementRequest request;
};

Result<SqlQuestion> read_question(const Parameters& parameters, UnixNanos now) {
  SqlQuestion out;
  out.log = parameters.text("log", "main");
  // As JSON has it: elsewhere `query` is a document.
  const std::string query = parameters.text("query");
  if (query.size() < 2 || query.front() != '"') return invalid("query is a string: the statement");
  out.request.sql = event::json_unescape(std::string_view(query).substr(1, query.size() - 2));
  out.request.now = now;
  STELE_ASSIGN(const std::uint64_t limit, parameters.number("limit", sql::kRowsDefault));
  out.request.rows_max = std::min(limit, sql::kRowsMax);
  const std::string format = parameters.text("format", "json");
  if (format != "json" && format != "csv") return invalid("format is json or csv, not \"" + format + "\"");
  out.csv = format == "csv";
  return out;
}

Result<net::Response> answer(const SqlQuestion& question, const Searched& searched, const GoOn& go_on) {
  if (!question.csv) {
    sql::JsonAnswer out;
    STELE_ASSIGN(const bool truncated, sql::run_statement(searched, question.request, go_on, out));
    return json_response(200, out.finish(truncated));
  }
  sql::CsvAnswer out;
  STELE_ASSIGN(const bool truncated, sql::run_statement(searched, question.request, go_on, out));
  net::Response response;
  response.headers = {{"Content-Type", "text/csv; charset=utf-8; header=present"}};
  if (truncated) response.headers.emplace_back("Stele-Truncated", "true");
  response.body = out.finish();
  return response;
}

void handle_sql(const Service& service, const net::Request& request, const Call& call, const net::Reply& reply) {
  const auto parameters = Parameters::read(request, {"query", "log", "limit", "format"});
  if (!parameters) return reply.send(error_response(parameters.error()));
  auto read = read_question(*parameters, service.clock.now());
  if (!read) return reply.send(error_response(read.error()));
  const auto searched = find_searched(service, call, read->log);
  if (!searched) return reply.send(error_response(searched.error()));
  const auto question = std::make_shared<SqlQuestion>(std::move(*read));  // std::function copies its captures
  answer_search(service, reply,
                [question, searched = *searched](const GoOn& go_on) { return answer(*question, searched, go_on); });
}

}  // namespace

void add_sql_routes(Router& router, Service& service) {
  router.add(showing(Shows::kScope, {"POST", "/api/v1/sql", access::Permission::kRead,
                                     audit::OnRecord::each("stele.log.queried", "asked in SQL").of_body(),
                                     [&service](const net::Request& request, const Call& call, const net::Reply& reply) {
                                       handle_sql(service, request, call, reply);
                                     }}));
}

}  // namespace stele::api
